"""Nearest neighbours within and between samples, by a tree or by brute force (float64, on the CPU).

A k-d tree is fast in few coordinates; in many it visits nearly every point, one at a time. Brute
force takes the distances a block of rows after the other, so that memory stays bounded. Both find
the same distances, and which one is asked follows from the sizes alone.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Points = Float64[np.ndarray, "sample feature"]

BLOCK = 2**20  # distances held at a time: 8 MiB
TREE_COORDINATES = 10  # in more a tree finds the k-th neighbour no faster, measured at 5,000 points
COPIES = 0.01  # the share of points with an exact copy up to which they count as rounding


@dataclass(frozen=True)
class Surroundings:
    """Of every point of a joint sample how many points lie strictly nearer in either variable.

    The radius is the distance to the k-th neighbour in both together, the largest difference of a
    coordinate; the point itself is counted.
    """

    radius: Float64[np.ndarray, "sample"]
    first: Int64[np.ndarray, "sample"]
    second: Int64[np.ndarray, "sample"]


@checked
def counts_by_tree(points: int, coordinates: int) -> bool:
    """Tell whether a tree counts the points near each of so many faster than brute force does.

    Measured with normal points: the two take one time near 6 coordinates for 1,000 points and near
    10 for 20,000, because brute force grows with the square of the points.
    """
    return coordinates <= 6 + 3 * math.log10(max(points, 100) / 1000)


@checked
def kth_distances(
    queries: Points, points: Float64[np.ndarray, "other feature"], rank: int
) -> Float64[np.ndarray, "sample"]:
    """Return the Euclidean distance of every query to the ``rank``-th nearest of the points.

    Raises
    ------
    ValueError
        If ``rank`` lies outside 1 to the number of points, the dimensions differ, or a value is
        not finite.
    """
    checks.in_interval(1, len(points), rank=rank)
    tensor_checks.finite(queries=queries, points=points)
    if queries.shape[1] != points.shape[1]:
        raise ValueError(f"queries must have {points.shape[1]} columns, got {queries.shape[1]}")
    if points.shape[1] <= TREE_COORDINATES:
        return np.asarray(cKDTree(points).query(queries, k=[rank])[0][:, 0])
    all_points = torch.from_numpy(points)
    found = [
        # Differences, not the expanded square: near neighbours must not cancel.
        _smallest(torch.cdist(block, all_points, compute_mode="donot_use_mm_for_euclid_dist"), rank)
        for block in torch.from_numpy(queries).split(max(1, BLOCK // len(points)))
    ]
    return torch.cat(found).numpy()


@checked
def surroundings(
    first: Points, second: Float64[np.ndarray, "sample other_feature"], neighbours: int
) -> Surroundings:
    """Return the radius of every point and the counts within it, see :class:`Surroundings`.

    Raises
    ------
    ValueError
        If ``neighbours`` lies outside 1 to the number of points less one, or a value is not finite.
    """
    checks.in_interval(1, len(first) - 1, neighbours=neighbours)
    tensor_checks.finite(first=first, second=second)
    if counts_by_tree(len(first), first.shape[1] + second.shape[1]):
        return _by_tree(first, second, neighbours)
    return _by_blocks(first, second, neighbours)


@checked
def copies(points: Points) -> int:
    """Return how many points have an exact copy among the others.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    tensor_checks.finite(points=points)
    counts = np.unique(points + 0.0, axis=0, return_counts=True)[1]
    return int(counts[counts > 1].sum())


@checked
def refuse_copies(points: Points) -> None:
    """Raise ``ValueError`` if more than one point in a hundred has an exact copy.

    Neighbour estimators take the laws to have densities: in a sample where every point stands
    twice, half of the neighbours are copies, and the estimate is off by up to log 2.
    """
    found = copies(points)
    if found > COPIES * len(points):
        raise ValueError(
            f"points coincide: at most one in a hundred may have a copy, got {found} "
            f"of {len(points)}"
        )


def _by_tree(first: np.ndarray, second: np.ndarray, neighbours: int) -> Surroundings:
    joint = np.concatenate([first, second], axis=1)  # (sample, feature + other feature)
    radius = np.asarray(cKDTree(joint).query(joint, k=[neighbours + 1], p=np.inf)[0][:, 0])
    # The next number below the radius makes "not farther" mean "strictly nearer".
    strict = np.nextafter(radius, 0)
    inside = [
        cKDTree(part).query_ball_point(part, strict, p=np.inf, return_length=True)
        for part in (first, second)
    ]
    return Surroundings(radius, *inside)


def _by_blocks(first: np.ndarray, second: np.ndarray, neighbours: int) -> Surroundings:
    """Take all distances of a block of points at a time, as many blocks as PyTorch has threads.

    SciPy's distances have the bits of those of ``torch.cdist`` and come faster on one core.
    """
    threads = torch.get_num_threads()
    size = max(1, BLOCK // (len(first) * threads))

    def block(low: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        near = [cdist(part[low : low + size], part, "chebyshev") for part in (first, second)]
        farther = np.maximum(*near)
        farther.partition(neighbours, axis=1)
        radius = farther[:, neighbours].copy()
        inside = [np.count_nonzero(part < radius[:, None], axis=1) for part in near]
        return radius, inside[0], inside[1]

    lows = range(0, len(first), size)
    with ThreadPoolExecutor(threads) as pool:  # which starts none before it is asked
        rows = list((pool.map if threads > 1 else map)(block, lows))
    return Surroundings(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def _smallest(distances: Tensor, rank: int) -> Float64[Tensor, "row"]:
    """Return the ``rank``-th smallest entry of every row."""
    return distances.topk(rank, dim=1, largest=False, sorted=False).values.amax(1)
