from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from runtheory.information.measures import divergence_estimates as estimates
from runtheory.information.measures import divergences as div
from runtheory.information.measures import transport
from runtheory.information.measures.divergences import binary_divergence, kl_inverse
from tests.information.shared import PRECISE, normal, precise_kl, unchecked


def gaussian(dimension, seed):
    mean = normal(1, dimension, seed=seed)[0]
    root = normal(dimension, dimension, seed=seed + 100)
    return div.Gaussian(mean, root @ root.T + 0.3 * torch.eye(dimension, dtype=torch.float64))


@given(st.integers(1, 6), st.integers(0, 50))
def test_the_divergence_of_gaussians_against_determinants_and_inverses(dimension, seed):
    first, second = gaussian(dimension, seed), gaussian(dimension, seed + 7)
    p, q = first.covariance.numpy(), second.covariance.numpy()
    shift = (first.mean - second.mean).numpy()
    inverse = np.linalg.inv(q)
    expected = np.trace(inverse @ p) + shift @ inverse @ shift - dimension
    expected += np.linalg.slogdet(q)[1] - np.linalg.slogdet(p)[1]
    assert float(div.gaussian_kl(first, second)) == pytest.approx(expected / 2, rel=1e-9)
    assert float(div.gaussian_kl(first, first)) == pytest.approx(0, abs=1e-12)


def test_the_divergence_of_gaussians_that_are_shifted():
    unit = torch.eye(3, dtype=torch.float64)
    mean = torch.tensor([1.0, 2.0, -2.0], dtype=torch.float64)
    first, second = div.Gaussian(mean, unit), div.Gaussian(torch.zeros_like(mean), unit)
    assert float(div.gaussian_kl(first, second)) == pytest.approx(4.5, abs=1e-14)


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6))
def test_the_divergence_of_finite_laws(weights):
    p = np.array(weights) / sum(weights)
    assert div.discrete_kl(p, p[::-1]) == pytest.approx(stats.entropy(p, p[::-1]), abs=1e-12)
    point = np.zeros_like(p)
    point[0] = 1
    assert div.discrete_kl(point, p) == pytest.approx(-math.log(p[0]), abs=1e-12)


def test_points_of_single_precision_are_widened():
    first, second = normal(40, 2).float(), normal(40, 2, 1.0, seed=2).float()
    assert transport.wasserstein_line(first.T, second.T).dtype == torch.float64
    wide = estimates.knn_kl(first.double(), second.double())
    assert estimates.knn_kl(first, second) == pytest.approx(wide, abs=1e-12)


UNIT = torch.eye(2, dtype=torch.float64)

ZERO = torch.zeros(2, dtype=torch.float64)


def test_a_product_of_a_matrix_with_its_transpose_is_symmetric_enough() -> None:
    covariance = torch.eye(3, dtype=torch.float64)
    covariance[0, 1], covariance[1, 0] = 1e-17, -1e-17  # the rounding of B B'
    law = div.Gaussian(torch.zeros(3, dtype=torch.float64), covariance)
    assert float(div.gaussian_kl(law, law)) == 0.0
    covariance[0, 1] = 1e-6
    with pytest.raises(ValueError, match="symmetric"):
        div.Gaussian(torch.zeros(3, dtype=torch.float64), covariance)


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: binary_divergence(1.2, 0.5), r"first must lie in \[0, 1\], got 1.2"),
        (lambda: binary_divergence(0.2, math.nan), "second must .* got nan"),
        (lambda: kl_inverse(-0.1, 0.5), "risk must lie .* got -0.1"),
        (lambda: kl_inverse(0.1, -0.5), "budget must not be negative, got -0.5"),
    ],
)
def test_what_is_no_probability_or_budget_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: div.Gaussian(ZERO, torch.diag(ZERO)), "must be positive definite, got the eig"),
        (lambda: div.Gaussian(ZERO, UNIT + torch.triu(UNIT + 1)), "must be symmetric"),
        (
            lambda: div.gaussian_kl(gaussian(2, 0), gaussian(3, 0)),
            "must have the same dimension, got 2 and 3",
        ),
        (lambda: div.discrete_kl(np.full(2, 0.5), np.array([1.0, 0.0])), "supports differ"),
        (lambda: div.discrete_kl(np.full(2, 0.5), np.array([1.5, -0.5])), r"lie in \[0, 1\]"),
        (lambda: div.discrete_kl(np.full(2, 0.5), np.full(2, 0.4)), "sum to 1"),
    ],
)
def test_wrong_arguments_of_divergences_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_laws_that_are_none_have_no_divergence() -> None:
    law, other = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.25, 0.25])
    for wrong in (np.array([1.0]), law[:, None], law * np.nan, law * 2, np.array([1.5, -0.5, 0.0])):
        for pair in ((wrong, other), (law, wrong)):
            with pytest.raises(ValueError, match=r"must have|must lie in"):
                unchecked(div.discrete_kl)(*pair)
    assert div.discrete_kl(law, law) == 0


def test_a_normal_law_has_a_mean_and_a_covariance_of_one_dimension() -> None:
    mean, covariance = torch.zeros(2), torch.eye(2)
    for wrong, text in [
        ((mean * math.nan, covariance), "mean must be finite"),
        ((mean, covariance * math.inf), "covariance must be finite"),
        ((mean, torch.eye(3)), "must have shapes"),
        ((mean[:, None], covariance), "must have shapes"),
    ]:
        with pytest.raises(ValueError, match=text):
            unchecked(div.Gaussian)(*wrong)


def test_numbers_are_real_and_broadcast() -> None:
    for wrong in ("0.5", 1j, None, [True], [0.1, "x"]):
        with pytest.raises(TypeError, match="risk must be real numbers"):
            unchecked(kl_inverse)(wrong, 0.1)
    with pytest.raises(ValueError, match="risk must have rows of one length"):
        unchecked(kl_inverse)([[0.1], [0.1, 0.2]], 0.1)
    with pytest.raises(ValueError, match="must broadcast"):
        kl_inverse([0.1, 0.2], [0.1, 0.2, 0.3])
