from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.information.certificates.pac_bayes import (
    catoni_bound,
    gaussian_divergence,
    kl_bound,
    lambda_bound,
    mcallester_bound,
    monte_carlo_bound,
    quadratic_bound,
    worst_exponents,
)
from runtheory.information.measures.divergences import kl_inverse
from tests.information.shared import precise_kl


@settings(max_examples=25)
@given(
    risk=st.floats(0, 0.9),
    divergence=st.floats(0, 300),
    samples=st.integers(1, 10_000),
    delta=st.floats(1e-6, 0.5),
)
def test_order_of_the_bounds(risk, divergence, samples, delta):
    asked = {"samples": samples, "delta": delta}
    tight = float(kl_bound(risk, divergence, **asked))
    assert tight <= float(mcallester_bound(risk, divergence, **asked)) + 1e-12
    quadratic = float(quadratic_bound(risk, divergence, **asked))
    assert tight <= quadratic + 1e-12
    assert float(lambda_bound(risk, divergence, **asked)) == pytest.approx(quadratic)
    for trade_off in (0.1, 0.7, 1.0, 1.9):
        fixed = float(lambda_bound(risk, divergence, trade_off=trade_off, **asked))
        assert fixed >= quadratic * (1 - 1e-12)


@given(budget=st.floats(1e-6, 0.12), share=st.floats(-0.9, 0.9))
def test_quadratic_is_below_mcallester_exactly_below_one_quarter(budget, share):
    samples, delta = 10_000, 0.05
    offset = math.log(2 * math.sqrt(samples) / delta)
    risk = (0.25 - math.sqrt(budget / 2)) * (1 + share)
    asked = (risk, max(budget * samples - offset, 0.0))
    first = float(mcallester_bound(*asked, samples=samples, delta=delta))
    second = float(quadratic_bound(*asked, samples=samples, delta=delta))
    assert (second < first) == (first < 0.25) or first == pytest.approx(0.25, abs=1e-9)


@settings(max_examples=40)
@given(
    risk=st.floats(0.001, 0.9),
    divergence=st.floats(0, 100),
    samples=st.integers(10, 5_000),
    temperature=st.floats(0.05, 8),
)
def test_catoni_is_below_kl_exactly_in_its_strip(risk, divergence, samples, temperature):
    asked = {"samples": samples, "delta": 0.05}
    top = float(kl_bound(risk, divergence, **asked))
    catoni = float(catoni_bound(risk, divergence, temperatures=(temperature,), **asked))
    tilted = top * math.exp(-temperature) / (1 - top + top * math.exp(-temperature))
    slack = math.log(2 * math.sqrt(samples)) / samples - float(precise_kl(risk, tilted))
    if top < 1 - 1e-9 and abs(slack) > 1e-6:
        assert (catoni < top) == (slack > 0)
    inverse = float(kl_inverse(risk, (divergence - math.log(0.05)) / samples))
    assert catoni >= inverse - 1e-9
    if inverse < 1 - 1e-9:
        best = math.log(inverse * (1 - risk) / (risk * (1 - inverse)))
        least = float(catoni_bound(risk, divergence, temperatures=(best,), **asked))
        assert least == pytest.approx(inverse, rel=1e-7)


def test_bounds_transcribed():
    risk, divergence, samples, delta = 0.1, 12.0, 500, 0.05
    asked = {"samples": samples, "delta": delta}
    term = divergence + math.log(2 * math.sqrt(samples) / delta)
    expected = risk + math.sqrt(term / (2 * samples))
    assert float(mcallester_bound(risk, divergence, **asked)) == pytest.approx(expected)
    half = term / (2 * samples)
    expected = (math.sqrt(risk + half) + math.sqrt(half)) ** 2
    assert float(quadratic_bound(risk, divergence, **asked)) == pytest.approx(expected)
    expected = risk / (1 - 0.3) + term / (samples * 0.6 * (1 - 0.3))
    found = float(lambda_bound(risk, divergence, trade_off=0.6, **asked))
    assert found == pytest.approx(expected)
    found = float(kl_bound(risk, divergence, **asked))
    assert float(precise_kl(risk, found)) == pytest.approx(term / samples)
    grid = (0.5, 1.0, 2.0)
    cost = (divergence + math.log(3 / delta)) / samples
    expected = min((1 - math.exp(-c * risk - cost)) / (1 - math.exp(-c)) for c in grid)
    found = float(catoni_bound(risk, divergence, temperatures=grid, **asked))
    assert found == pytest.approx(expected)
    shapes = kl_bound([0.1, 0.2], [[1.0], [2.0], [3.0]], **asked)
    assert shapes.shape == (3, 2)


@pytest.mark.parametrize("samples", [1, 2, 3, 5, 7, 8, 20, 100, 1000])
def test_the_constant_holds_for_every_number_of_samples(samples):
    # E exp(n kl(K/n || p)) over a binomial K does not depend on p in (0, 1).
    counts = np.arange(samples + 1)
    choose = [
        math.lgamma(samples + 1) - math.lgamma(k + 1) - math.lgamma(samples - k + 1) for k in counts
    ]
    share = counts / samples
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.nan_to_num(counts * np.log(share)) + np.nan_to_num(
            (samples - counts) * np.log1p(-share)
        )
    assert np.exp(np.array(choose) + power).sum() <= 2 * math.sqrt(samples)


@given(
    distance=st.floats(0, 100),
    dimension=st.integers(1, 50),
    deviation=st.floats(0.01, 10),
    prior=st.floats(0.01, 10),
)
def test_gaussian_divergence(distance, dimension, deviation, prior):
    found = float(
        gaussian_divergence(
            distance, dimension=dimension, deviation=deviation, prior_deviation=prior
        )
    )
    expected = dimension * math.log(prior / deviation) - dimension / 2
    expected += (dimension * deviation**2 + distance) / (2 * prior**2)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert found >= 0


def test_gaussian_divergence_of_nearly_equal_deviations():
    found = gaussian_divergence(0.0, dimension=10, deviation=1 + 1e-6, prior_deviation=1.0)
    assert float(found) == pytest.approx(10 * 1e-12, rel=1e-3)


def coverage(bound, *, rounds=3000, samples=60, delta=0.1):
    """Share of violations for a posterior that follows the sample, on eight coins."""
    generator = np.random.default_rng(8)
    chances = np.linspace(0.05, 0.5, 8)
    errors = generator.binomial(samples, chances, size=(rounds, 8)) / samples
    weight = np.exp(-samples * errors / 2)
    weight /= weight.sum(1, keepdims=True)
    divergence = (weight * np.log(np.maximum(weight * 8, 1e-300))).sum(1)
    values = bound((weight * errors).sum(1), divergence, samples=samples, delta=delta)
    return float((weight @ chances > values).mean())


@pytest.mark.parametrize("bound", [kl_bound, mcallester_bound, quadratic_bound, lambda_bound])
def test_coverage_of_the_bounds(bound):
    assert coverage(bound) <= 0.1


def test_coverage_of_catoni_and_that_coverage_can_fail():
    assert coverage(lambda *a, **k: catoni_bound(*a, temperatures=(0.5, 1.0, 2.0), **k)) <= 0.1
    # The same check without any complexity term is violated about every other time.
    assert coverage(lambda risk, *_, **__: risk) > 0.3


def test_coverage_of_the_monte_carlo_bound():
    generator = np.random.default_rng(9)
    for chance in (0.02, 0.3, 0.8):
        means = generator.binomial(40, chance, size=5_000) / 40
        violated = float((monte_carlo_bound(means, draws=40, delta=0.1) < chance).mean())
        assert violated <= 0.1
    assert monte_carlo_bound(0.0, draws=40, delta=0.1) == pytest.approx(1 - 0.1 ** (1 / 40))


def test_wrong_bounds_are_named():
    for call, text in [
        (lambda: kl_bound(0.1, -1.0, samples=10, delta=0.1), "divergence"),
        (lambda: kl_bound(0.1, 1.0, samples=0, delta=0.1), "samples"),
        (lambda: kl_bound(0.1, 1.0, samples=10, delta=1.0), "delta"),
        (lambda: mcallester_bound(1.1, 1.0, samples=10, delta=0.1), "risk"),
        (lambda: quadratic_bound(0.1, 1.0, samples=10, delta=0.0), "delta"),
        (lambda: lambda_bound(0.1, 1.0, samples=10, delta=0.1, trade_off=2.0), "trade_off"),
        (lambda: catoni_bound(0.1, 1.0, samples=9, delta=0.1, temperatures=()), "temperatures"),
        (lambda: monte_carlo_bound(0.1, draws=0, delta=0.1), "samples"),
        (
            lambda: gaussian_divergence(1.0, dimension=2, deviation=0.0, prior_deviation=1.0),
            "deviation",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_table_of_the_theory_page():
    # B = 0.02, n = 1000, delta = 0.05, at the training risks 0, 0.05, 0.15 and 0.5.
    divergence = 1000 * 0.02 - math.log(2 * math.sqrt(1000) / 0.05)
    assert divergence == pytest.approx(12.86, abs=5e-3)
    asked = ([0, 0.05, 0.15, 0.5], divergence)
    plan = {"samples": 1000, "delta": 0.05}
    table = {
        (0.0198, 0.1057, 0.2302, 0.5990): kl_bound(*asked, **plan),
        (0.1000, 0.1500, 0.2500, 0.6000): mcallester_bound(*asked, **plan),
        (0.0400, 0.1190, 0.2500, 0.6628): quadratic_bound(*asked, **plan),
        (0.0249, 0.1008, 0.2418, 0.6376): catoni_bound(*asked, temperatures=(1.0,), **plan),
    }
    for expected, found in table.items():
        np.testing.assert_allclose(found, expected, atol=5.1e-5)


def test_best_temperature_for_each_sample_is_no_bound_at_every_delta():
    # Two hypotheses that err on complementary examples; q is the posterior's share of the first.
    for ones in range(9):
        q, divergence = (1.0, -math.log(0.431)) if ones == 0 else (0.431, 0.0)
        risk = q * ones / 8 + (1 - q) * (8 - ones) / 8
        true = q * 0.1 + (1 - q) * 0.9
        assert risk < true
        assert 8 * precise_kl(risk, true) - divergence > math.log(1 / 0.9999)
        assert true < kl_bound(risk, divergence, samples=8, delta=0.9999)


def test_worst_exponents_are_reached_by_the_gibbs_posterior_and_by_no_other() -> None:
    random = np.random.default_rng(0)
    counts, temperatures = random.binomial(12, 0.3, size=(5, 4)), np.array([0.4, 2.0])
    found = worst_exponents(counts, 0.3, samples=12, temperatures=temperatures)
    for index, c in enumerate(temperatures):
        gain = -12 * math.log(1 - (1 - math.exp(-c)) * 0.3) - c * counts  # (sample, hypothesis)
        gibbs = np.exp(gain) / np.exp(gain).sum(1, keepdims=True)
        for posterior in (gibbs, *random.dirichlet(np.ones(4), size=(50, 5))):
            value = (posterior * (gain - np.log(4 * posterior))).sum(1)
            assert (value <= found[index] + 1e-12).all()
        value = (gibbs * (gain - np.log(4 * gibbs))).sum(1)
        np.testing.assert_allclose(value, found[index], rtol=1e-12)


def test_a_worst_exponent_above_the_confidence_is_a_bound_below_the_risk() -> None:
    counts, delta = np.array([[0, 3, 5], [2, 2, 4]]), 0.3
    for c in (0.5, 1.5):
        found = worst_exponents(counts, 0.4, samples=10, temperatures=np.array([c]))[0]
        gain = -c * counts
        gibbs = np.exp(gain) / np.exp(gain).sum(1, keepdims=True)
        divergence = (gibbs * np.log(3 * gibbs)).sum(1)
        bound = catoni_bound(
            (gibbs * counts / 10).sum(1), divergence, samples=10, delta=delta, temperatures=(c,)
        )
        np.testing.assert_array_equal(bound < 0.4, found > math.log(1 / delta))
