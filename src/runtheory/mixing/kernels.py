"""Second-order weights of mixing: how often two pixels come from the partner together.

Expanded to second order around an image, training on mixed images penalises products of the loss's
derivatives at pixels k and l with weight a_kl = E[(1 - M_k)(1 - M_l)], where 1 - M is the
partner's weight at the pixel. Mixup weighs all pairs alike. For CutMix the weight does not rise
along a ray from a pixel; between rays the border decides as well, since pixels near it are pasted
less often ([park2022unified] studies this regularisation view for mixed-sample augmentation in
general).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.placement import CLIPPED, Placement, starts_within
from runtheory.mixing.quadrature import check_alpha, expect_over_side

Array = np.ndarray
Offsets = Float64[np.ndarray, "offset"]


@checked
def mixup_kernel(alpha: float) -> float:
    """Return E[(1 - lambda)^2] = (alpha + 1) / (2 (2 alpha + 1)); 1/3 at alpha = 1."""
    check_alpha(alpha)
    return (alpha + 1) / (2 * (2 * alpha + 1))


@checked
def toroidal_kernel(vertical: Offsets, horizontal: Offsets, alpha: float) -> Offsets:
    """Return E[(r - |dy|)+ (r - |dx|)+] for pairs of points at the given offsets in (-1, 1).

    The law of points whose box is never cut by the border. On a circle a pair is also joined the
    other way round, at distance 1 - |d|; that wrapped term is left out, as it has no counterpart
    in an image.
    """
    pairs = zip(np.abs(vertical), np.abs(horizontal), strict=True)
    values = [_toroidal(float(dy), float(dx), alpha) for dy, dx in pairs]
    return np.array(values, dtype=np.float64)


@checked
def placed_kernel(
    first: tuple[float, float],
    second: tuple[float, float],
    alpha: float,
    *,
    placement: Placement = CLIPPED,
) -> float:
    """Return P(both points (y, x) of the unit square are pasted), by quadrature over r.

    On one axis both points are in the box when its start lies in (max - r, min]. With the two
    points equal this is the coverage of that point.

    Raises
    ------
    ValueError
        If a coordinate lies outside [0, 1] or alpha is not positive.
    """
    checks.in_interval(0, 1, first=first, second=second)
    low = np.minimum(first, second)
    high = np.maximum(first, second)

    def together(side: Array) -> Array:
        column = side[:, None]  # (side, axis)
        chance = starts_within(placement, column, low=high[None, :] - column, high=low[None, :])
        return np.asarray(chance.prod(axis=1))

    return float(expect_over_side(together, alpha, _pair_kinks(low, high, placement)))


def _toroidal(dy: float, dx: float, alpha: float) -> float:
    def overlap(side: Array) -> Array:
        return np.asarray(np.clip(side - dy, 0, None) * np.clip(side - dx, 0, None))

    breaks = np.array([cut for cut in {dy, dx} if 0 < cut < 1], dtype=np.float64)
    return float(expect_over_side(overlap, alpha, breaks))


def _pair_kinks(low: Array, high: Array, placement: Placement) -> Array:
    theta = placement.overhang
    kinks = [high - low]
    for share in (theta, 1 - theta):
        if share > 0:
            # A start or an end of its range meets one of the two points.
            kinks += [low / share, high / share, (1 - low) / share, (1 - high) / share]
    sides = np.unique(np.concatenate(kinks))
    return sides[(sides > 1e-12) & (sides < 1 - 1e-12)]
