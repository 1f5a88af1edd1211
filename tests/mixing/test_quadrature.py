"""Expectations over the side of a box, with and without cuts."""

from __future__ import annotations

import numpy as np
import pytest

from runtheory.mixing.quadrature import (
    expect_over_side,
    side_density,
    side_moment,
)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("power", [0.0, 1.0, 3.0, 6.0])
def test_quadrature_reproduces_the_moments_with_and_without_cuts(
    alpha: float, power: float
) -> None:
    exact = side_moment(alpha, power)
    for breaks in (None, np.array([0.1, 0.25, 0.9])):
        assert expect_over_side(lambda r: r**power, alpha, breaks) == pytest.approx(exact, 1e-10)


def test_the_side_has_density_two_r_at_alpha_one() -> None:
    assert side_density(1.0, np.array([0.25])) == pytest.approx(np.array([0.5]))


def test_an_alpha_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha must be positive"):
        side_moment(0.0, 1.0)
