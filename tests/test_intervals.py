"""Intervals, and the smallest effect that seeds can see, against other programs and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from statsmodels.stats.power import TTestPower

from runtheory.intervals import (
    Paired,
    mean_interval,
    residual_deviation,
    smallest_detectable,
)

PLAIN = np.array([-1.0, 0.5, 0.25, 1.0, 3.0])


def test_interval_is_the_t_interval_of_scipy() -> None:
    values = np.random.default_rng(0).normal(2.0, 3.0, size=7)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    interval = mean_interval(values)
    np.testing.assert_allclose((interval.low, interval.high), expected, rtol=1e-12)
    assert interval.count == 7
    assert str(mean_interval([1.0, 3.0])) == "2 [-10.71, 14.71]"


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(size=(4000, 4))
    covered = [mean_interval(row).low <= 0 <= mean_interval(row).high for row in draws]
    # binomial standard error of a share of 0.95 in 4000 trials
    assert abs(np.mean(covered) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


@pytest.mark.parametrize(
    ("values", "confidence", "message"),
    [
        ([1.0], 0.95, "at least two"),
        ([[1.0, 2.0]], 0.95, "one axis"),
        ([1.0, np.nan], 0.95, "finite"),
        ([1.0, 2.0], 1.0, "confidence"),
    ],
)
def test_wrong_input_is_named(values: list, confidence: float, message: str) -> None:
    for statistic in (mean_interval, smallest_detectable):
        with pytest.raises(ValueError, match=message):
            statistic(values, confidence=confidence)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0 + 1j], "must be real numbers.* got .*complex"),
        (np.ma.masked_array([1.0, 2.0, 9.0], [False, False, True]), "must not be masked"),
        (["a", "b"], "must be real numbers"),
    ],
)
def test_what_is_no_plain_number_is_refused_and_not_cut(values, message: str) -> None:
    for statistic in (mean_interval, smallest_detectable, residual_deviation):
        with pytest.raises(TypeError, match=message):
            statistic(values)
    with pytest.raises(TypeError, match=f"baseline {message}"):
        Paired([1.0, 2.0], values)


def test_rows_of_unequal_length_are_refused() -> None:
    ragged = [[1.0], [2.0, 3.0]]
    for statistic in (mean_interval, smallest_detectable, residual_deviation):
        with pytest.raises(ValueError, match="must be numbers in rows of one length"):
            statistic(ragged)
    with pytest.raises(TypeError, match="baseline must be real numbers in equal rows"):
        Paired([1.0, 2.0], ragged)


def test_a_masked_array_without_a_hidden_entry_is_an_array() -> None:
    whole = np.ma.masked_array([1.0, 2.0], [False, False])
    assert mean_interval(whole) == mean_interval([1.0, 2.0])


def values_of(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(3.0, 2.0, size=count)


def power_of(shift: float, count: int, confidence: float) -> float:
    """Return the power from its definition: given the estimated spread, the mean is normal."""
    degrees = count - 1
    limit = stats.t.isf((1 - confidence) / 2, degrees) / np.sqrt(degrees)
    centre = shift * np.sqrt(count)

    def excluded(spread: float) -> float:
        sides = stats.norm.sf(limit * spread - centre) + stats.norm.cdf(-limit * spread - centre)
        return float(sides * stats.chi.pdf(spread, degrees))

    return integrate.quad(excluded, 0, np.inf, epsabs=1e-10)[0]


# Below five values statsmodels' search for the root ends off the root, or nowhere.
@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("count", [5, 10, 30, 200])
def test_the_smallest_detectable_effect_is_that_of_statsmodels(
    count: int, power: float, confidence: float
) -> None:
    values = values_of(count)
    oracle = TTestPower().solve_power(nobs=count, alpha=1 - confidence, power=power)
    found = smallest_detectable(values, confidence=confidence, power=power)
    np.testing.assert_allclose(found, oracle * values.std(ddof=1), rtol=5e-5)


@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("power", [0.55, 0.8, 0.99])
@pytest.mark.parametrize("count", [2, 3, 5, 20])
def test_the_smallest_detectable_effect_has_the_power_that_was_asked(
    count: int, power: float, confidence: float
) -> None:
    values = values_of(count)
    found = smallest_detectable(values, confidence=confidence, power=power)
    assert abs(power_of(found / values.std(ddof=1), count, confidence) - power) < 2e-5


@pytest.mark.parametrize(("count", "power"), [(3, 0.5), (5, 0.8)])
def test_so_many_intervals_exclude_zero_in_simulation(count: int, power: float) -> None:
    values = values_of(count)
    shift = smallest_detectable(values, power=power)
    draws = np.random.default_rng(3).normal(shift, values.std(ddof=1), size=(4000, count))
    seen = [not mean_interval(row).low <= 0 <= mean_interval(row).high for row in draws]
    assert abs(np.mean(seen) - power) < 4 * np.sqrt(power * (1 - power) / 4000)


@settings(max_examples=30)
@given(st.floats(-1e3, 1e3), st.floats(0.01, 100.0))
def test_the_smallest_detectable_effect_scales_with_the_spread_alone(shift, scale) -> None:
    found = smallest_detectable(shift + scale * PLAIN)
    np.testing.assert_allclose(found, scale * smallest_detectable(PLAIN), rtol=1e-8)


def test_the_smallest_detectable_effect_grows_with_power_and_confidence() -> None:
    by_power = [smallest_detectable(PLAIN, power=power) for power in (0.06, 0.5, 0.9, 0.999)]
    assert by_power == sorted(by_power)
    by_confidence = [smallest_detectable(PLAIN, confidence=c) for c in (0.5, 0.9, 0.95, 0.99)]
    assert by_confidence == sorted(by_confidence)
    # Almost every interval excludes zero already, yet not this many.
    wide = smallest_detectable(PLAIN, confidence=0.05, power=0.99)
    assert 0 < wide < smallest_detectable(PLAIN, power=0.99)


def test_values_that_agree_would_show_any_effect() -> None:
    assert smallest_detectable([2.0, 2.0, 2.0]) == 0.0


@pytest.mark.parametrize("power", [0.0, 0.05, 1.0, 1.2, np.nan])
def test_a_power_that_cannot_be_asked_is_refused(power: float) -> None:
    with pytest.raises(ValueError, match=r"power must (lie in \(0.05, 1\)|be a number)"):
        smallest_detectable(PLAIN, power=power)


def test_paired_arms_give_their_difference() -> None:
    pair = Paired([3.0, 5.0, 9.0], [1, 2, 3])
    assert pair.treatment.dtype == pair.baseline.dtype == np.float64
    np.testing.assert_array_equal(pair.difference, [2.0, 3.0, 6.0])


def test_a_number_stands_for_a_fixed_level() -> None:
    pair = Paired([3.0, 5.0], 4)
    np.testing.assert_array_equal(pair.baseline, [4.0, 4.0])
    np.testing.assert_array_equal(pair.difference, [-1.0, 1.0])


def test_map_changes_both_arms() -> None:
    pair = Paired([4.0, 9.0], [1.0, 16.0]).map(np.sqrt)
    np.testing.assert_array_equal(pair.treatment, [2.0, 3.0])
    np.testing.assert_array_equal(pair.baseline, [1.0, 4.0])
    np.testing.assert_array_equal(pair.difference, [1.0, -1.0])


@pytest.mark.parametrize(
    ("treatment", "baseline", "message"),
    [
        ([1.0], [2.0], "two values or more"),
        ([1.0], 2.0, "two values or more"),
        (1.0, [2.0, 3.0], "two values or more"),
        ([], [], "two values or more"),
        ([1.0, 2.0], [1.0], r"got \(2,\) and \(1,\)"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], r"got \(2,\) and \(3,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], r"got \(1, 2\)"),
        ([1.0, np.nan], [1.0, 2.0], "finite"),
        ([1.0, 2.0], [np.inf, 2.0], "finite"),
        ([1.0, 2.0], np.nan, "finite"),
    ],
)
def test_arms_that_do_not_pair_are_refused(treatment, baseline, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Paired(treatment, baseline)


def test_map_refuses_what_leaves_no_pair() -> None:
    pair = Paired([4.0, 0.0], [1.0, 16.0])
    with pytest.raises(ValueError, match="finite"), np.errstate(divide="ignore"):
        pair.map(np.log)
    with pytest.raises(ValueError, match="two values or more"):
        pair.map(lambda arm: arm[:1])


def test_residuals_of_arms_over_shared_seeds_in_a_loop() -> None:
    table = np.random.default_rng(0).normal(size=(3, 4)) + np.arange(4) * 10.0
    total = 0.0
    for arm in range(3):
        for seed in range(4):
            rest = table[arm, seed] - table[arm].mean() - table[:, seed].mean() + table.mean()
            total += rest**2
    deviation, degrees = residual_deviation(table)
    assert degrees == 6
    assert deviation == pytest.approx(np.sqrt(total / 6))


def test_what_arms_or_seeds_have_in_common_is_no_residual() -> None:
    table = np.add.outer([1.0, 5.0, 2.0], [0.0, 100.0, -3.0, 7.0])
    assert residual_deviation(table)[0] == pytest.approx(0, abs=1e-12)


def test_a_new_contrast_has_the_stated_error() -> None:
    """Four thousand studies of three arms and five seeds, and a contrast at a sixth seed."""
    draws = np.random.default_rng(1).normal(size=(4000, 3, 6)) + 50 * np.random.default_rng(
        2
    ).normal(size=(4000, 1, 6))
    contrast = draws[:, 1] - draws[:, 0]
    error = np.sqrt(2 * (1 + 1 / 5))
    scores = [
        (row[5] - row[:5].mean()) / (residual_deviation(study[:, :5])[0] * error)
        for row, study in zip(contrast, draws, strict=True)
    ]
    share = np.mean(np.abs(scores) > stats.t.isf(0.025, 8))
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 4000)


@pytest.mark.parametrize("table", [[1.0, 2.0], [[1.0, 2.0]], [[1.0], [2.0]]])
def test_residuals_need_arms_and_seeds(table) -> None:
    with pytest.raises(ValueError, match="at least two arms and two seeds"):
        residual_deviation(table)


def test_residuals_of_what_is_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="values must be finite, got nan"):
        residual_deviation([[1.0, np.nan], [0.0, 1.0]])
