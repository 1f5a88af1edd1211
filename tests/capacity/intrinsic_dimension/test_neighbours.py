"""Nearest neighbours by a loop over all pairs, on the torus and in space."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.intrinsic_dimension import neighbours, torus
from runtheory.randomness import stream


def distance(x: np.ndarray, y: np.ndarray, wrapped: bool) -> float:
    """The shortest of all ways round the torus, one coordinate at a time."""
    total = 0.0
    for a, b in zip(x, y, strict=True):
        turns = (-1, 0, 1) if wrapped else (0,)
        total += min(abs(a - b + turn) for turn in turns) ** 2
    return math.sqrt(total)


@given(seed=st.integers(0, 200), wrapped=st.booleans(), count=st.integers(1, 5))
def test_distances_are_those_of_a_loop(seed, wrapped, count) -> None:
    points = torus.draw_points(8, 3, generator=stream(seed, "points"))
    found = neighbours.nearest_distances(points, count, wrapped=wrapped)
    for i, row in enumerate(found):
        others = sorted(distance(points[i], points[j], wrapped) for j in range(8) if j != i)
        assert row.tolist() == pytest.approx(others[:count])


def test_many_coordinates_are_searched_by_brute_force_in_blocks(monkeypatch) -> None:
    points = torus.draw_points(30, 12, generator=stream(1, "points"))
    monkeypatch.setattr(neighbours, "BLOCK", 100)
    found = neighbours.nearest_distances(points, 4)
    for i in (0, 13, 29):
        others = sorted(distance(points[i], points[j], False) for j in range(30) if j != i)
        assert found[i].tolist() == pytest.approx(others[:4])


@pytest.mark.parametrize(("coordinates", "wrapped"), [(2, True), (2, False), (12, False)])
def test_labels_and_classes_are_those_of_a_loop(coordinates, wrapped) -> None:
    generator = stream(2, "points")
    points = torus.draw_points(25, coordinates, generator=generator)
    queries = torus.draw_points(9, coordinates, generator=generator)
    labels = np.arange(25) % 3
    found = neighbours.nearest_labels(queries, points, labels, wrapped=wrapped)
    for one, query in zip(found, queries, strict=True):
        assert one == labels[np.argmin([distance(query, x, wrapped) for x in points])]
    apart = [
        distance(points[i], points[j], wrapped)
        for i, j in product(range(25), repeat=2)
        if labels[i] != labels[j]
    ]
    closest = neighbours.closest_classes(points, labels, wrapped=wrapped)
    assert closest == pytest.approx(min(apart))


@given(seed=st.integers(0, 200), wrapped=st.booleans(), radius=st.floats(0, 0.6))
def test_near_pairs_of_two_classes_are_those_of_a_loop(seed, wrapped, radius) -> None:
    points = torus.draw_points(9, 2, generator=stream(seed, "pairs"))
    labels = np.arange(9) % 2
    expected = sum(
        distance(points[i], points[j], wrapped) <= radius
        for i, j in product(range(0, 9, 2), range(1, 9, 2))
    )
    found = neighbours.near_class_pairs(points, labels, radius, wrapped=wrapped)
    assert found == expected


def test_a_copy_is_a_neighbour_at_distance_zero() -> None:
    points = np.array([[0.2], [0.2], [0.7]])
    assert neighbours.nearest_distances(points, 1)[:, 0].tolist() == pytest.approx([0, 0, 0.5])
    assert neighbours.closest_classes(points, np.array([0, 1, 1])) == 0


def test_wrong_arguments_are_named() -> None:
    points = np.array([[0.2], [0.5]])
    for call, text in [
        (lambda: neighbours.nearest_distances(points, 2), "count"),
        (lambda: neighbours.nearest_distances(points + 1, 1, wrapped=True), "points"),
        (lambda: neighbours.nearest_distances(np.nan * points, 1), "finite"),
        (lambda: neighbours.near_class_pairs(points, np.array([0, 1]), -1.0), "radius"),
        (lambda: neighbours.closest_classes(points, np.array([1, 1])), "classes"),
        (lambda: neighbours.nearest_labels(points, points[:0], np.zeros(0, int)), "points"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
