"""Levels agree with sums, with draws of correlated normal numbers, and at their ends."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runtheory.hypothesis_tests import five_by_two_f, resampled_t
from runtheory.noise.comparing_classifiers.levels import (
    five_by_two_level,
    least_error,
    resampled_level,
    wald_coverage,
)

DRAWS = 40_000


def within_chance(share: float, expected: float) -> bool:
    return abs(share - expected) < 4.5 * np.sqrt(expected * (1 - expected) / DRAWS)


def test_coverage_by_a_loop() -> None:
    risk, examples = 0.23, 17
    total = 0.0
    for errors in range(examples + 1):
        rate = errors / examples
        reach = stats.norm.ppf(0.95) * (rate * (1 - rate) / examples) ** 0.5
        if rate - reach <= risk <= rate + reach:
            total += stats.binom.pmf(errors, examples, risk)
    assert wald_coverage(risk, examples, confidence=0.9) == pytest.approx(total, rel=1e-12)
    assert wald_coverage([[risk]], examples, confidence=0.9).shape == (1, 1)


def test_coverage_comes_to_the_nominal_one() -> None:
    assert wald_coverage(0.3, 20_000) == pytest.approx(0.95, abs=2e-3)
    assert wald_coverage(0.02, 20) < 0.4  # mostly no error is seen, and the interval is a point


@pytest.mark.parametrize(("splits", "correlation", "assumed"), [(7, 0.35, 0.0), (30, 0.2, 1 / 3)])
def test_the_level_over_splits_is_that_of_correlated_normals(splits, correlation, assumed) -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(DRAWS, 1)) * correlation**0.5
    differences = common + (1 - correlation) ** 0.5 * rng.normal(size=(DRAWS, splits))
    share = (resampled_t(differences, correlation=assumed).p_value < 0.05).mean()
    assert within_chance(share, resampled_level(splits, correlation, assumed=assumed))


def test_the_level_over_splits_has_its_ends() -> None:
    assert resampled_level(12, 0.0) == pytest.approx(0.05)
    assert resampled_level(12, 0.4, assumed=0.4, level=0.01) == pytest.approx(0.01)
    assert resampled_level(10**6, 0.3) > 0.99
    levels = [resampled_level(splits, 0.3) for splits in (2, 5, 30, 200)]
    assert levels == sorted(levels)


@pytest.mark.parametrize(
    ("within", "between"), [(0.4, 0.4), (0.1, 0.43), (-0.2, 0.05), (0.3, -0.1)]
)
def test_the_level_of_the_f_test_is_that_of_correlated_normals(within, between) -> None:
    covariance = np.full((10, 10), between)
    for replicate in range(5):
        covariance[2 * replicate : 2 * replicate + 2, 2 * replicate : 2 * replicate + 2] = within
    np.fill_diagonal(covariance, 1.0)
    normal = np.random.default_rng(1).normal(size=(DRAWS, 10))
    differences = (normal @ np.linalg.cholesky(covariance).T).reshape(-1, 5, 2)
    share = (five_by_two_f(differences).p_value < 0.05).mean()
    assert within_chance(share, five_by_two_level(within, between))


def test_independent_differences_make_the_f_test_err_less_than_it_says() -> None:
    limit = 2 * stats.f.isf(0.05, 10, 5) - 1
    assert five_by_two_level(0.0, 0.0) == pytest.approx(stats.f.sf(limit, 5, 5), abs=1e-5)


def test_the_level_at_the_edge_of_what_ten_variables_can_be() -> None:
    edge = five_by_two_level(0.2, 0.6)
    assert edge == pytest.approx(five_by_two_level(0.2, 0.6 - 1e-6), abs=1e-4)


@given(risks=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=3), examples=st.integers(1, 4))
def test_the_least_error_by_enumeration(risks, examples) -> None:
    total = 0.0
    for counts in itertools.product(range(examples + 1), repeat=len(risks)):
        chances = [stats.binom.pmf(x, examples, r) for x, r in zip(counts, risks, strict=True)]
        total += min(counts) / examples * np.prod(chances)
    assert least_error(risks, examples) == pytest.approx(total, rel=1e-9)


REFUSED = {
    "risks must lie in (0, 1), got 1.0": lambda: wald_coverage(1.0, 5),
    "examples must be at least 1, got 0": lambda: wald_coverage(0.5, 0),
    "splits must be at least 2, got 1": lambda: resampled_level(1, 0.1),
    "correlation must lie in [0, 1), got 1.2": lambda: resampled_level(3, 1.2),
    "level must lie in (0, 1), got 0.0": lambda: resampled_level(3, 0.1, level=0.0),
    "between must lie in [-0.15, 0.6], got 0.7": lambda: five_by_two_level(0.2, 0.7),
    "within must lie in (-1, 1), got 1.0": lambda: five_by_two_level(1.0, 0.0),
    "risks must be one list of at least one, got (0,)": lambda: least_error([], 3),
    "risks must lie in [0, 1], got -0.1": lambda: least_error([0.2, -0.1], 3),
}


@pytest.mark.parametrize("message", REFUSED)
def test_other_arguments_are_refused(message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        REFUSED[message]()
