"""The log-determinant from probes: closed forms against quadrature, exact sums over all signs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

from runtheory.noise import sensitive_neuron_dropout as spread
from runtheory.randomness import stream


def matrix_of(rows: int, *, ridge: float = 0.1, seed: int = 0) -> np.ndarray:
    answers = np.random.default_rng(seed).normal(size=(rows, 2 * rows)) / math.sqrt(2 * rows)
    return spread.ridged_covariance(answers, ridge=ridge)


def every_sign(rows: int) -> np.ndarray:
    return np.array(list(itertools.product((-1.0, 1.0), repeat=rows))).T


def logarithm(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.log(values)) @ vectors.T


@settings(max_examples=25)
@given(low=st.floats(0.01, 2), times=st.floats(1.5, 50))
def test_coefficients_are_those_of_interpolation(low: float, times: float) -> None:
    high = low * times

    def log(t: np.ndarray) -> np.ndarray:
        return np.log((high - low) / 2 * t + (high + low) / 2)

    expected = np.asarray(chebyshev.chebinterpolate(log, 250))  # type: ignore[type-var]
    found = spread.log_coefficients(low, high, degree=20)
    np.testing.assert_allclose(found, expected[:21], atol=1e-9)


def test_the_bound_is_attained_at_the_low_end() -> None:
    low, high = 0.2, 5.0
    for degree in (0, 3, 12):
        coefficients = spread.log_coefficients(low, high, degree=degree)
        at = np.linspace(-1, 1, 2001)
        error = np.abs(
            chebyshev.chebval(at, coefficients) - np.log((high - low) / 2 * at + (high + low) / 2)
        )
        limit = spread.truncation_bound(low, high, degree=degree)
        assert error.max() == pytest.approx(error[0]) == pytest.approx(limit)
    assert spread.truncation_bound(low, high, degree=400) == 0.0


def test_products_are_those_of_the_polynomial_in_a_loop() -> None:
    matrix, probes = matrix_of(5), spread.random_signs(5, 3, generator=stream(0, "signs"))
    values, vectors = np.linalg.eigh(matrix)
    low, high = values[0] / 2, 2 * values[-1]
    coefficients = np.array([0.3, -1.0, 0.5, 0.2])
    scaled = (2 * values - high - low) / (high - low)
    polynomial = (vectors * chebyshev.chebval(scaled, coefficients)) @ vectors.T
    found = spread.series_products(matrix, probes, coefficients=coefficients, low=low, high=high)
    expected = [probe @ polynomial @ probe for probe in probes.T]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    single = spread.series_products(matrix, probes, coefficients=np.ones(1), low=low, high=high)
    np.testing.assert_allclose(single, np.full(3, 5.0))


def test_all_signs_together_give_the_score() -> None:
    matrix = matrix_of(6)
    low, high = 0.05, 10.0
    series = spread.series_products(
        matrix,
        every_sign(6),
        coefficients=spread.log_coefficients(low, high, degree=300),
        low=low,
        high=high,
    )
    quadrature = spread.lanczos_products(matrix, every_sign(6), steps=6)
    exact = spread.spread_score(matrix)
    assert series.mean() / 6 == pytest.approx(exact, rel=1e-10)
    assert quadrature.mean() / 6 == pytest.approx(exact, rel=1e-10)
    assert quadrature.var() == pytest.approx(spread.sign_variance(logarithm(matrix)), rel=1e-9)


def test_lanczos_is_exact_for_each_probe_once_it_is_exhausted() -> None:
    matrix, probes = matrix_of(8), spread.random_signs(8, 4, generator=stream(1, "signs"))
    expected = [probe @ logarithm(matrix) @ probe for probe in probes.T]
    for steps in (8, 30):
        np.testing.assert_allclose(
            spread.lanczos_products(matrix, probes, steps=steps), expected, rtol=1e-10
        )
    same = np.eye(8) * 3
    one_step = spread.lanczos_products(same, probes, steps=5)
    np.testing.assert_allclose(one_step, np.full(4, 8 * math.log(3)))


def test_the_score_of_a_diagonal() -> None:
    assert spread.spread_score(np.diag([1.0, 2.0, 8.0])) == pytest.approx(math.log(16) / 3)


def test_the_numbers_that_the_demo_works_by_hand() -> None:
    matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    assert round(spread.spread_score(matrix), 3) == 0.549
    probes = np.array([[1.0, 1.0], [1.0, -1.0]])
    found = spread.lanczos_products(matrix, probes, steps=2) / 2
    np.testing.assert_allclose(found, [math.log(3), 0], atol=1e-12)
    assert spread.sign_variance(logarithm(matrix) / 2) ** 0.5 == pytest.approx(math.log(3) / 2)


def test_equal_answers_leave_the_ridge() -> None:
    answers = np.tile(np.array([[1.0, 3.0, -2.0]]), (4, 1))
    values = np.linalg.eigvalsh(spread.ridged_covariance(answers, ridge=0.01))
    np.testing.assert_allclose(values[:3], np.full(3, 0.01), rtol=1e-9)
    shifted = spread.ridged_covariance(answers + 5, ridge=0.01)
    np.testing.assert_allclose(shifted, spread.ridged_covariance(answers, ridge=0.01), atol=1e-12)


def test_signs_are_signs() -> None:
    probes = spread.random_signs(50, 400, generator=stream(2, "signs"))
    assert set(np.unique(probes)) == {-1.0, 1.0}
    assert abs(probes.mean()) < 4 / math.sqrt(probes.size)


def test_what_has_no_logarithm_is_refused() -> None:
    with pytest.raises(ValueError, match="positive definite"):
        spread.spread_score(np.diag([1.0, -1.0]))
    with pytest.raises(ValueError, match="positive definite"):
        spread.lanczos_products(np.diag([1.0, -1.0]), np.ones((2, 1)), steps=2)
    with pytest.raises(ValueError, match="low must lie below high"):
        spread.log_coefficients(2.0, 2.0, degree=3)
    with pytest.raises(ValueError, match="symmetric"):
        spread.sign_variance(np.array([[1.0, 2.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="squared_length_of_a_probe must be positive"):
        spread.lanczos_products(np.eye(2), np.zeros((2, 1)), steps=2)
