"""The hierarchy is checked in a world small enough to enumerate: every law is exact."""

import itertools
import math

import numpy as np
import pytest

from runtheory.information.layers.hierarchy import (
    contracted_bound,
    divergence_bound,
    finite_parameter_bound,
    known_information_bound,
    lipschitz_weights,
    wasserstein_ladder,
)


def kl(first, second):
    """Divergence of two dictionaries of masses."""
    return sum(p * math.log(p / second[k]) for k, p in first.items() if p > 0)


def table(pairs):
    masses = {}
    for key, mass in pairs:
        masses[key] = masses.get(key, 0.0) + mass
    return masses


class World:
    """X in 0..3, Y in 0..1, two layers of two weights each, a random learner, n = 2."""

    def __init__(self, seed, flip=0.0):
        generator = np.random.default_rng(seed)
        law = generator.dirichlet(np.full(8, 0.5)).reshape(4, 2)
        self.flip = flip
        self.examples = {(x, y): law[x, y] for x in range(4) for y in range(2)}
        first = generator.integers(0, 2, size=(2, 4))
        second = np.array([[0, 1], [1, 0]])
        self.weights = list(itertools.product(range(2), range(2)))
        self.hidden = lambda w, x: int(first[w[0], x])
        self.output = lambda w, t: int(second[w[1], t])
        self.joint = {}
        for one, two in itertools.product(self.examples, repeat=2):
            losses = [self.risk(w, one) + self.risk(w, two) for w in self.weights]
            chances = np.exp(-2.5 * np.array(losses))
            chances /= chances.sum()
            for w, chance in zip(self.weights, chances, strict=True):
                mass = self.examples[one] * self.examples[two] * chance
                self.joint[w, one, two] = mass

    def noisy(self, t):
        return [(t, 1 - self.flip), (1 - t, self.flip)] if self.flip else [(t, 1.0)]

    def risk(self, w, z):
        clean = self.hidden(w, z[0])
        return sum(m for t, m in self.noisy(clean) if self.output(w, t) != z[1])

    def learnt(self):
        """P(w, z_1); the two samples are exchangeable."""
        return table(((w, one), m) for (w, one, _), m in self.joint.items())

    def decoupled(self):
        weights = table((w, m) for (w, _), m in self.learnt().items())
        return {(w, z): weights[w] * m for w in weights for z, m in self.examples.items()}

    def gap(self):
        fresh = sum(m * self.risk(w, z) for (w, z), m in self.decoupled().items())
        return fresh - sum(m * self.risk(w, z) for (w, z), m in self.learnt().items())

    def layer(self, law, level):
        """The law of (w, T_level, y)."""

        def pairs():
            for (w, (x, y)), m in law.items():
                if level == 0:
                    yield (w, x, y), m
                    continue
                for t, share in self.noisy(self.hidden(w, x)):
                    yield (w, t if level == 1 else self.output(w, t), y), m * share

        return table(pairs())


def layer_terms(world, level):
    """I(T_l, Y; W_{l+1..} | W_{1..l}) and D(train law || test law | W_{1..l}), each on its own."""
    train, test = (world.layer(law, level) for law in (world.learnt(), world.decoupled()))

    def known(w):
        return w[:level]

    narrow_train = table(((known(w), t, y), m) for (w, t, y), m in train.items())
    narrow_test = table(((known(w), t, y), m) for (w, t, y), m in test.items())
    weight = table((w, m) for (w, _, _), m in train.items())
    prefix = table((known(w), m) for w, m in weight.items())
    product = {
        (w, t, y): narrow_train.get((known(w), t, y), 0.0) * weight[w] / prefix[known(w)]
        for (w, t, y) in train
    }
    return kl(train, product), kl(narrow_train, narrow_test)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_an_enumerated_world_descend_and_hold(seed):
    world = World(seed)
    terms = np.array([layer_terms(world, level) for level in range(3)])
    values = divergence_bound(terms[:, :1], terms[:, 1:], sub_gaussian=0.5)
    assert np.all(np.diff(values) <= 1e-12)
    assert abs(world.gap()) <= values[-1]
    assert terms[0, 1] == pytest.approx(0, abs=1e-12)
    assert terms[2, 0] == pytest.approx(0, abs=1e-12)
    whole = kl(world.learnt(), world.decoupled())
    assert values[0] == pytest.approx(math.sqrt(2 * 0.25 * whole))


@pytest.mark.parametrize("seed", range(6))
def test_contracted_bound_of_an_enumerated_noisy_world(seed):
    world = World(seed, flip=0.2)
    learnt, decoupled = world.learnt(), world.decoupled()
    label = kl(
        table(((w, z[1]), m) for (w, z), m in learnt.items()),
        table(((w, z[1]), m) for (w, z), m in decoupled.items()),
    )
    content = kl(learnt, decoupled) - label
    values = contracted_bound(np.array([label]), np.array([content]), np.array([0.36]))
    assert values[0] == pytest.approx(math.sqrt(0.5 * (label + content)))
    exact = kl(world.layer(learnt, 1), world.layer(decoupled, 1))
    assert label - 1e-12 <= exact <= label + 0.36 * content + 1e-12
    assert abs(world.gap()) <= math.sqrt(0.5 * exact) <= values[1] + 1e-12


def test_contracting_the_label_would_fall_below_the_gap():
    # One fair label, the network answers it: error 0 in training, 1/2 on a fresh label.
    label, content = np.array([math.log(2)]), np.array([0.0])
    values = contracted_bound(label, content, np.array([0.01, 0.01]))
    assert np.all(values >= 0.5)
    assert math.sqrt(0.5 * 0.01 * math.log(2)) < 0.5


def test_divergence_bound_averages_roots_over_samples():
    information = np.array([[0.3, 0.1], [0.0, 0.0]])
    divergence = np.array([[0.2, 0.4], [0.1, 0.3]])
    values = divergence_bound(information, divergence, sub_gaussian=2.0)
    for row in range(2):
        total = sum(math.sqrt(information[row, i] + divergence[row, i]) for i in range(2))
        assert values[row] == pytest.approx(2 * math.sqrt(2) / 2 * total)


def test_finite_parameters():
    plain = finite_parameter_bound(parameters=10, levels=3, samples=100, label_entropy=math.log(2))
    assert plain == pytest.approx(math.sqrt(10 * math.log(3) / 200))
    # The label can carry all of H here, so contraction gains nothing; with a known label it does.
    same = finite_parameter_bound(
        parameters=10, levels=3, samples=100, label_entropy=math.log(2), coefficient=0.5
    )
    assert same == plain
    free = finite_parameter_bound(
        parameters=10, levels=3, samples=100, label_entropy=0.0, coefficient=0.25
    )
    assert free == pytest.approx(plain / 2)
    mixed = finite_parameter_bound(
        parameters=500, levels=3, samples=100, label_entropy=math.log(2), coefficient=0.25
    )
    label = 100 * math.log(2)
    expected = (label + 0.25 * (500 * math.log(3) - label)) / 200
    assert mixed == pytest.approx(math.sqrt(expected))


def exact_distances(generator, draws, samples):
    """W1 of one-dimensional laws (means over sorted points) pushed through linear maps."""
    slopes = generator.uniform(0.3, 2.0, size=(draws, 3))
    distances = np.empty((draws, 4, samples))
    for draw, sample in itertools.product(range(draws), range(samples)):
        train, test = (np.sort(generator.normal(size=50)) for _ in range(2))
        for level in range(4):
            factor = np.prod(slopes[draw, :level])
            distances[draw, level, sample] = np.abs(factor * (train - test)).mean()
    return distances, slopes


@pytest.mark.parametrize("seed", range(5))
def test_exact_distances_have_their_minimum_at_the_output(seed):
    distances, slopes = exact_distances(np.random.default_rng(seed), 6, 3)
    ladder = wasserstein_ladder(distances, slopes, loss_lipschitz=0.5)
    assert ladder.excess <= 1e-12
    assert ladder.funnel == 3
    for level in range(4):
        expected = np.mean(
            [
                max(1.0, np.prod(slopes[draw, level:])) * distances[draw, level, sample]
                for draw in range(6)
                for sample in range(3)
            ]
        )
        assert ladder.values[level] == pytest.approx(0.5 * expected)


def test_an_interior_funnel_shows_an_excess():
    distances, slopes = exact_distances(np.random.default_rng(0), 6, 3)
    distances[:, 3] *= 3
    ladder = wasserstein_ladder(distances, slopes, loss_lipschitz=1.0)
    assert ladder.funnel < 3
    assert ladder.excess > 0
    flat = wasserstein_ladder(np.ones((1, 4, 1)), np.ones((1, 3)), loss_lipschitz=1.0)
    assert flat.funnel == 3


def test_lipschitz_weights_keep_the_label_at_one():
    weights = lipschitz_weights(np.array([[0.5, 4.0, 0.1], [2.0, 1.0, 3.0]]))
    np.testing.assert_allclose(weights, [[1, 1, 1, 1], [6, 3, 3, 1]])


def test_wrong_hierarchies_are_named():
    one, two = np.ones((2, 1)), np.ones((3, 1))
    row = np.ones(1)
    counts = {"parameters": 2, "levels": 2, "samples": 2, "label_entropy": 0.1}
    for call, text in [
        (lambda: divergence_bound(-one, one), "information"),
        (lambda: divergence_bound(one, one * math.nan), "divergence"),
        (lambda: divergence_bound(one, one, sub_gaussian=0.0), "sub_gaussian"),
        (lambda: contracted_bound(row, row, np.array([1.5])), "coefficients"),
        (lambda: contracted_bound(-row, row, row), "label"),
        (lambda: finite_parameter_bound(**{**counts, "levels": 0}), "levels must be at least 1"),
        (lambda: finite_parameter_bound(**{**counts, "label_entropy": -1.0}), "label_entropy"),
        (lambda: finite_parameter_bound(**counts, coefficient=2.0), "coefficient"),
        (lambda: lipschitz_weights(-np.ones((1, 2))), "lipschitz"),
        (
            lambda: wasserstein_ladder(np.ones((1, 3, 1)), np.ones((1, 3)), loss_lipschitz=1.0),
            "lipschitz needs shape",
        ),
        (
            lambda: wasserstein_ladder(np.ones((1, 3, 1)), np.ones((1, 2)), loss_lipschitz=-1.0),
            "loss_lipschitz",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
    for call in (
        lambda: divergence_bound(one, two),
        lambda: contracted_bound(row, np.ones(2), row),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()


def test_a_known_information_contracts_beyond_the_label_alone():
    # Below the label's entropy nothing contracts; above, what is more than the label does.
    assert known_information_bound(0.5, label_entropy=0.7, coefficient=0.1) == 0.5
    bound = known_information_bound(2.7, label_entropy=0.7, coefficient=0.25)
    assert bound == pytest.approx(math.sqrt((0.7 + 0.25 * 2.0) / 2))
    assert known_information_bound(9.0, label_entropy=0.7, coefficient=0.0) == pytest.approx(
        math.sqrt(0.35)
    )
    # It is the bound for few weights, of which c / n nats belong to an example.
    few = finite_parameter_bound(
        parameters=30, levels=2, samples=10, label_entropy=0.6, coefficient=0.3
    )
    found = known_information_bound(3 * math.log(2), label_entropy=0.6, coefficient=0.3)
    assert found == pytest.approx(few, rel=1e-14)
    for wrong in ({"label_entropy": -1.0}, {"label_entropy": 1.0, "coefficient": 1.1}):
        with pytest.raises(ValueError, match="must"):
            known_information_bound(1.0, **wrong)
    with pytest.raises(ValueError, match="information"):
        known_information_bound(math.nan, label_entropy=1.0)
