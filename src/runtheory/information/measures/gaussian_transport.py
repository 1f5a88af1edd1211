"""The 1-Wasserstein distance of normal laws: exact on the line, between two ends in space.

In the units of the points, float64.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float64
from scipy.stats import norm
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked

Shifts = Float64[Tensor, "draw input"]
Draws = Float64[np.ndarray, "draw"]
FAR = 38.0  # deviations beyond which the normal density is zero in double precision


@checked
def line_distance(shift: Draws, spread: Draws) -> Draws:
    """Return W1 of N(m, a^2) and N(m', b^2) from m - m' and a - b.

    The coupling by quantiles has the difference m - m' + (a - b) Z, whose mean absolute value is
    that of a folded normal variable.
    """
    shift, spread = np.abs(shift), np.abs(spread)
    near = shift < FAR * spread
    ratio = np.divide(shift, spread, out=np.full_like(shift, FAR), where=near)
    return np.asarray(shift * (2 * norm.cdf(ratio) - 1) + 2 * spread * norm.pdf(ratio))


@checked
def distance_ends(
    shifts: Shifts, layer: Float64[Tensor, "feature input"], *, shrink: float
) -> tuple[Draws, Draws]:
    """Return a lower and an upper end for W1 of N(B s, (1 - t)^2 B B^T) and N(0, B B^T).

    s is a row of ``shifts``, B ``layer``, t ``shrink``. Above, W2, which is
    sqrt(|B s|^2 + t^2 |B|_F^2); below, the distance of the projections on B s, for projections do
    not stretch. On the line both are exact but for the step from W1 to W2.

    Raises
    ------
    ValueError
        If ``shrink`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, shrink=shrink)
    moved = shifts @ layer.T  # (draw, feature)
    length = torch.linalg.vector_norm(moved, dim=1)
    # Deviation of a point along the shift, sqrt(u B B^T u) with u = B s / |B s|.
    along = torch.linalg.vector_norm(moved @ layer, dim=1) / length
    upper = (length.square() + shrink**2 * layer.square().sum()).sqrt()
    return line_distance(length.numpy(), shrink * along.numpy()), upper.numpy()
