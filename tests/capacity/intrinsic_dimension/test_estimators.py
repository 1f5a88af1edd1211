"""Estimates of dimension: by a loop, by hand, and over samples of known dimension."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.intrinsic_dimension import estimators, laws, neighbours, torus
from runtheory.randomness import stream
from tools.notebooks import ROOT

HAND = np.array([[1.0, 2.0, 4.0], [1.0, 2**0.5, 2.0]])


@given(seed=st.integers(0, 200), count=st.integers(3, 6), scale=st.floats(1e-3, 1e3))
def test_estimates_are_those_of_a_loop_and_know_no_scale(seed, count, scale) -> None:
    drawn = torus.draw_points(7, count, generator=stream(seed, "distances")) + 0.01
    distances = np.sort(drawn, axis=1)
    sums = [sum(math.log(row[-1] / t) for t in row[:-1]) for row in distances]
    k = count
    assert estimators.log_ratios(scale * distances).tolist() == pytest.approx(sums)
    assert estimators.pooled_dimension(scale * distances) == pytest.approx(7 * (k - 1) / sum(sums))
    alone = estimators.own_dimensions(scale * distances)
    assert alone.tolist() == pytest.approx([(k - 1) / one for one in sums])
    right = estimators.own_dimensions(scale * distances, corrected=True)
    assert right.tolist() == pytest.approx([(k - 2) / one for one in sums])


def test_the_numbers_that_the_page_works_by_hand() -> None:
    log2 = math.log(2)
    assert estimators.log_ratios(HAND).tolist() == pytest.approx([3 * log2, 1.5 * log2])
    assert estimators.own_dimensions(HAND).tolist() == pytest.approx([0.962, 1.924], abs=1e-3)
    corrected = estimators.own_dimensions(HAND, corrected=True)
    assert corrected.tolist() == pytest.approx([0.481, 0.962], abs=1e-3)
    pooled = estimators.pooled_dimension(HAND)
    assert pooled == pytest.approx(1.282, abs=1e-3)
    own = estimators.own_dimensions(HAND)
    line = np.array([[0.1], [0.2], [0.6], [0.5], [0.9]])
    sharpness = 1 / neighbours.closest_classes(line, np.array([0, 0, 0, 1, 1]))
    page = (ROOT / "chapters" / "intrinsic_dimension" / "theory.md").read_text(encoding="utf-8")
    for told in (
        f"${own[0]:.2f}$ and ${own[1]:.2f}$, on average ${own.mean():.2f}$",
        f"= {pooled:.2f}$",
        f"their mean is ${corrected.mean():.2f}$",
        f"the label sharpness is ${sharpness:g}$",
    ):
        assert told in page


@pytest.mark.parametrize("dimension", [1, 3])
def test_independent_points_follow_the_gamma_law(dimension) -> None:
    generator, rows = stream(dimension, "gamma"), []
    centre = np.full((1, dimension), 0.5)
    for _ in range(600):
        points = torus.draw_points(60, dimension, generator=generator)
        rows.append(neighbours.nearest_distances(np.vstack([centre, points]), 5, wrapped=True)[0])
    scaled = dimension * estimators.log_ratios(np.array(rows))
    # A Gamma law of 4: mean 4, variance 4, fourth central moment 3 * 16 + 6 * 4.
    assert abs(scaled.mean() - 4) < 4.5 * (4 / 600) ** 0.5
    assert abs(scaled.var() - 4) < 4.5 * ((72 - 16) / 600) ** 0.5
    alone = estimators.own_dimensions(np.array(rows), corrected=True)
    assert abs(alone.mean() - dimension) < 4.5 * alone.std() / 600**0.5


def test_a_split_interval_is_the_t_interval_of_the_inverse() -> None:
    generator = stream(4, "parts")
    parts = np.stack(
        [
            neighbours.nearest_distances(
                torus.draw_points(40, 2, generator=generator), 2, wrapped=True
            )
            for _ in range(6)
        ]
    )
    found = estimators.split_interval(parts)
    means = np.array([np.mean(np.log(one[:, 1] / one[:, 0])) for one in parts])
    half = 2.5705818366147395 * means.std(ddof=1) / 6**0.5  # t of 5 degrees
    assert found.mean == pytest.approx(1 / means.mean())
    assert found.low == pytest.approx(1 / (means.mean() + half))
    assert found.high == pytest.approx(1 / (means.mean() - half))
    assert found.count == 6
    pooled = estimators.pooled_dimension(parts.reshape(-1, 2))
    assert found.mean == pytest.approx(pooled)


def test_an_interval_that_reaches_zero_has_no_upper_end() -> None:
    parts = np.array([[[1.0, 1.001]], [[1.0, 50.0]]])
    assert estimators.split_interval(parts).high == math.inf


@pytest.mark.parametrize("wrapped", [True, False])
def test_the_score_is_that_of_a_loop(wrapped) -> None:
    points, total = torus.draw_points(30, 2, generator=stream(5, "score")), 0.0
    for i, x in enumerate(points):
        for j, y in enumerate(points):
            turns = (-1, 0, 1) if wrapped else (0,)
            apart = math.sqrt(
                sum(min(abs(a - b + t) for t in turns) ** 2 for a, b in zip(x, y, strict=True))
            )
            if i != j and apart < 0.3:
                total += 1 - 2 * math.log(0.3 / apart)
    found = estimators.radius_score(points, 0.3, wrapped=wrapped)
    assert found == pytest.approx(total)


def test_pairs_count_twice_in_the_variance_of_the_score() -> None:
    generator = stream(6, "twice")
    scores = np.array(
        [
            estimators.radius_score(
                torus.draw_points(60, 2, generator=generator), 0.1, wrapped=True
            )
            for _ in range(800)
        ]
    )
    ordered = 4 * laws.near_random_pairs(60, 2, radius=0.1)  # of either class
    squares = scores**2
    error = squares.std() / 800**0.5
    assert abs(squares.mean() - 2 * ordered) < 4.5 * error
    assert abs(squares.mean() - ordered) > 4.5 * error


def test_extremes_and_wrong_arguments() -> None:
    even = np.ones((3, 3))
    assert estimators.pooled_dimension(even) == math.inf
    assert estimators.radius_score(np.array([[0.1], [0.6]]), 0.1) == 0
    copy = np.array([[0.1], [0.1]])
    for call, text in [
        (lambda: estimators.log_ratios(HAND[:, :1]), "neighbours"),
        (lambda: estimators.log_ratios(HAND - 1), "distances"),
        (lambda: estimators.log_ratios(HAND[:, ::-1].copy()), "rise"),
        (lambda: estimators.pooled_dimension(HAND[:0]), "points"),
        (lambda: estimators.own_dimensions(HAND[:, :2], corrected=True), "neighbours"),
        (lambda: estimators.own_dimensions(even), "sums"),
        (lambda: estimators.split_interval(np.ones((2, 3, 3))), "mean_ratio"),
        (lambda: estimators.split_interval(np.ones((2, 0, 3))), "points"),
        (lambda: estimators.radius_score(copy, 0.0), "radius"),
        (lambda: estimators.radius_score(copy, 0.6, wrapped=True), "radius"),
        (lambda: estimators.radius_score(copy, 0.1), "distances"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
