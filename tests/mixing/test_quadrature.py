"""Expectations over the side of a box, with and without cuts."""

from __future__ import annotations

import numpy as np
import pytest

from runtheory.mixing.quadrature import (
    expect_over_side,
    side_density,
    side_moment,
    side_nodes,
)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("power", [0.0, 1.0, 3.0, 6.0])
def test_quadrature_reproduces_the_moments_with_and_without_cuts(
    alpha: float, power: float
) -> None:
    exact = side_moment(alpha, power)
    for breaks in (None, np.array([0.1, 0.25, 0.9])):
        assert expect_over_side(lambda r: r**power, alpha, breaks) == pytest.approx(exact, 1e-10)


def test_a_kink_at_a_break_costs_nothing_and_one_without_costs_digits() -> None:
    def beyond(side: np.ndarray) -> np.ndarray:
        return np.maximum(side - 0.3, 0.0)

    exact = 2 / 3 * (1 - 0.3**3) - 0.3 * (1 - 0.3**2)  # at alpha 1 the side has density 2 r
    assert expect_over_side(beyond, 1.0, np.array([0.3])) == pytest.approx(exact, rel=1e-13)
    assert expect_over_side(beyond, 1.0) != pytest.approx(exact, rel=1e-9)
    none, empty = side_nodes(1.0), side_nodes(1.0, np.array([]))
    assert all(np.array_equal(one, other) for one, other in zip(none, empty, strict=True))


def test_the_side_has_density_two_r_at_alpha_one() -> None:
    assert side_density(1.0, np.array([0.25])) == pytest.approx(np.array([0.5]))


def test_an_alpha_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha must be positive"):
        side_moment(0.0, 1.0)


def test_rules_with_too_few_nodes_are_refused() -> None:
    nodes, weights = side_nodes(50.0)
    assert weights.sum() == pytest.approx(1, rel=1e-9)
    assert nodes @ weights == pytest.approx(side_moment(50.0, 1.0), rel=1e-9)
    for alpha in (50.1, 1e6, 0.0, float("nan")):
        with pytest.raises(ValueError, match="alpha must"):
            side_nodes(alpha)
    with pytest.raises(ValueError, match="order must be at least 1"):
        side_nodes(1.0, order=0)
