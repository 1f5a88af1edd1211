"""Distribution of the pasted area and of lambda_eff, for the continuous box (float64).

Given r, a visible length is r with probability (1 - r) / L and else uniform on [(1 - theta) r, r)
with density 2 / L; the two axes are independent (see :mod:`runtheory.mixing.laws`).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from runtheory.boundary import checked
from runtheory.mixing.placement import CLIPPED, Placement, range_length
from runtheory.mixing.quadrature import expect_over_side, side_density

Array = np.ndarray
Points = Float64[np.ndarray, "point"]
Sides = Float64[np.ndarray, "side"]


@checked
def area_cdf_given_side(area: float, side: Sides, placement: Placement = CLIPPED) -> Array:
    """Return P(area <= a | r) for sides r in (0, 1), exactly.

    Three parts: both sides whole, one cut, both cut; the last is an integral of 4 / L^2 over
    the pairs of lengths whose product is at most a.
    """
    length = range_length(placement, side)
    shortest = (1 - placement.overhang) * side
    whole = (1 - side) / length  # the chance that a side is not cut
    # Beside a whole side the other may be this long, beside the shortest one this long.
    reached = np.clip(area / side, shortest, side)
    one_cut = 2 * (reached - shortest) / length
    top = np.clip(area / np.maximum(shortest, 1e-300), reached, side)
    logarithm = np.log(top / np.maximum(reached, 1e-300))
    both_cut = 4 * ((side - shortest) * (reached - shortest) + area * logarithm)
    both_cut -= 4 * shortest * (top - reached)  # the hyperbola starts at the shortest length
    uncut = whole**2 * (side**2 <= area)  # an atom at r^2
    return np.asarray(uncut + 2 * whole * one_cut + both_cut / length**2)


@checked
def area_density_given_side(area: float, side: Sides, placement: Placement = CLIPPED) -> Array:
    """Return the density of the area given r, without its atom at r^2 of mass ((1 - r) / L)^2."""
    length = range_length(placement, side)
    shortest = (1 - placement.overhang) * side
    whole = (1 - side) / length
    one_cut = 2 / (side * length) * ((area >= shortest * side) & (area < side**2))
    reached = np.clip(area / side, shortest, side)
    top = np.clip(area / np.maximum(shortest, 1e-300), reached, side)
    both_cut = 4 * np.log(top / np.maximum(reached, 1e-300)) / length**2
    return np.asarray(2 * whole * one_cut + both_cut)


@checked
def area_cdf(area: Points, alpha: float, placement: Placement = CLIPPED) -> Points:
    """Return P(area <= a), by quadrature over r cut at the kinks of the conditional law."""
    return np.array([_area_cdf(float(point), alpha, placement) for point in area])


@checked
def area_density(area: Points, alpha: float, placement: Placement = CLIPPED) -> Points:
    """Return the density of the area for a in (0, 1): the atoms at r^2 spread out, plus the rest.

    Each r has an atom at a = r^2, which contributes ((1 - r) / L)^2 f(r) / (2 r) at r = sqrt(a).
    """
    side = np.sqrt(area)
    whole = (1 - side) / range_length(placement, side)
    atoms = whole**2 * side_density(alpha, side) / (2 * side)
    rest = [_cut_density(float(point), alpha, placement) for point in area]
    return np.asarray(atoms + np.array(rest, dtype=np.float64))


@checked
def effective_lambda_cdf(value: Points, alpha: float, placement: Placement = CLIPPED) -> Points:
    """Return P(lambda_eff <= v) = 1 - P(area <= 1 - v); the law has no atom."""
    return 1 - area_cdf(1 - value, alpha, placement)


@checked
def effective_lambda_density(value: Points, alpha: float, placement: Placement = CLIPPED) -> Points:
    """Return the density of lambda_eff = 1 - area for v in (0, 1)."""
    return area_density(1 - value, alpha, placement)


def _area_cdf(area: float, alpha: float, placement: Placement) -> float:
    if area <= 0:
        return 0.0
    return float(
        expect_over_side(
            lambda side: area_cdf_given_side(area, side, placement),
            alpha,
            _area_kinks(area, placement),
        )
    )


def _cut_density(area: float, alpha: float, placement: Placement) -> float:
    return float(
        expect_over_side(
            lambda side: area_density_given_side(area, side, placement),
            alpha,
            _area_kinks(area, placement),
        )
    )


def _area_kinks(area: float, placement: Placement) -> Array:
    least = 1 - placement.overhang  # the least visible part of a side
    root = np.sqrt(area)
    points = [root, root / np.sqrt(least), root / least] if least > 0 else [root]
    sides = np.unique(np.array(points))
    return sides[(sides > 1e-12) & (sides < 1 - 1e-12)]
