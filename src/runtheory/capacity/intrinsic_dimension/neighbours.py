"""Distances to the nearest points, on the torus or in space, and to the nearest of another class.

``wrapped`` points lie on the torus $[0, 1)^d$ and are found by a tree; others by a tree in few
coordinates and by brute force in many.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.intrinsic_dimension.torus import Points
from runtheory.information.measures.nearest import BLOCK, TREE_COORDINATES

Labels = Int64[np.ndarray, "sample"]


@checked
def nearest_distances(
    points: Points, count: int, *, wrapped: bool = False
) -> Float64[np.ndarray, "sample rank"]:
    """Return the distances of each point to the ``count`` nearest others, rising.

    Raises
    ------
    ValueError
        If ``count`` lies outside 1 to the number of points less one, a value is not finite, or
        wrapped points leave [0, 1).
    """
    checks.in_interval(1, len(points) - 1, count=count)
    _check(points, wrapped)
    # The first of all is the point itself, or a copy of it, which is as far.
    return _nearest(points, points, count + 1, wrapped)[0][:, 1:]


@checked
def nearest_labels(
    queries: Float64[np.ndarray, "query coordinate"],
    points: Points,
    labels: Labels,
    *,
    wrapped: bool = False,
) -> Int64[np.ndarray, "query"]:
    """Return the label of the point nearest to each query: the nearest-neighbour classifier.

    Raises
    ------
    ValueError
        If there are no points, a value is not finite, or wrapped points leave [0, 1).
    """
    checks.at_least(1, points=len(points))
    _check(points, wrapped)
    _check(queries, wrapped)
    return labels[_nearest(queries, points, 1, wrapped)[1][:, 0]]


@checked
def closest_classes(points: Points, labels: Labels, *, wrapped: bool = False) -> float:
    """Return the smallest distance between two points of different classes, over all pairs.

    Its reciprocal is the label sharpness of the sample [konz2024effect], which takes it over some
    pairs drawn at random.

    Raises
    ------
    ValueError
        If there is one class alone, a value is not finite, or wrapped points leave [0, 1).

    Example
    -------
    >>> import numpy as np
    >>> from runtheory.capacity.intrinsic_dimension.neighbours import closest_classes
    >>> points, labels = np.array([[0.1], [0.2], [0.5], [0.9]]), np.array([0, 0, 1, 1])
    >>> [round(closest_classes(points, labels, wrapped=turn), 9) for turn in (False, True)]
    [0.3, 0.2]
    """
    _check(points, wrapped)
    classes = np.unique(labels)
    checks.at_least(2, classes=len(classes))
    return min(
        float(_nearest(points[labels == one], points[labels > one], 1, wrapped)[0].min())
        for one in classes[:-1]
    )


@checked
def near_class_pairs(
    points: Points, labels: Labels, radius: float, *, wrapped: bool = False
) -> int:
    """Return how many pairs of different classes lie no farther apart than ``radius``.

    Raises
    ------
    ValueError
        If ``radius`` is negative or not finite, a value is not finite, or wrapped points leave
        [0, 1).
    """
    checks.not_negative(radius=radius)
    _check(points, wrapped)
    tree = cKDTree(points, boxsize=1.0 if wrapped else None)
    pairs = tree.query_pairs(radius, output_type="ndarray")
    return int((labels[pairs[:, 0]] != labels[pairs[:, 1]]).sum())


def _nearest(
    queries: np.ndarray, points: np.ndarray, count: int, wrapped: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and places of the ``count`` nearest points, each (query, count)."""
    if wrapped or points.shape[1] <= TREE_COORDINATES:
        tree = cKDTree(points, boxsize=1.0 if wrapped else None)
        found, place = tree.query(queries, k=list(range(1, count + 1)))
        return np.asarray(found), np.asarray(place)
    size = max(1, BLOCK // len(points))
    parts = []
    for low in range(0, len(queries), size):
        apart = cdist(queries[low : low + size], points)
        nearest = apart.argpartition(count - 1, axis=1)[:, :count]
        values = np.take_along_axis(apart, nearest, axis=1)
        order = values.argsort(axis=1)
        parts.append([np.take_along_axis(one, order, axis=1) for one in (values, nearest)])
    distances, places = (np.concatenate(one) for one in zip(*parts, strict=True))
    return distances, places


def _check(points: np.ndarray, wrapped: bool) -> None:
    tensor_checks.finite(points=points)
    if wrapped:
        checks.in_interval(0, 1, ends="[)", points=points)
