"""The judges: each verdict falls where its tolerance says, and at no other place."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from runtheory import verdicts
from runtheory.intervals import Paired
from runtheory.verdicts import bound, effect, identity, law

numbers = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)
pairs = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6)


@given(pairs, st.floats(1e-9, 2.0))
def test_identity_holds_exactly_where_each_case_is_within_its_tolerance(pairs, tolerance) -> None:
    measured, expected = np.array(pairs).T
    largest = max(max(map(abs, expected)), 1.0)
    within = [
        abs(m - e) / (abs(e) if e else largest) <= tolerance
        for m, e in zip(measured, expected, strict=True)
    ]
    verdict = identity(measured, expected, tolerance).verdict
    assert verdict == ("holds" if all(within) else "contradicted")


def test_identity_names_the_case_that_is_furthest_off() -> None:
    expected = np.array([1.0, 2.0, 0.0])
    assert identity(expected, expected, 1e-9).verdict == "holds"
    off = expected + np.array([0.0, 1e-3, 0.0])
    found = identity(off, expected, 1e-4)
    assert (found.verdict, found.measured) == ("contradicted", off[1])
    assert found.measured_text == "2.001 (the tightest of 3 cases)"
    assert found.expected_text == "2"
    assert found.tolerance_text == "relative 1e-04, largest difference 5.0e-04"
    assert found.refusal == "5 tolerances"
    assert identity(off, expected, 1e-2).verdict == "holds"


def test_identity_judges_an_expected_zero_by_the_largest_value() -> None:
    assert identity([1e-6], [0.0], 1e-9).verdict == "contradicted"
    assert identity([1e-6, 1e6], [0.0, 1e6], 1e-9).verdict == "holds"
    assert identity([1e-10, 1e-8], [0.0, 1e-8], 1e-9).verdict == "holds"


def test_identity_without_a_tolerance_asks_for_the_same_numbers() -> None:
    assert identity([3, 4], [3, 4], 0.0).verdict == "holds"
    assert identity(1.0, np.nextafter(1.0, 2.0), 0.0).verdict == "contradicted"


@given(pairs, st.floats(0.0, 10.0))
def test_bound_is_kept_exactly_where_no_case_crosses_by_more(pairs, tolerance) -> None:
    measured, limit = np.array(pairs).T
    kept = all(m - b <= tolerance for m, b in zip(measured, limit, strict=True))
    upper = bound(measured, limit, upper=True, tolerance=tolerance)
    lower = bound(-measured, -limit, upper=False, tolerance=tolerance)
    assert upper.verdict == lower.verdict == ("holds" if kept else "contradicted")
    assert upper.measured == -lower.measured


def test_bound_looks_at_the_worst_case_in_either_direction() -> None:
    upper = bound([0.1, 0.9], [0.2, 0.8], upper=True)
    assert (upper.verdict, upper.measured) == ("contradicted", 0.9)
    assert upper.expected_text == "at most 0.8"
    assert upper.refusal == "0.1, none allowed"
    lower = bound([0.3, 0.9], [0.2, 0.8], upper=False)
    assert (lower.verdict, lower.expected_text) == ("holds", "at least 0.2")
    assert lower.tolerance_text == "none, smallest slack 0.1"


def test_bound_allows_its_absolute_tolerance_and_counts_in_it() -> None:
    assert bound(1.4, 1.0, upper=True, tolerance=0.5).verdict == "holds"
    crossed = bound(1.4, 1.0, upper=True, tolerance=0.1)
    assert (crossed.verdict, crossed.refusal) == ("contradicted", "4 tolerances")


def test_law_takes_its_tolerance_from_the_standard_error() -> None:
    assert law(1.3, 1.0, 0.1).verdict == "holds"
    assert law(1.5, 1.0, 0.1).verdict == "contradicted"
    assert law(1.5, 1.0, 0.2).verdict == "holds"
    # the t law has heavy tails at three degrees of freedom
    assert law(1.5, 1.0, 0.1, degrees=3).verdict == "holds"


@pytest.mark.parametrize("degrees", [3.0, 12.0, np.inf])
@pytest.mark.parametrize("cases", [1, 20])
def test_law_stands_at_the_quantile_of_all_its_cases(cases: int, degrees: float) -> None:
    # One false alarm in ten thousand over both sides and all cases.
    limit = stats.t.isf(1e-4 / 2 / cases, degrees)
    expected, measured = np.zeros(cases), np.zeros(cases)
    measured[-1] = -0.999 * limit
    assert law(measured, expected, 1.0, degrees=degrees).verdict == "holds"
    measured[-1] = -1.001 * limit
    assert law(measured, expected, 1.0, degrees=degrees).verdict == "contradicted"
    measured[-1] = -3 * limit
    assert law(measured, expected, 1.0, degrees=degrees).refusal == "3 tolerances"


def test_law_holds_each_case_to_the_limit_of_its_own_degrees() -> None:
    degrees = np.array([3.0, np.inf])
    wide, narrow = stats.t.isf(1e-4 / 2 / 2, degrees)
    assert law([0.999 * wide, 0.999 * narrow], 0.0, 1.0, degrees=degrees).verdict == "holds"
    assert law([1.001 * wide, 0.0], 0.0, 1.0, degrees=degrees).verdict == "contradicted"
    assert law([0.0, 1.001 * narrow], 0.0, 1.0, degrees=degrees).verdict == "contradicted"


def test_law_names_the_case_nearest_to_its_own_limit() -> None:
    degrees = np.array([3.0, np.inf])
    wide, narrow = stats.t.isf(1e-4 / 2 / 2, degrees)
    found = law([0.5 * wide, 0.75 * narrow], 0.0, 1.0, degrees=degrees)
    assert found.measured == 0.75 * narrow
    assert found.refusal == "0.75 tolerances"
    assert found.tolerance_text == (
        f"{narrow:.1f} standard errors, largest distance {0.75 * narrow:.1f}"
    )


@pytest.mark.parametrize("degrees", [4, None])
def test_law_cries_wolf_no_more_often_than_it_says(
    monkeypatch: pytest.MonkeyPatch, degrees: int | None
) -> None:
    monkeypatch.setattr(verdicts, "FALSE_ALARM", 0.05)
    draws = np.random.default_rng(0).normal(size=(2000, 8, 5))
    means = draws.mean(axis=2)
    if degrees is None:
        found = [law(row, 0.0, 1 / np.sqrt(5)) for row in means]
    else:
        errors = draws.std(axis=2, ddof=1) / np.sqrt(5)
        pairs = zip(means, errors, strict=True)
        found = [law(mean, 0.0, error, degrees=degrees) for mean, error in pairs]
    share = np.mean([judgement.verdict == "contradicted" for judgement in found])
    # Binomial standard error; eight independent cases lose 0.001 to Bonferroni.
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000) + 0.002


@pytest.mark.parametrize(
    ("shift", "direction", "verdict"),
    [
        (5.0, "positive", "holds"),
        (5.0, "negative", "contradicted"),
        (-5.0, "positive", "contradicted"),
        (-5.0, "negative", "holds"),
        (0.0, "positive", "inconclusive"),
        (0.0, "negative", "inconclusive"),
    ],
)
def test_effect_has_three_verdicts(shift: float, direction: str, verdict: str) -> None:
    differences = np.array([-1.0, -0.4, 0.1, 0.5, 0.9]) + shift
    found = effect(Paired(differences, 0), direction)
    assert found.verdict == verdict
    assert found.expected_text == f"a {direction} difference"
    assert found.interval is not None
    assert found.interval[0] < found.measured < found.interval[1]


def test_effect_turns_where_the_paired_test_does() -> None:
    baseline = np.array([50.0, 60.0, 70.0, 80.0])
    noise = np.array([-1.0, -0.5, 0.5, 1.0])
    turn = stats.t.ppf(0.975, 3) * noise.std(ddof=1) / 2
    for shift, verdict in ((1.01 * turn, "holds"), (0.99 * turn, "inconclusive")):
        treatment = baseline + noise + shift
        low, high = stats.ttest_rel(treatment, baseline).confidence_interval(0.95)
        found = effect(Paired(treatment, baseline))
        assert found.verdict == verdict
        assert found.interval is not None
        np.testing.assert_allclose(found.interval, (low, high), rtol=1e-9)


def test_effect_shows_both_levels_and_what_its_seeds_could_have_seen() -> None:
    treatment, baseline = np.array([72.0, 74.0, 79.0]), np.array([71.0, 74.0, 74.0])
    found = effect(Paired(treatment, baseline))
    assert found.measured == 2.0
    assert found.measured_text == "2 [-4.572, 8.572] over 3 paired runs"
    spread = np.array([1.0, 0.0, 5.0]).std(ddof=1)
    seen = spread * TTestPower().solve_power(nobs=3, alpha=0.05, power=0.8)
    assert found.more == {"levels": "75 against 73", "seen from": f"{seen:.2g} on"}


@pytest.mark.parametrize(
    ("judge", "evidence", "message"),
    [
        (identity, (np.nan, 1.0, 1e-9), "measured must be finite"),
        (identity, (1.0, [np.inf], 1e-9), "expected must be finite"),
        (identity, ([], [], 1e-9), "not empty"),
        (law, (1.0, np.nan, 0.1), "expected must be finite"),
        (law, (1.0, 1.0, np.nan), "standard_error must be finite"),
        (law, (1.0, 1.0, 0.0), "must be positive"),
        (law, ([1.0, 1.0], 1.0, [0.1, -0.1]), "must be positive"),
        (partial(law, degrees=0), (1.0, 1.0, 0.1), "degrees"),
        (partial(law, degrees=np.nan), (1.0, 1.0, 0.1), "degrees"),
        (partial(law, degrees=[3, -1]), ([1.0, 2.0], 1.0, 0.1), "degrees"),
        (partial(law, degrees=[3, 4, 5]), ([1.0, 2.0], 1.0, 0.1), "one a case"),
        (partial(law, degrees=[[3], [4]]), ([1.0, 2.0], 1.0, 0.1), "one a case"),
        (identity, (1.0, 1.0, np.nan), "tolerance must not be negative, got nan"),
        (partial(bound, upper=True, tolerance=-1.0), (1.0, 1.0), "tolerance must not be"),
        (identity, ([1.0, 2.0], [[1.0], [2.0]], 1e-9), "of one shape"),
        (law, ([1.0, 2.0], [1.0, 2.0, 3.0], 0.1), "of one shape"),
    ],
)
def test_evidence_that_does_not_fit_is_refused(judge, evidence: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge(*evidence)


@pytest.mark.parametrize("direction", ["positive", "negative"])
def test_differences_that_tie_are_no_evidence(direction: str) -> None:
    found = effect(Paired([0.502, 0.502], [0.5, 0.5]), direction)
    assert (found.verdict, found.interval) == ("inconclusive", (found.measured, found.measured))
    assert found.tolerance_text == "none: all differences agree"
    tied = Paired([0.9, 0.3], [0.7, 0.1])  # 0.2 twice but for rounding
    assert np.ptp(tied.difference) > 0
    assert effect(tied, direction).verdict == "inconclusive"
    near = effect(Paired([0.502, 0.502 + 1e-9], [0.5, 0.5]), "positive")
    assert near.verdict == "holds"


@pytest.mark.parametrize("value", [[1.0 + 5j], np.ma.masked_array([1.0, 9.0], [False, True])])
def test_no_part_of_the_evidence_is_dropped(value) -> None:
    judges = (partial(identity, tolerance=1e-9), partial(law, standard_error=1.0))
    for judge in (*judges, partial(bound, upper=True)):
        with pytest.raises(TypeError, match=r"measured must (be real|not be masked)"):
            judge(value, np.ones(len(value)))


def test_a_limit_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="limit must be finite"):
        bound(1.0, np.inf, upper=True)
