r"""The dimension of a sample from the distances of its points to their nearest neighbours.

For distances $T_1 \le \dots \le T_k$ of one point, $S = \sum_{j<k} \ln(T_k / T_j)$; in a space of d
dimensions and one density $d S$ follows a Gamma law of k - 1 (thm-neighbour-ratios). With k = 2 the
pooled estimate is TwoNN's in the form of maximum likelihood [facco2017estimating].
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.spatial import cKDTree

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.intrinsic_dimension.torus import Points
from runtheory.intervals import Interval, mean_interval

Distances = Float64[np.ndarray, "*batch sample rank"]


@checked
def log_ratios(distances: Distances) -> Float64[np.ndarray, "*batch sample"]:
    """Return S of each point, from its distances in rising order.

    Raises
    ------
    ValueError
        If there are fewer than two distances a point, one is not positive and finite (a copy of
        the point), or they do not rise.
    """
    checks.at_least(2, neighbours=distances.shape[-1])
    checks.positive_finite(distances=distances)
    if (np.diff(distances, axis=-1) < 0).any():
        raise ValueError("distances must rise along the last axis")
    return np.log(distances[..., -1:] / distances[..., :-1]).sum(axis=-1)


@checked
def pooled_dimension(distances: Float64[np.ndarray, "sample rank"]) -> float:
    """Return n (k - 1) / sum of S: the likelihood of all points at once [mackay2005comments].

    Infinite where all distances of each point are equal. Raises as ``log_ratios``, and
    ``ValueError`` without points.

    Example
    -------
    >>> import numpy as np
    >>> from runtheory.capacity.intrinsic_dimension.estimators import pooled_dimension
    >>> round(pooled_dimension(np.array([[1.0, 2.0, 4.0], [1.0, 2**0.5, 2.0]])), 4)
    1.2824
    """
    checks.at_least(1, points=len(distances))
    inverse = _inverses(distances).mean()
    return float(1 / inverse) if inverse > 0 else np.inf


@checked
def own_dimensions(
    distances: Float64[np.ndarray, "sample rank"], *, corrected: bool = False
) -> Float64[np.ndarray, "sample"]:
    """Return the estimate of each point alone, (k - 1) / S [levina2004maximum].

    Its mean is d (k - 1) / (k - 2) for k > 2. ``corrected`` divides that out: (k - 2) / S.

    Raises
    ------
    ValueError
        If all distances of a point are equal, k is below 3 where ``corrected``, or as
        ``log_ratios``.
    """
    checks.at_least(3 if corrected else 2, neighbours=distances.shape[-1])
    sums = log_ratios(distances)
    checks.positive(sums=sums)
    return (distances.shape[-1] - (2 if corrected else 1)) / sums


@checked
def split_interval(
    distances: Float64[np.ndarray, "part sample rank"], *, confidence: float = 0.95
) -> Interval:
    """Return the pooled dimension with a t-interval from disjoint parts of a sample.

    Each part's neighbours are sought within it, so that the parts are independent though their
    points are not. The interval is that of the mean of S / (k - 1), turned over; its upper end is
    infinite where the lower one is not positive.

    Raises
    ------
    ValueError
        If there are fewer than two parts, no points, all distances of a point are equal in all
        of them, ``confidence`` lies outside (0, 1), or as ``log_ratios``.
    """
    checks.at_least(1, points=distances.shape[1])
    inverse = mean_interval(_inverses(distances).mean(axis=1), confidence=confidence)
    checks.positive(mean_ratio=inverse.mean)
    return Interval(
        mean=1 / inverse.mean,
        low=1 / inverse.high,
        high=1 / inverse.low if inverse.low > 0 else np.inf,
        standard_error=inverse.standard_error / inverse.mean**2,
        count=inverse.count,
    )


@checked
def radius_score(points: Points, radius: float, *, wrapped: bool = False) -> float:
    r"""Return the sum of $1 - d \ln(R / r_{ij})$ over ordered pairs nearer than R (thm-pairs).

    The derivative of the log-likelihood of all points with their neighbours within ``radius``,
    times d, at the true d, which is the number of coordinates. Raises ``ValueError`` if
    ``radius`` is not positive, is above 1/2 for wrapped points, a value is not finite, wrapped
    points leave [0, 1), or two points within it coincide.
    """
    checks.positive_finite(radius=radius)
    tensor_checks.finite(points=points)
    if wrapped:
        checks.in_interval(0, 0.5, ends="(]", radius=radius)
        checks.in_interval(0, 1, ends="[)", points=points)
    tree = cKDTree(points, boxsize=1.0 if wrapped else None)
    pairs = tree.query_pairs(radius, output_type="ndarray")
    apart = np.abs(points[pairs[:, 0]] - points[pairs[:, 1]])
    if wrapped:
        apart = np.minimum(apart, 1 - apart)
    distances = np.sqrt(np.square(apart).sum(axis=1))
    checks.positive(distances=distances)
    return float(2 * (1 - points.shape[1] * np.log(radius / distances)).sum())


def _inverses(distances: np.ndarray) -> np.ndarray:
    return log_ratios(distances) / (distances.shape[-1] - 1)
