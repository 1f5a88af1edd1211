import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.information.ladder.gibbs import count_vectors, gibbs_gap


def enumerate_samples(losses, law, prior, alpha, samples):
    """Risks and informations from every ordered sample, transcribed from the definitions."""
    joint = {}
    for sample in itertools.product(range(len(law)), repeat=samples):
        mass = math.prod(law[z] for z in sample)
        risk = [sum(losses[w, z] for z in sample) / samples for w in range(len(prior))]
        weight = [prior[w] * math.exp(-alpha * risk[w]) for w in range(len(prior))]
        for w in range(len(prior)):
            joint[w, sample] = (mass, weight[w] / sum(weight), risk[w])
    marginal = [
        sum(m * p for (v, _), (m, p, _) in joint.items() if v == w) for w in range(len(prior))
    ]
    training = sum(m * p * r for m, p, r in joint.values())
    population = sum(
        marginal[w] * law[z] * losses[w, z] for w in range(len(prior)) for z in range(len(law))
    )
    mutual = sum(m * p * math.log(p / marginal[w]) for (w, _), (m, p, _) in joint.items())
    lautum = sum(m * marginal[w] * math.log(marginal[w] / p) for (w, _), (m, p, _) in joint.items())
    return training, population, mutual, lautum


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    hypotheses=st.integers(1, 5),
    values=st.integers(1, 4),
    samples=st.integers(1, 12),
    alpha=st.floats(1e-3, 1e3),
)
def test_gap_is_the_sum_of_both_informations(seed, hypotheses, values, samples, alpha):
    generator = np.random.default_rng(seed)
    found = gibbs_gap(
        generator.random((hypotheses, values)),
        generator.dirichlet(np.ones(values)),
        generator.dirichlet(np.ones(hypotheses)),
        alpha=alpha,
        samples=samples,
    )
    assert found.gap == pytest.approx(found.information_gap, abs=1e-12)
    assert found.mutual_information >= -1e-12
    assert found.lautum_information >= -1e-12
    assert found.rate_bound == pytest.approx(alpha / (2 * samples), rel=1e-14)
    assert found.gap <= found.rate_bound + 1e-12
    assert abs(found.gap) <= math.sqrt(max(found.mutual_information, 0) / (2 * samples)) + 1e-7


def test_counts_give_what_all_samples_give():
    generator = np.random.default_rng(5)
    losses, law = generator.random((4, 3)), generator.dirichlet(np.ones(3))
    prior = generator.dirichlet(np.ones(4))
    found = gibbs_gap(losses, law, prior, alpha=7.0, samples=4)
    training, population, mutual, lautum = enumerate_samples(losses, law, prior, 7.0, 4)
    assert found.train_loss == pytest.approx(training, abs=1e-13)
    assert found.test_loss == pytest.approx(population, abs=1e-13)
    assert found.mutual_information == pytest.approx(mutual, abs=1e-13)
    assert found.lautum_information == pytest.approx(lautum, abs=1e-13)
    assert found.gap == pytest.approx(population - training)


def test_count_vectors_are_all_there():
    rows = count_vectors(3, 5)
    assert len(rows) == math.comb(7, 5) == len({tuple(row) for row in rows.tolist()})
    assert set(rows.sum(1).tolist()) == {5}
    assert rows.min() == 0


def test_wrong_worlds_are_named():
    losses, half = np.ones((2, 2)), np.array([0.5, 0.5])
    for call, text in [
        (lambda: gibbs_gap(losses, np.array([1.0, 0.0]), half, alpha=1.0, samples=1), "law"),
        (lambda: gibbs_gap(losses, half, half * 2, alpha=1.0, samples=1), "prior"),
        (lambda: gibbs_gap(losses * math.inf, half, half, alpha=1.0, samples=1), "finite"),
        (lambda: gibbs_gap(losses, half, half, alpha=0.0, samples=1), "alpha"),
        (lambda: gibbs_gap(losses, half, half, alpha=1.0, samples=0), "samples"),
        (lambda: gibbs_gap(losses, half, half, alpha=1.0, samples=10**6), "count vectors"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises((ValueError, TypeError)):
        gibbs_gap(losses, np.ones(3) / 3, half, alpha=1.0, samples=1)
