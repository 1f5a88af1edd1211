"""Divergences and transport distances: closed forms, oracles and what they refuse."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runtheory.information.measures import divergence_estimates as estimates
from runtheory.information.measures import divergences as div
from runtheory.information.measures import transport


def normal(count, dimension, shift=0.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn((count, dimension), generator=generator, dtype=torch.float64)
    points[:, 0] += shift
    return points


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
    p = torch.tensor(weights, dtype=torch.float64) / sum(weights)
    q = p.flip(0)
    assert float(div.discrete_kl(p, q)) == pytest.approx(
        float(stats.entropy(p.numpy(), q.numpy())), abs=1e-12
    )
    point = torch.zeros_like(p)
    point[0] = 1
    assert float(div.discrete_kl(point, p)) == pytest.approx(-math.log(float(p[0])), abs=1e-12)


@pytest.mark.parametrize(("dimension", "low", "high"), [(1, 0.40, 0.58), (5, 0.45, 0.66)])
def test_nearest_neighbours_estimate_a_shift_in_few_dimensions(dimension, low, high):
    shift = {1: 1.0, 5: math.sqrt(1.25)}[dimension]  # 0.5 and 0.625 nats
    found = estimates.knn_kl(normal(4000, dimension, shift), normal(4000, dimension, seed=1))
    assert low < found < high


def test_nearest_neighbours_fall_far_short_in_twenty_dimensions():
    found = estimates.knn_kl(normal(2000, 20, math.sqrt(1.25)), normal(2000, 20, seed=1))
    assert found < 0.5  # of 0.625


def test_nearest_neighbours_against_loops_for_unequal_sizes():
    first, second = normal(12, 2, 0.5), normal(9, 2, seed=3)
    total = 0.0
    for i in range(12):
        own = sorted(float((first[i] - first[j]).norm()) for j in range(12) if j != i)
        other = sorted(float((first[i] - point).norm()) for point in second)
        total += math.log(other[1] / own[1])
    expected = 2 / 12 * total + math.log(9 / 11)
    assert estimates.knn_kl(first, second, neighbours=2) == pytest.approx(expected, abs=1e-12)


def test_a_classifier_estimates_a_shift_in_many_dimensions():
    first, second = normal(4000, 20, math.sqrt(1.25)), normal(6000, 20, seed=1)
    found = estimates.classifier_kl(first, second, generator=torch.Generator().manual_seed(0))
    for value in (found.plug_in, found.donsker_varadhan, found.nwj):
        assert abs(value - 0.625) < 0.08
    assert found.nwj <= found.donsker_varadhan
    assert abs(found.nwj - 0.625) < 5 * found.nwj_error + 0.02
    assert 0.005 < found.plug_in_error < found.nwj_error < 0.1


def test_a_classifier_finds_nothing_between_equal_laws():
    first, second = normal(3000, 3), normal(1000, 3, seed=1)
    found = estimates.classifier_kl(first, second, generator=torch.Generator().manual_seed(0))
    assert abs(found.plug_in) < 5 * found.plug_in_error + 0.01
    assert found.nwj < 5 * found.nwj_error


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=12),
    st.lists(st.floats(-5, 5), min_size=1, max_size=12),
)
def test_transport_on_the_line_against_scipy(first, second):
    left = torch.tensor(first, dtype=torch.float64)
    right = torch.tensor(second, dtype=torch.float64)
    expected = stats.wasserstein_distance(first, second)
    assert float(transport.wasserstein_line(left, right)) == pytest.approx(expected, abs=1e-12)
    repeated = transport.wasserstein_line(left.repeat(3), right)
    assert float(repeated) == pytest.approx(expected, abs=1e-12)


def test_transport_on_the_line_between_normal_laws():
    """Folded normal: difference of quantiles D + t Z."""
    count = 200_000
    levels = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    quantiles = torch.special.ndtri(levels)
    found = transport.wasserstein_line(quantiles, 0.1 + 1.3 * quantiles)
    assert float(found) == pytest.approx(stats.foldnorm.mean(0.1 / 0.3, scale=0.3), rel=1e-4)


def test_transport_on_the_line_takes_rows():
    first, second = normal(4, 30), normal(4, 17, seed=2)
    rows = transport.wasserstein_line(first, second)
    for k in range(4):
        assert float(rows[k]) == float(transport.wasserstein_line(first[k], second[k]))


@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_slices_of_a_shift(dimension):
    points = normal(50, dimension)
    shift = normal(1, dimension, seed=5)
    exact = float(shift.norm()) * math.gamma(dimension / 2)
    exact /= math.sqrt(math.pi) * math.gamma((dimension + 1) / 2)
    generator = torch.Generator().manual_seed(0)
    found = transport.sliced_wasserstein(
        points, points + shift, directions=4000, generator=generator
    )
    assert abs(found.value - exact) <= 4 * found.standard_error + 1e-12
    assert found.standard_error < 0.02 * float(shift.norm())


@pytest.mark.parametrize("dimension", [1, 3])
def test_exact_transport_and_what_lies_below_it(dimension):
    first, second = normal(60, dimension), normal(40, dimension, 0.7, seed=4)
    exact = transport.wasserstein(first, second)
    generator = torch.Generator().manual_seed(0)
    assert transport.sliced_wasserstein(first, second, generator=generator).value <= exact + 1e-12
    assert float((first.mean(0) - second.mean(0)).norm()) <= exact + 1e-12
    if dimension == 1:
        line = transport.wasserstein_line(first[:, 0], second[:, 0])
        assert exact == pytest.approx(float(line), abs=1e-10)
    moved = transport.wasserstein(first, first + 0.5)
    assert moved == pytest.approx(0.5 * math.sqrt(dimension), abs=1e-9)
    # A 1-Lipschitz map does not increase it.
    assert transport.wasserstein(first.tanh(), second.tanh()) <= exact + 1e-12


def test_two_samples_of_one_law_are_never_at_distance_zero():
    wide = transport.wasserstein(normal(200, 10), normal(200, 10, seed=9))
    narrow = transport.wasserstein(normal(200, 1), normal(200, 1, seed=9))
    assert narrow < 0.3 < 2 < wide


def test_points_of_single_precision_are_widened():
    first, second = normal(40, 2).float(), normal(40, 2, 1.0, seed=2).float()
    assert transport.wasserstein_line(first.T, second.T).dtype == torch.float64
    wide = estimates.knn_kl(first.double(), second.double())
    assert estimates.knn_kl(first, second) == pytest.approx(wide, abs=1e-12)


def test_importing_loads_neither_transport_solver_nor_scikit_learn():
    for module in (estimates, transport):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        names = {
            name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        }
        assert "torch" in names
        assert not {"ot", "sklearn.linear_model"} & names


UNIT = torch.eye(2, dtype=torch.float64)
ZERO = torch.zeros(2, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: div.Gaussian(ZERO, torch.diag(ZERO)), "must be positive definite, got the eig"),
        (lambda: div.Gaussian(ZERO, UNIT + torch.triu(UNIT + 1)), "must be symmetric"),
        (
            lambda: div.gaussian_kl(gaussian(2, 0), gaussian(3, 0)),
            "must have the same dimension, got 2 and 3",
        ),
        (lambda: div.discrete_kl(ZERO + 0.5, torch.tensor([1.0, 0.0])), "supports differ"),
        (lambda: div.discrete_kl(ZERO + 0.5, torch.tensor([1.5, -0.5])), r"lie in \[0, 1\]"),
        (lambda: div.discrete_kl(ZERO + 0.5, ZERO + 0.4), "sum to 1"),
        (lambda: estimates.knn_kl(normal(5, 1), normal(9, 1, seed=1)), "5 neighbours need"),
        (lambda: estimates.knn_kl(normal(9, 1), normal(4, 1, seed=1)), "got 9 and 4 points"),
        (lambda: estimates.knn_kl(normal(9, 1), normal(9, 2)), "same dimension, got 1 and 2"),
        (lambda: estimates.knn_kl(normal(9, 1) * 0, normal(9, 1)), "points coincide"),
        (
            lambda: estimates.classifier_kl(
                normal(3, 1), normal(9, 1), generator=torch.Generator()
            ),
            "each sample needs 4 points, got 3 and 9",
        ),
        (
            lambda: estimates.classifier_kl(
                normal(9, 1), normal(9, 1), generator=torch.Generator(), penalty=0.0
            ),
            "penalty must be positive",
        ),
        (lambda: transport.wasserstein_line(ZERO[:0], ZERO), "must not be empty, got 0 and 2"),
        (
            lambda: transport.sliced_wasserstein(
                normal(5, 2), normal(5, 2), directions=1, generator=torch.Generator()
            ),
            "directions must be at least 2",
        ),
        (lambda: transport.wasserstein(normal(5, 2), normal(5, 3)), "same dimension, got 2 and 3"),
        (lambda: transport.wasserstein(normal(9, 2), normal(5, 2), most=8), "1 to 8 points, got 9"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_product_of_a_matrix_with_its_transpose_is_symmetric_enough() -> None:
    covariance = torch.eye(3, dtype=torch.float64)
    covariance[0, 1], covariance[1, 0] = 1e-17, -1e-17  # the rounding of B B'
    law = div.Gaussian(torch.zeros(3, dtype=torch.float64), covariance)
    assert float(div.gaussian_kl(law, law)) == 0.0
    covariance[0, 1] = 1e-6
    with pytest.raises(ValueError, match="symmetric"):
        div.Gaussian(torch.zeros(3, dtype=torch.float64), covariance)
