import numpy as np
import pytest
import torch

from runtheory.information.measures.gaussian_transport import distance_ends, line_distance
from runtheory.information.measures.transport import wasserstein
from runtheory.randomness import stream


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (1.5, 0.2), (-0.3, -2.0), (2.0, 0.0)])
def test_line_distance_is_the_mean_of_a_folded_normal(shift: float, spread: float) -> None:
    grid = np.linspace(-12, 12, 200_001)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    expected = np.sum(np.abs(shift + spread * grid) * density) * (grid[1] - grid[0])
    found = line_distance(np.array([shift]), np.array([spread]))
    assert found[0] == pytest.approx(expected, abs=1e-7)


def test_line_distance_against_sorted_samples() -> None:
    normal = np.sort(np.random.default_rng(0).normal(size=400_000))
    expected = np.abs((0.5 + 0.7 * normal) - normal).mean()
    found = line_distance(np.array([0.5]), np.array([-0.3]))
    assert found[0] == pytest.approx(expected, abs=2e-3)


def test_ends_are_close_and_in_order() -> None:
    layer = torch.randn(5, 8, dtype=torch.float64, generator=stream(0, "layer"))
    shifts = torch.randn(6, 8, dtype=torch.float64, generator=stream(0, "shifts"))
    lower, upper = distance_ends(shifts, layer, shrink=0.05)
    assert np.all(lower <= upper)
    assert np.all(upper < 1.05 * lower)


def test_ends_without_shrinking_are_the_length_of_the_shift() -> None:
    layer = torch.randn(3, 4, dtype=torch.float64, generator=stream(1, "layer"))
    shifts = torch.randn(2, 4, dtype=torch.float64, generator=stream(1, "shifts"))
    lower, upper = distance_ends(shifts, layer, shrink=0.0)
    np.testing.assert_allclose(lower, torch.linalg.vector_norm(shifts @ layer.T, dim=1))
    np.testing.assert_allclose(upper, lower)


def test_ends_hold_a_distance_of_many_points() -> None:
    layer = torch.tensor([[2.0, 0.0], [1.0, 0.5]], dtype=torch.float64)
    shift, shrink = torch.tensor([[1.0, -0.5]], dtype=torch.float64), 0.4
    (lower,), (upper,) = distance_ends(shift, layer, shrink=shrink)
    points = torch.randn(1000, 2, dtype=torch.float64, generator=stream(2, "points"))
    # One cloud moved in the best way known keeps the bias of two clouds out.
    found = wasserstein((shift + (1 - shrink) * points) @ layer.T, points @ layer.T)
    assert lower - 0.03 < found < upper + 0.03


def test_lower_end_on_the_line_is_the_distance() -> None:
    layer = torch.tensor([[3.0]], dtype=torch.float64)
    lower, _ = distance_ends(torch.tensor([[0.1]], dtype=torch.float64), layer, shrink=0.5)
    # N(0.3, 1.5^2) against N(0, 3^2)
    assert lower[0] == pytest.approx(line_distance(np.array([0.3]), np.array([1.5]))[0])


def test_shrink_beyond_one_is_refused() -> None:
    eye = torch.eye(2, dtype=torch.float64)
    with pytest.raises(ValueError, match="shrink must lie in"):
        distance_ends(eye, eye, shrink=1.5)
