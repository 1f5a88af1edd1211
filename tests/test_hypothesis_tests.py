"""Tests of classifiers agree with SciPy's, with loops from their equations, and by symmetry."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runtheory import hypothesis_tests
from runtheory.hypothesis_tests import five_by_two_f, mcnemar, resampled_t


def right_answers(both: int, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    ones, others = [True] * both, [False] * both
    return (
        np.array(ones + [True] * first + [False] * second + others, dtype=bool),
        np.array(ones + [False] * first + [True] * second + others, dtype=bool),
    )


@given(both=st.integers(0, 5), first=st.integers(0, 30), second=st.integers(0, 30))
def test_mcnemar_is_the_binomial_test_of_the_discordant_examples(both, first, second) -> None:
    found = mcnemar(*right_answers(both, first, second))
    total = first + second
    expected = stats.binomtest(first, total).pvalue if total else 1.0
    assert found.statistic == first
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_mcnemar_takes_many_pairs_at_once() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 4, 3, 50)) < 0.8
    together = mcnemar(first, second)
    assert together.p_value.shape == (4, 3)
    one = mcnemar(first[2, 1], second[2, 1])
    assert (one.statistic, one.p_value) == (together.statistic[2, 1], together.p_value[2, 1])


@given(
    values=st.lists(st.floats(-1, 1), min_size=2, max_size=12).filter(lambda v: np.std(v) > 1e-3)
)
def test_the_naive_test_is_students(values) -> None:
    found = resampled_t(values)
    expected = stats.ttest_1samp(values, 0.0)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)


def test_the_corrected_test_divides_by_the_longer_error() -> None:
    values = [0.1, 0.05, -0.02, 0.08]
    naive, corrected = resampled_t(values), resampled_t(values, correlation=1 / 3)
    # A third of the examples tested: 1/J + n_test / n_train = 1/4 + 1/2.
    assert corrected.statistic == pytest.approx(naive.statistic * np.sqrt(0.25 / 0.75))


def test_the_f_statistic_by_a_loop() -> None:
    differences = np.random.default_rng(1).normal(size=(5, 2))
    above = below = 0.0
    for one, other in differences:
        mean = (one + other) / 2
        above += one**2 + other**2
        below += (one - mean) ** 2 + (other - mean) ** 2
    found = five_by_two_f(differences)
    assert found.statistic == pytest.approx(above / (2 * below))
    assert found.p_value == pytest.approx(stats.f.sf(above / (2 * below), 10, 5))
    assert stats.f.isf(0.05, 10, 5) == pytest.approx(4.735, abs=5e-4)


def test_where_nothing_differs_there_is_no_evidence() -> None:
    assert mcnemar([True, False], [True, False]).p_value == 1.0
    assert resampled_t(np.zeros((3, 4))).p_value.tolist() == [1.0] * 3
    assert five_by_two_f(np.zeros((5, 2))).p_value == 1.0


def test_where_differences_agree_there_is_all_evidence() -> None:
    assert resampled_t([0.5, 0.5, 0.5]).p_value == 0.0
    assert five_by_two_f(np.full((5, 2), -0.25)).p_value == 0.0


REFUSED = {
    "truth values of one shape, got int64 (2,)": lambda: mcnemar([1, 0], [True, False]),
    "truth values of one shape, got bool (2,) and bool (1,)": lambda: mcnemar(
        [True, False], [True]
    ),
    "at least two splits, got (1,)": lambda: resampled_t([0.1]),
    "at least two splits, got ()": lambda: resampled_t(0.1),
    "differences must be finite": lambda: resampled_t([0.1, np.nan]),
    "correlation must lie in [0, 1), got 1.0": lambda: resampled_t([0.1, 0.2], correlation=1.0),
    "must end in axes (5, 2), got (2, 5)": lambda: five_by_two_f(np.zeros((2, 5))),
}


@pytest.mark.parametrize("message", REFUSED)
def test_other_arguments_are_refused(message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        REFUSED[message]()


def test_the_module_needs_no_torch() -> None:
    assert "torch" not in vars(hypothesis_tests)
