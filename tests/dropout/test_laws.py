"""Closed forms of the variance and its price, against simulation and search."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout import laws
from runtheory.randomness import stream

positive = st.floats(1e-3, 1e3)


def _simulated(batch, samples, *, shared, draws=40_000):
    """Means of g = a(x) + b(xi) + c(x, xi) with variances 1.0, 0.5, 0.7, c = product of signs."""
    generator = stream(0, "laws")

    def normal(*shape):
        return torch.randn(draws, *shape, generator=generator, dtype=torch.float64)

    a, loading = normal(batch, 1), normal(batch, 1)
    rows = 1 if shared else batch
    b, factor = normal(rows, samples), normal(rows, samples)
    gradients = a + math.sqrt(0.5) * b + math.sqrt(0.7) * loading * factor
    return gradients.mean((1, 2))


def _assert_variance(values, expected):
    squares = (values - values.mean()) ** 2
    assert abs(squares.mean() - expected) < 5 * squares.std() / math.sqrt(len(values))


@pytest.mark.parametrize(("batch", "samples"), [(1, 1), (4, 1), (4, 3), (3, 8)])
def test_variance_laws_against_simulation(batch, samples) -> None:
    independent = laws.variance(1.0, 1.2, batch=batch, samples=samples)
    _assert_variance(_simulated(batch, samples, shared=False), independent)
    shared = laws.batch_shared_variance(
        1.0, 0.5, interaction_variance=0.7, batch=batch, samples=samples
    )
    _assert_variance(_simulated(batch, samples, shared=True), shared)
    assert shared - independent == pytest.approx(0.5 * (1 - 1 / batch) / samples)


@given(data=positive, mask=positive, batch=st.integers(1, 50))
def test_samples_gain_at_most_the_ceiling(data, mask, batch) -> None:
    one = laws.variance(data, mask, batch=batch, samples=1)
    many = laws.variance(data, mask, batch=batch, samples=10**9)
    assert one / many == pytest.approx(laws.speed_up_ceiling(data, mask), rel=1e-5)


@given(data=positive, mask=positive, body=positive, head=positive)
def test_best_samples_is_the_minimum(data, mask, body, head) -> None:
    costs = {"body_cost": body, "head_cost": head}
    best = laws.best_samples(data, mask, **costs)
    if best >= 1:
        least = laws.variance_at_cost(data, mask, samples=best, **costs)
        for factor in (0.9, 1.1):
            elsewhere = laws.variance_at_cost(data, mask, samples=max(1, best * factor), **costs)
            assert least <= elsewhere * (1 + 1e-12)
    whole = laws.best_whole_samples(data, mask, **costs)
    if whole < 2000:
        by_search = min(
            laws.variance_at_cost(data, mask, samples=m, **costs) for m in range(1, 2 * whole + 3)
        )
        found = laws.variance_at_cost(data, mask, samples=whole, **costs)
        assert found == pytest.approx(by_search, rel=1e-12)


def test_best_samples_by_hand() -> None:
    assert laws.best_samples(1.0, 4.0, body_cost=9.0, head_cost=1.0) == pytest.approx(6)
    assert laws.best_samples(1.0, 0.0, body_cost=9.0, head_cost=1.0) == 0
    assert laws.best_whole_samples(1.0, 0.0, body_cost=9.0, head_cost=1.0) == 1
    assert laws.speed_up_ceiling(0.0, 2.0) == math.inf


@given(rate=st.floats(0, 0.99), samples=st.integers(1, 100))
def test_effective_rate_matches_the_variance_of_the_mean_mask(rate, samples) -> None:
    effective = laws.effective_rate(rate, samples)
    assert 0 <= effective < 1
    assert effective / (1 - effective) == pytest.approx(rate / (1 - rate) / samples, rel=1e-9)


def test_effective_rate_by_hand() -> None:
    assert laws.effective_rate(0.5, 5) == pytest.approx(1 / 6)
    assert laws.effective_rate(0.5, 8) == pytest.approx(1 / 9)


@pytest.mark.parametrize(
    ("law", "arguments", "options", "message"),
    [
        (laws.variance, (-1.0, 1.0), {"batch": 1, "samples": 1}, "variances must not be negative"),
        (laws.variance, (1.0, 1.0), {"batch": 0, "samples": 1}, "batch must be at least 1, got 0"),
        (
            laws.batch_shared_variance,
            (1.0, 1.0),
            {"interaction_variance": 1.0, "batch": 1, "samples": 0},
            "samples must be at least 1, got 0",
        ),
        (laws.speed_up_ceiling, (0.0, 0.0), {}, "got zero for both"),
        (
            laws.best_samples,
            (1.0, 1.0),
            {"body_cost": 1.0, "head_cost": 0.0},
            r"head_cost must be positive, got 0\.0",
        ),
        (
            laws.variance_at_cost,
            (1.0, 1.0),
            {"body_cost": 1.0, "head_cost": 1.0, "samples": 0.5},
            r"samples must be at least 1, got 0\.5",
        ),
        (
            laws.best_whole_samples,
            (0.0, 1.0),
            {"body_cost": 1.0, "head_cost": 1.0},
            "data_variance must be positive",
        ),
        (laws.effective_rate, (1.0, 2), {}, r"rate must lie in \[0, 1\), got 1\.0"),
    ],
)
def test_what_no_law_knows_is_refused(law, arguments, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        law(*arguments, **options)
