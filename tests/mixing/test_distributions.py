"""The law of the pasted area and of the effective lambda, against a simulated box."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runtheory.mixing import CLIPPED, INSIDE, PADDED, Placement
from runtheory.mixing import distributions as dist
from tests.mixing.boxes import continuous_areas

PLACEMENTS = (CLIPPED, INSIDE, PADDED, Placement(0.3))


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_the_distribution_agrees_with_a_simulated_box(placement: Placement, alpha: float) -> None:
    _, area = continuous_areas(placement, alpha)
    root = math.sqrt(len(area))
    points = np.array([0.02, 0.1, 0.3, 0.5, 0.8])
    for point, exact in zip(points, dist.area_cdf(points, alpha, placement), strict=True):
        spread = math.sqrt(exact * (1 - exact)) + 1e-3
        assert abs((area <= point).mean() - exact) < 5 * spread / root


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_densities_are_the_derivatives_of_the_distributions(placement: Placement) -> None:
    points, step = np.array([0.05, 0.2, 0.45, 0.7, 0.93]), 1e-4
    rise = dist.effective_lambda_cdf(points + step, 2.0, placement)
    rise = rise - dist.effective_lambda_cdf(points - step, 2.0, placement)
    density = dist.effective_lambda_density(points, 2.0, placement)
    assert rise / (2 * step) == pytest.approx(density, rel=1e-3)
    ends = dist.area_cdf(np.array([0.0, 1.0]), 2.0, placement)
    assert ends == pytest.approx(np.array([0.0, 1.0]), abs=1e-9)
