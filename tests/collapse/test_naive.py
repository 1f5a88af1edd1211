from __future__ import annotations

import pytest

from runtheory.collapse.naive import NUMPY_CUT, fitting_cut, pseudo_inverse_variability
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.synthetic import ordered_labels
from runtheory.collapse.variability import variability_collapse
from tests.collapse.examples import clouds

FEATURES, _ = clouds([12] * 5, 9)
EXACT = float(
    variability_collapse(class_statistics(FEATURES, ordered_labels(5, samples=12), classes=5)).value
)


@pytest.mark.parametrize("one_pass", [False, True])
def test_in_float64_and_near_the_origin_the_formula_is_right(one_pass: bool) -> None:
    cut = fitting_cut(FEATURES)
    measured = pseudo_inverse_variability(FEATURES, 5, cut=cut, one_pass=one_pass)
    assert measured == pytest.approx(EXACT, rel=1e-9)


def test_the_cut_follows_the_precision() -> None:
    assert fitting_cut(FEATURES.float()) == pytest.approx(9 * 2.0**-23)


def test_in_float32_the_fitting_cut_is_right_and_the_small_one_is_not() -> None:
    narrow = (FEATURES + 10).float()
    right = pseudo_inverse_variability(narrow, 5, cut=fitting_cut(narrow))
    assert right == pytest.approx(EXACT, rel=1e-2)
    wrong = pseudo_inverse_variability(narrow, 5, cut=NUMPY_CUT)
    assert not EXACT / 10 < wrong < EXACT * 10


def test_one_pass_loses_small_noise_beside_a_large_offset() -> None:
    narrow = (1e-4 * FEATURES + 10).float()
    cut = fitting_cut(narrow)
    two = pseudo_inverse_variability(narrow, 5, cut=cut)
    one = pseudo_inverse_variability(narrow, 5, cut=cut, one_pass=True)
    assert not two / 10 < one < two * 10
