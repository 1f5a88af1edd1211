"""One-vs-rest distances: the geometry of more classes than a simplex can hold.

With K > d + 1 classes no simplex ETF exists. [jiang2023generalized] then ask for the configuration
in which each vector is as far as possible from the convex hull of all the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.optimize import nnls
from torch import Tensor

from runtheory.boundary import checked


@dataclass(frozen=True)
class HullDistances:
    """Distance of every vector to the hull of the others, with a certificate.

    ``gaps[k]`` is the Frank-Wolfe gap ||x||^2 - min_j p_j'x at the point x found, with p_j the
    other vectors less the k-th: the true squared distance lies in [distance^2 - gap, distance^2].
    """

    distances: Float64[Tensor, "class"]
    gaps: Float64[Tensor, "class"]

    @property
    def minimum(self) -> Float64[Tensor, ""]:
        """The smallest distance, which the softmax code of [jiang2023generalized] maximises."""
        return self.distances.min()

    @property
    def spread(self) -> Float64[Tensor, ""]:
        """Standard deviation (divisor K) over mean of the distances: GNC2, 0 at collapse."""
        return self.distances.std(correction=0) / self.distances.mean()


@checked
def one_vs_rest_distances(
    vectors: Float[Tensor, "class feature"], *, normalise: bool = True
) -> HullDistances:
    """Return min over the simplex of || sum_j a_j v_j - v_k || for every class k.

    Exact by an active set: with the columns p_j = v_j - v_k of P, the non-negative least squares
    problem min ||P u||^2 + (sum u - 1)^2 has the solution u = s a, and a = u / sum u is the nearest
    point's weights (for fixed a the best s leaves D^2/(1 + D^2), increasing in D = ||P a||).
    Runs on the CPU and hands the result back to the device of ``vectors``. ``normalise`` scales
    every vector to length one first.

    Raises
    ------
    ValueError
        If there are fewer than two vectors, one is not finite, or one is zero under ``normalise``.
    """
    rows = vectors.detach().to("cpu", torch.float64)
    if len(rows) < 2:
        raise ValueError(f"one-vs-rest distances need two vectors or more, got {len(rows)}")
    if not bool(torch.isfinite(rows).all()):
        raise ValueError("vectors must be finite, got entries that are not")
    lengths = torch.linalg.vector_norm(rows, dim=1)
    if normalise:
        if bool((lengths == 0).any()):
            raise ValueError("vectors must not be zero to be scaled to length one, got a zero row")
        rows = rows / lengths[:, None]
    # Only the span matters: min(K, d) coordinates instead of d.
    coordinates = torch.linalg.qr((rows - rows.mean(0)).T, mode="r")[1].numpy()
    pairs = [_nearest(np.delete(coordinates, k, 1) - coordinates[:, [k]]) for k in range(len(rows))]
    result = torch.tensor(pairs, dtype=torch.float64, device=vectors.device)
    return HullDistances(result[:, 0], result[:, 1])


def _nearest(points: np.ndarray) -> tuple[float, float]:
    """Return the norm of the shortest point in the hull of the columns, and its gap."""
    scale = max(float(np.linalg.norm(points, axis=0).max()), np.finfo(np.float64).tiny)
    unit = points / scale
    goal = np.zeros(len(unit) + 1)
    goal[-1] = 1.0
    weights, _ = nnls(np.vstack([unit, np.ones(unit.shape[1])]), goal)
    nearest = unit @ (weights / weights.sum())
    gap = float(nearest @ nearest - (unit.T @ nearest).min())
    return scale * float(np.linalg.norm(nearest)), scale**2 * max(gap, 0.0)
