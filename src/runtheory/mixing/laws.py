"""The continuous box of CutMix in closed form (all in float64).

The image is the unit square. The box has side r = sqrt(1 - lambda), lambda ~ Beta(alpha, alpha),
and is placed by a :class:`Placement` with overhang theta: its start is uniform on a range of
length L(r) = 1 - (1 - 2 theta) r along either axis, independently given r. What is left of a side
inside the image is called its visible length. The area is the product of two visible lengths and
lambda_eff = 1 - area. Of [yun2019cutmix] we read the abstract and the code, which places boxes by
the clipped rule only; the laws are our own.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.placement import CLIPPED, Placement, range_length, starts_within
from runtheory.mixing.quadrature import check_alpha, expect_over_side, side_moment

Array = np.ndarray
Sides = Float64[np.ndarray, "side"]


@checked
def mean_length_given_side(side: Sides, placement: Placement = CLIPPED) -> Sides:
    """Return E[visible length | r] = r - theta^2 r^2 / L(r); clipped: r - r^2 / 4."""
    return np.asarray(side - placement.overhang**2 * side**2 / _positive_range(side, placement))


@checked
def mean_square_length_given_side(side: Sides, placement: Placement = CLIPPED) -> Sides:
    """Return E[visible length^2 | r]; clipped: r^2 - 5 r^3 / 12.

    The length is r with probability (1 - r) / L, else uniform on [(1 - theta) r, r) with density
    2 / L: the integral is r^2 (1 - r) / L + 2 r^3 (1 - (1 - theta)^3) / (3 L).
    """
    length = _positive_range(side, placement)
    cut = 2 * (1 - (1 - placement.overhang) ** 3) / 3  # the integral of 2 v^2, over r^3
    spread = (side**2 * (1 - side) + cut * side**3) / length
    return np.asarray(spread + _point_mass(side, placement))


@checked
def mean_area_given_side(side: Sides, placement: Placement = CLIPPED) -> Sides:
    """Return E[area | r] = E[visible length | r]^2; clipped: r^2 (1 - r / 4)^2, at most 9/16."""
    return mean_length_given_side(side, placement) ** 2


@checked
def mean_area(alpha: float, placement: Placement = CLIPPED) -> float:
    """Return E[area] = 1 - E[lambda_eff].

    Clipped: 1/2 - E[r^3] / 2 + (alpha + 1) / (32 (2 alpha + 1)), which is 77/240 at alpha = 1.
    Inside: 1/2. Other placements by quadrature.
    """
    if placement == CLIPPED:
        check_alpha(alpha)
        return 0.5 - side_moment(alpha, 3.0) / 2 + (alpha + 1) / (32 * (2 * alpha + 1))
    return float(expect_over_side(lambda side: mean_area_given_side(side, placement), alpha))


@checked
def area_variance(alpha: float, placement: Placement = CLIPPED) -> float:
    """Return Var(area) = Var(lambda_eff).

    Clipped: E[area^2] = E[r^4] - 5 E[r^5] / 6 + 25 E[r^6] / 144; otherwise by quadrature.
    """
    if placement == CLIPPED:
        square = side_moment(alpha, 4.0) - 5 * side_moment(alpha, 5.0) / 6
        square += 25 * side_moment(alpha, 6.0) / 144
    else:
        square = float(
            expect_over_side(lambda s: mean_square_length_given_side(s, placement) ** 2, alpha)
        )
    return square - mean_area(alpha, placement) ** 2


@checked
def nominal_correlation(alpha: float, placement: Placement = CLIPPED) -> float:
    """Return the correlation of lambda and lambda_eff; Var(lambda) = 1 / (4 (2 alpha + 1))."""
    product = expect_over_side(lambda s: s**2 * mean_area_given_side(s, placement), alpha)
    covariance = float(product) - mean_area(alpha, placement) / 2  # E[r^2] is 1/2
    spread = area_variance(alpha, placement) / (4 * (2 * alpha + 1))
    return covariance / float(np.sqrt(spread))


@checked
def probability_not_clipped(alpha: float, placement: Placement = CLIPPED) -> float:
    """Return P(the box lies inside) = E[((1 - r) / L)^2]; clipped, alpha = 1: 1/6."""
    if placement == CLIPPED:
        return 1.5 - 2 * side_moment(alpha, 1.0)

    def both(side: Array) -> Array:
        return np.asarray(((1 - side) / range_length(placement, side)) ** 2)

    return float(expect_over_side(both, alpha))


@checked
def coverage_given_side(
    side: Sides, position: Float64[np.ndarray, "position"], placement: Placement = CLIPPED
) -> Float64[np.ndarray, "side position"]:
    """Return P(a point of the axis is pasted | r): the share of starts in (x - r, x].

    Raises
    ------
    ValueError
        If a side or a position lies outside [0, 1].
    """
    checks.in_interval(0, 1, side=side, position=position)
    column = side[:, None]  # (side, position)
    return starts_within(placement, column, low=position[None, :] - column, high=position[None, :])


@checked
def coverage(
    vertical: float, horizontal: float, alpha: float = 1.0, *, placement: Placement = CLIPPED
) -> float:
    """Return P(the point is pasted), both coordinates in [0, 1].

    Clipped: E[r^2] = 1/2 at the centre, E[r^2] / 4 = 1/8 at a corner, for every alpha. Padded:
    the same everywhere.

    Raises
    ------
    ValueError
        If a coordinate lies outside [0, 1] or alpha is not positive.
    """
    checks.in_interval(0, 1, vertical=vertical, horizontal=horizontal)
    points = np.array([vertical, horizontal])

    def both(side: Array) -> Array:
        return np.asarray(coverage_given_side(side, points, placement).prod(axis=1))

    return float(expect_over_side(both, alpha, coverage_kinks(points, placement)))


@checked
def coverage_kinks(points: Float64[np.ndarray, "point"], placement: Placement) -> Array:
    """Return the sides in (0, 1) at which the coverage of ``points`` in [0, 1] has a kink."""
    checks.in_interval(0, 1, points=points)
    theta = placement.overhang
    kinks = [points / share for share in (theta, 1 - theta) if share > 0]
    kinks += [(1 - points) / share for share in (theta, 1 - theta) if share > 0]
    sides = np.unique(np.concatenate(kinks))
    return sides[(sides > 1e-12) & (sides < 1 - 1e-12)]


@checked
def label_over_credit(alpha: float, placement: Placement = CLIPPED) -> float:
    """Return E[1 - lambda] - E[area], what an uncorrected label over-credits the partner.

    Clipped, alpha = 1: 1/2 - 77/240 = 43/240.
    """
    return 0.5 - mean_area(alpha, placement)


@checked
def label_smoothing(probability: float, alpha: float, placement: Placement = CLIPPED) -> float:
    """Return the average label smoothing epsilon = probability * E[area].

    With a partner independent of the image, E[y~ | y] = (1 - epsilon) y + epsilon * class prior.

    Raises
    ------
    ValueError
        If ``probability`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, probability=probability)
    return probability * mean_area(alpha, placement)


@checked
def batch_mean_variance(between: float, within: float, batch: int, *, shared: bool) -> float:
    """Return the variance of a batch mean of g under one lambda per batch or per image.

    With V_b = Var(E[g | lambda]) and V_w = E[Var(g | lambda)] (law of total variance): shared
    V_b + V_w / B, else (V_b + V_w) / B. The first term of the shared law does not fall with B.

    Raises
    ------
    ValueError
        If ``batch`` is below 1 or a variance is negative.
    """
    checks.at_least(1, batch=batch)
    checks.not_negative(between=between, within=within)
    return between + within / batch if shared else (between + within) / batch


def _positive_range(side: Sides, placement: Placement) -> Sides:
    length = range_length(placement, side)
    return np.where(length > 0, length, 1.0)


def _point_mass(side: Sides, placement: Placement) -> Sides:
    # Only for boxes inside the image at r = 1: the range is a point and the length is surely 1.
    return np.where(range_length(placement, side) > 0, 0.0, 1.0)
