"""The solved model: printed numbers, every bound above the gap, closed forms and simulation."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from runtheory.information.ladder import binary_gaussian as bg
from runtheory.information.ladder import conditional_laws as cl
from runtheory.information.ladder import surrogate_losses as surrogate
from runtheory.information.ladder.binary_gaussian import GaussianMeanModel
from runtheory.information.ladder.loss_laws import LossLaw, centred_single_bound, joint_information
from runtheory.information.ladder.polar import polar_law

GRID = [
    (dimension, samples, mean)
    for dimension in (1, 2, 3, 10, 60, 400)
    for samples in (2, 3, 10, 50, 500)
    for mean in (0.0, 0.1, 1.0, 3.0)
]

# d, n, mu: gap, individual sample, output, decision, loss difference, test error bound, test error,
# fast rate.
PRINTED = [
    ((10, 20, 1.0), (0.0934, 0.358, 0.216, 0.137, 0.181, 0.244, 0.206, 0.103)),
    ((50, 20, 1.0), (0.267, 0.801, 0.670, 0.351, 0.525, 0.385, 0.297, 0.303)),
    ((50, 100, 1.0), (0.096, 0.354, 0.206, 0.130, 0.186, 0.245, 0.207, 0.106)),
    ((200, 50, 1.5), (0.178, 1.005, 0.801, 0.297, 0.464, 0.243, 0.185, 0.192)),
    ((200, 50, 3.0), (0.0062, 1.005, 0.557, 0.053, 0.087, 0.0087, 0.0063, 0.0062)),
]


@pytest.mark.parametrize(("parameters", "printed"), PRINTED)
def test_the_printed_table(parameters, printed):
    ladder = bg.solve(GaussianMeanModel(*parameters))
    found = (
        ladder.gap,
        ladder.individual_sample,
        ladder.output,
        ladder.decision,
        ladder.loss_difference,
        ladder.test_error_bound,
        ladder.test_error,
        ladder.fast_rate,
    )
    for value, text in zip(found, printed, strict=True):
        digits = 4 if text < 0.01 or text == 0.0934 else 3
        assert value == pytest.approx(text, abs=0.55 * 10**-digits)


def test_every_upper_bound_lies_above_the_gap_and_the_lower_one_below():
    assert len(GRID) >= 100
    for parameters in GRID:
        ladder = bg.solve(GaussianMeanModel(*parameters))
        slack = 1e-9
        for name, bound in ladder.upper_bounds().items():
            assert bound >= ladder.gap - slack, (parameters, name)
        assert ladder.gap >= ladder.from_below - slack, parameters
        assert ladder.gap > -1e-15, parameters


def test_data_processing_orders_the_divergences():
    for parameters in GRID:
        ladder = bg.solve(GaussianMeanModel(*parameters))
        tops = (ladder.sample_information, ladder.output_divergence, ladder.decision_divergence)
        assert tops[0] >= tops[1] - 1e-10, parameters
        assert tops[1] >= tops[2] - 1e-10, parameters
        losses = ladder.losses
        assert losses.pair_information >= losses.single_information - 1e-12, parameters
        assert losses.pair_information == pytest.approx(losses.difference_information, abs=1e-14)
        assert losses.pair_information <= math.log(2) + 1e-12


@settings(max_examples=25)
@given(st.integers(1, 300), st.integers(2, 500), st.floats(0.0, 5.0), st.floats(0.1, 4.0))
def test_only_the_ratio_of_mean_to_deviation_counts(dimension, samples, mean, deviation):
    ladder = bg.solve(GaussianMeanModel(dimension, samples, mean * deviation, deviation))
    unit = bg.solve(GaussianMeanModel(dimension, samples, mean)).upper_bounds()
    for name, bound in ladder.upper_bounds().items():
        assert bound == pytest.approx(unit[name], rel=1e-6, abs=1e-7)
        assert bound >= ladder.gap - 1e-9


@pytest.mark.parametrize("dimension", [1, 2, 3, 4, 30, 1000, 10_000])
@pytest.mark.parametrize("mean", [0.0, 0.3, 5.0, 9.0, 40.0])
def test_the_polar_law_has_its_mass_and_moments(dimension, mean):
    law = polar_law(dimension, mean)
    column, row = law.radius[:, None], law.cosine[None, :]
    assert law.mass.sum() == pytest.approx(1, abs=1e-9)
    assert law.expect(column**2) == pytest.approx(mean**2 + dimension, rel=1e-9)
    assert law.expect(column * row) == pytest.approx(mean, abs=1e-8)
    assert law.expect((column * row) ** 2) == pytest.approx(mean**2 + 1, rel=1e-9)


@pytest.mark.parametrize("parameters", [(1, 2, 0.0), (2, 2, 0.1), (3, 7, 0.4), (40, 30, 1.0)])
def test_the_order_of_the_quadrature_is_high_enough(parameters):
    model = GaussianMeanModel(*parameters)
    coarse, fine = bg.solve(model), bg.solve(model, order=300)
    assert coarse.gap == pytest.approx(fine.gap, abs=1e-12)
    assert coarse.output == pytest.approx(fine.output, abs=1e-12)
    assert coarse.decision == pytest.approx(fine.decision, abs=1e-12)
    ramp, fine_ramp = bg.solve_ramp(model, 0.7), bg.solve_ramp(model, 0.7, order=300)
    assert ramp.gap == pytest.approx(fine_ramp.gap, abs=1e-12)
    assert ramp.output_transport == pytest.approx(fine_ramp.output_transport, rel=1e-4)


@pytest.mark.parametrize("parameters", [(1, 3, 0.5), (2, 20, 0.3), (10, 20, 1.0), (60, 10, 2.0)])
def test_errors_and_divergences_agree_with_a_simulation_from_the_definition(parameters):
    model = GaussianMeanModel(*parameters, deviation=1.7)
    generator = torch.Generator().manual_seed(3)
    draws = bg.simulate(model, 20_000, generator=generator)
    ladder = bg.solve(model)
    count = len(draws.train)
    difference = (draws.test < 0).double() - (draws.train < 0).double()
    error = float(difference.std()) / math.sqrt(count)
    assert abs(float(difference.mean()) - ladder.gap) < 4 * error
    for margins, expected in ((draws.train, ladder.train_error), (draws.test, ladder.test_error)):
        wrong = float((margins < 0).double().mean())
        assert abs(wrong - expected) < 4 * math.sqrt(expected * (1 - expected) / count) + 1e-12
    both = float(((draws.test < 0) & (draws.train >= 0)).double().mean())
    expected = float(ladder.losses.table[0, 1])
    assert abs(both - expected) < 4 * math.sqrt(expected / count)
    clipped = [((0.5 - part) / 1.0).clamp(0, 1) for part in (draws.test, draws.train)]
    gap = clipped[0] - clipped[1]
    exact = bg.solve_ramp(model, 0.5).gap
    assert abs(float(gap.mean()) - exact) < 4 * float(gap.std()) / math.sqrt(count)


def test_a_training_example_is_normal_around_the_weights():
    model = GaussianMeanModel(4, 5, 0.8)
    draws = bg.simulate(model, 20_000, generator=torch.Generator().manual_seed(1))
    rest = (draws.train - draws.weight_norm) / model.shrinkage
    assert stats.kstest(rest.numpy(), "norm").pvalue > 1e-3
    assert abs(float(torch.corrcoef(torch.stack([rest, draws.weight_norm]))[0, 1])) < 0.03


def test_the_divergences_agree_with_an_average_over_drawn_weights():
    model = GaussianMeanModel(6, 8, 0.7)
    random = np.random.default_rng(0)
    mean = np.zeros(6)
    mean[0] = 0.7
    weights = mean + random.standard_normal((50_000, 6)) / math.sqrt(8)
    norm = np.linalg.norm(weights, axis=1)
    other = weights @ mean / norm
    variance = 7 / 8
    kl = 0.5 * (variance - 1 - math.log(variance) + (norm - other) ** 2)
    train, test = stats.norm.sf(norm / math.sqrt(variance)), stats.norm.sf(other)
    binary = train * np.log(train / test) + (1 - train) * np.log((1 - train) / (1 - test))
    spread = 1 - math.sqrt(variance)
    line = stats.foldnorm.mean(np.abs(norm - other) / spread, scale=spread)
    deep = np.sqrt(((weights - mean) ** 2).sum(1) + 6 * spread**2)
    laws = cl.conditional_laws(model)
    exact = (cl.output_kl(laws), cl.decision_kl(laws))
    exact += (cl.output_wasserstein(laws), cl.input_wasserstein(laws))
    for sample, value in zip((kl, binary, line, deep), exact, strict=True):
        assert abs(sample.mean() - value) < 4 * sample.std() / math.sqrt(len(sample))


def test_the_transport_given_the_weights_is_the_mean_of_a_folded_normal():
    """Two samples: the spreads differ by 0.29, so that both terms of the closed form count."""
    laws = cl.conditional_laws(GaussianMeanModel(2, 2, 0.4), order=40)
    spread = 1 - math.sqrt(0.5)
    folded = stats.foldnorm.mean(np.abs(laws.discrepancy) / spread, scale=spread)
    assert cl.output_wasserstein(laws) == pytest.approx(laws.law.expect(folded), rel=1e-12)


def test_one_dimension_against_adaptive_integration():
    mean, samples = 0.5, 4

    def integrand(weight, kind):
        density = stats.norm.pdf(weight, mean, 1 / math.sqrt(samples))
        train = stats.norm.sf(abs(weight) / math.sqrt(1 - 1 / samples))
        test = stats.norm.sf(mean * np.sign(weight))
        return density * (train if kind == "train" else test)

    ladder = bg.solve(GaussianMeanModel(1, samples, mean))
    for kind, value in (("train", ladder.train_error), ("test", ladder.test_error)):
        parts = [
            integrate.quad(integrand, left, right, args=(kind,), epsabs=1e-13)[0]
            for left, right in ((-6, 0), (0, 6))
        ]
        assert value == pytest.approx(sum(parts), abs=1e-11)


def test_informations_against_the_determinant_of_a_covariance():
    samples, dimension = 7, 3
    covariance = np.block([[1.0, 1 / samples], [1 / samples, 1 / samples]])
    nats = -0.5 * dimension * math.log(np.linalg.det(covariance) * samples)
    model = GaussianMeanModel(dimension, samples, 1.0)
    assert bg.representation_information(model, 3) == pytest.approx(nats, abs=1e-14)
    assert bg.solve(model).sample_information == pytest.approx(nats, abs=1e-14)
    assert bg.representation_information(model, 1) == pytest.approx(nats / 3, abs=1e-14)
    noise = 0.4
    release = -0.5 * 3 * math.log(noise**2 / (noise**2 + 1 / samples))
    assert bg.noisy_release_information(model, noise) == pytest.approx(release, abs=1e-14)
    assert bg.supersample_information(model) == pytest.approx(samples * math.log(2), abs=1e-14)
    # The output of a one-dimensional model loses nothing.
    line = bg.solve(GaussianMeanModel(1, 9, 0.3))
    assert line.output_divergence == pytest.approx(line.sample_information, abs=1e-12)


def test_a_fixed_layer_of_low_rank_is_the_model_in_fewer_dimensions():
    model = GaussianMeanModel(100, 30, 2.0)
    for rank in (1, 10, 50, 100):
        narrow = bg.solve(GaussianMeanModel(rank, 30, 2.0 * math.sqrt(rank / 100)))
        bound = math.sqrt(bg.representation_information(model, rank) / 2)
        assert bound == pytest.approx(narrow.individual_sample, abs=1e-14)
        assert bound >= narrow.gap


def test_the_interpolation_identity_where_there_is_no_training_error():
    ladder = bg.solve(GaussianMeanModel(20_000, 20, 1.0))
    assert ladder.train_error < 1e-100
    assert ladder.from_below == pytest.approx(ladder.test_error, rel=1e-10)
    law = LossLaw(np.array([[0.7, 0.3], [0.0, 0.0]]))
    assert law.difference_information / math.log(2) == pytest.approx(0.3, abs=1e-15)


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda x: sum(x) > 0.1))
def test_the_rungs_of_any_loss_law(entries):
    table = np.array(entries).reshape(2, 2)
    law = LossLaw(table / table.sum())
    gap = abs(law.test_error - law.train_error)
    assert law.difference_information / math.log(2) <= gap + 1e-12
    assert gap <= centred_single_bound(law.single_information) + 1e-7
    assert law.single_information <= law.pair_information + 1e-12
    assert law.pair_information == pytest.approx(law.difference_information, abs=1e-12)
    assert law.gap == pytest.approx(law.test_error - law.train_error, abs=1e-12)


def test_the_information_of_a_table_against_the_sum_of_its_terms():
    table = np.random.default_rng(0).dirichlet(np.ones(6)).reshape(3, 2)
    expected = sum(
        table[a, b] * math.log(table[a, b] / table[a].sum() / table[:, b].sum())
        for a in range(3)
        for b in range(2)
    )
    assert joint_information(table) == pytest.approx(expected, abs=1e-15)
    law = LossLaw(np.array([[0.6, 0.2], [0.05, 0.15]]))
    pairs = {}
    for train in range(2):
        for test in range(2):
            for side, pair in enumerate(((train, test), (test, train))):
                pairs[(pair, side)] = pairs.get((pair, side), 0) + law.table[train, test] / 2
    nats = 0.0
    for (pair, _), share in pairs.items():
        both = sum(value for (other, _), value in pairs.items() if other == pair)
        nats += share * math.log(share / (both * 0.5))
    assert law.pair_information == pytest.approx(nats, abs=1e-15)


def test_the_best_constants_of_the_fast_rate_bound():
    """A fine scan over the constraint's edge: the bound is its minimum."""
    for parameters in ((10, 20, 1.0), (200, 50, 3.0), (3, 10, 0.2)):
        ladder = bg.solve(GaussianMeanModel(*parameters))
        second = np.linspace(1e-4, math.log(2) / 2 - 1e-9, 200_001)
        first = -np.log(2 - np.exp(2 * second)) / (2 * second) - 1
        nats = ladder.losses.single_information
        best = float((first * ladder.train_error + nats / second).min())
        assert ladder.fast_rate == pytest.approx(best, rel=1e-5)
        assert ladder.fast_rate <= best + 1e-12


def test_the_ramp_loss_beside_transport_and_divergence():
    near = bg.solve_ramp(GaussianMeanModel(10, 20, 1.0), 0.5)
    assert near.gap == pytest.approx(0.0933, abs=6e-5)
    assert near.output_transport == pytest.approx(0.387, abs=6e-4)
    assert near.input_transport == pytest.approx(0.695, abs=6e-4)
    assert near.output == pytest.approx(0.216, abs=6e-4)
    tied = bg.solve_ramp(GaussianMeanModel(50, 200, 1.0), 1.0)
    assert tied.output_transport == pytest.approx(0.110, abs=6e-4)
    assert tied.output == pytest.approx(0.115, abs=6e-4)
    for parameters in GRID[::3]:
        for margin in (0.1, 1.0):
            ramp = bg.solve_ramp(GaussianMeanModel(*parameters), margin)
            best = min(ramp.output_transport, ramp.output)
            assert best >= ramp.gap - 1e-9, parameters
            assert ramp.input_transport >= ramp.output_transport - 1e-6, parameters


def test_the_mean_of_a_ramp_against_integration():
    for centre, spread, margin in ((0.3, 1.0, 0.5), (-2.0, 0.4, 1.5)):

        def integrand(m, centre=centre, spread=spread, margin=margin):
            ramp = np.clip((margin - m) / (2 * margin), 0, 1)
            return ramp * stats.norm.pdf(m, centre, spread)

        exact = integrate.quad(integrand, -12, 12, points=[-margin, margin], epsabs=1e-12)[0]
        assert float(cl.ramp_mean(np.array([centre]), spread, margin)[0]) == pytest.approx(
            exact, 1e-9
        )


def test_surrogate_losses_against_their_means():
    model = GaussianMeanModel(4, 6, 0.9, deviation=1.3)
    random = np.random.default_rng(1)
    points = random.standard_normal((100_000, 7, 4)) * 1.3 + np.array([0.9, 0, 0, 0])
    weights = points[:, :6].mean(1)
    squared = ((weights - points[:, 6]) ** 2).sum(1) - ((weights - points[:, 0]) ** 2).sum(1)
    linear = (weights * (points[:, 0] - points[:, 6])).sum(1)
    for sample, gap in (
        (squared, surrogate.squared_loss_gap(model)),
        (linear, surrogate.linear_loss_gap(model)),
    ):
        assert abs(sample.mean() - gap) < 4 * sample.std() / math.sqrt(len(sample))


def test_the_squared_loss_bounds_solve_their_minimisation():
    for parameters in GRID[::4]:
        model = GaussianMeanModel(*parameters)
        scale = 1 + 1 / model.samples
        dimension, nats = model.dimension, bg.representation_information(model, model.dimension)
        x = np.geomspace(1e-4, 1e4, 40_001)
        exact = (nats + dimension * scale * x - dimension / 2 * np.log1p(2 * scale * x)) / x
        bound = surrogate.squared_loss_exact_bound(model)
        assert bound == pytest.approx(float(exact.min()), rel=1e-5)
        assert surrogate.squared_loss_bound(model) == pytest.approx(
            float((nats / x + dimension * scale**2 * x).min()), rel=1e-5
        )
        assert surrogate.squared_loss_gap(model) <= bound <= surrogate.squared_loss_bound(model)
    ratio = [
        surrogate.squared_loss_exact_bound(GaussianMeanModel(1, n, 0.0)) for n in (10_000, 40_000)
    ]
    assert ratio[0] / ratio[1] == pytest.approx(2, rel=0.02)


def test_one_model_takes_some_milliseconds():
    bg.solve(GaussianMeanModel(10, 20, 1.0))
    start = time.perf_counter()
    for mean in range(10):
        bg.solve(GaussianMeanModel(10, 20, float(mean)))
    assert time.perf_counter() - start < 1.0  # ten of them; 0.1 s each where the machine is busy


def test_a_simulation_does_not_depend_on_how_many_are_drawn_at_a_time_in_law():
    model = GaussianMeanModel(3, 4, 0.5)
    small = bg.simulate(model, 1000, generator=torch.Generator().manual_seed(0), chunk=64)
    assert len(small.train) == len(small.test) == len(small.weight_norm) == 1000
    large = bg.simulate(model, 1000, generator=torch.Generator().manual_seed(0))
    again = bg.simulate(model, 1000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(large.train, again.train)
    assert stats.ks_2samp(small.train.numpy(), large.train.numpy()).pvalue > 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GaussianMeanModel(0, 5, 1.0), "dimension must be at least 1, got 0"),
        (lambda: GaussianMeanModel(3, 1, 1.0), "samples must be at least 2, got 1"),
        (lambda: GaussianMeanModel(3, 5, -1.0), "mean must be finite and not negative"),
        (lambda: GaussianMeanModel(3, 5, math.nan), "mean must be finite and not negative"),
        (lambda: GaussianMeanModel(3, 5, 1.0, 0.0), "deviation must be positive"),
        (lambda: bg.representation_information(GaussianMeanModel(3, 5, 1.0), 4), "rank must lie"),
        (lambda: bg.noisy_release_information(GaussianMeanModel(3, 5, 1.0), 0.0), "noise must be"),
        (lambda: bg.solve_ramp(GaussianMeanModel(3, 5, 1.0), 0.0), "margin must be positive"),
        (lambda: polar_law(0, 1.0), "dimension must be at least 1"),
        (lambda: polar_law(2, -1.0), "mean must be finite"),
        (lambda: LossLaw(np.array([[1.2, 0.0], [0.0, -0.2]])), r"must lie in \[0, 1\]"),
        (lambda: LossLaw(np.full((2, 2), 0.3)), "must sum to 1"),
        (lambda: centred_single_bound(-0.1), "must not be negative"),
        (
            lambda: bg.simulate(GaussianMeanModel(3, 5, 1.0), 0, generator=torch.Generator()),
            "draws must be at least 1, got 0",
        ),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
