"""The binary divergence and its inverse, against sixty digits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtheory.information.certificates import pac_bayes
from runtheory.information.measures.divergences import binary_divergence, kl_inverse

PRECISE = mpmath.mp.clone()
PRECISE.dps = 60


def precise_kl(first, second):
    q, p = PRECISE.mpf(first), PRECISE.mpf(second)
    kept = q * PRECISE.log(q / p) if q else PRECISE.mpf(0)
    return kept + ((1 - q) * (PRECISE.log1p(-q) - PRECISE.log1p(-p)) if q < 1 else 0)


@settings(max_examples=40)
@given(risk=st.floats(0, 1), budget=st.floats(0, 50))
@example(risk=0.0, budget=1e-18)
@example(risk=0.5, budget=1e-14)
@example(risk=1e-9, budget=1e-12)
@example(risk=1e-300, budget=1e-5)
@example(risk=2e-311, budget=2e-311)
@example(risk=1 - 1e-12, budget=1e-3)
@example(risk=0.3, budget=30.0)
def test_inverse_is_never_below_the_true_one_and_close_above(risk, budget):
    found = float(kl_inverse(risk, budget))
    assert risk <= found <= 1
    if found < 1:
        assert precise_kl(risk, found) >= PRECISE.mpf(budget)
    below = found - 4e-8 * max(found - risk, 1e-8) - 5e-15
    if below > risk:
        assert precise_kl(risk, below) <= PRECISE.mpf(budget)


@settings(max_examples=40)
@given(first=st.floats(0, 1), second=st.floats(1e-300, 1 - 1e-16))
def test_binary_divergence_against_sixty_digits(first, second):
    expected = float(precise_kl(first, second))
    assert float(binary_divergence(first, second)) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_inverse_closed_form_and_edges():
    budgets = np.array([0.0, 1e-12, 0.01, 1.0, 40.0])
    np.testing.assert_allclose(kl_inverse(0.0, budgets), -np.expm1(-budgets), atol=1e-15)
    assert kl_inverse(1.0, 0.1) == 1
    for risk in (0.05, 0.3, 0.7):
        for budget in (1e-4, 0.01, 0.2):
            again = binary_divergence(risk, kl_inverse(risk, budget))
            assert float(again) == pytest.approx(budget, abs=1e-10)
    assert binary_divergence(0.2, 0.0) == math.inf
    assert binary_divergence(0.2, 1.0) == math.inf
    assert binary_divergence([0.0, 1.0], [0.0, 1.0]).tolist() == [0, 0]


def test_inverse_broadcasts_and_knows_its_ends():
    shapes = kl_inverse([0.1, 0.2], [[0.0], [1.0], [math.inf]])
    assert shapes.shape == (3, 2)
    np.testing.assert_allclose(shapes[0], [0.1, 0.2], atol=1e-14)
    assert shapes[2].tolist() == [1.0, 1.0]
    assert kl_inverse([], []).shape == (0,)
    assert kl_inverse(1.0, 0.0) == kl_inverse(0.3, 1e300) == 1
    assert kl_inverse(0.0, 0.0) == 5e-324
    assert pac_bayes.kl_inverse is kl_inverse


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: binary_divergence(1.2, 0.5), r"first must lie in \[0, 1\], got 1.2"),
        (lambda: binary_divergence(0.2, math.nan), "second must lie .* got nan"),
        (lambda: kl_inverse(-0.1, 0.5), "risk must lie .* got -0.1"),
        (lambda: kl_inverse(0.1, -0.5), "budget must not be negative, got -0.5"),
    ],
)
def test_what_is_no_probability_or_budget_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
