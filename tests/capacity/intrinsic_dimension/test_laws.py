"""Laws of nearest neighbours and near pairs: quadrature, simulation and cases known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from runtheory.capacity.intrinsic_dimension import laws, neighbours, torus
from runtheory.randomness import stream


@given(samples=st.integers(200, 5000), dimension=st.integers(1, 4))
def test_the_mean_distance_is_the_integral_of_the_tail(samples, dimension) -> None:
    volume = torus.ball_volume(dimension)
    scale = (samples * volume) ** (-1 / dimension)
    end = min(0.5, 12 * scale)
    tail = quad(lambda t: (1 - volume * t**dimension) ** samples, 0, end, limit=200)[0]
    assert laws.nearest_distance(samples, dimension) == pytest.approx(tail, rel=1e-4)


def test_on_a_circle_distance_and_error_are_known() -> None:
    # n points leave n gaps of mean 1/n; a new point lies on average 1/(2(n+1)) from the nearest.
    assert laws.nearest_distance(1, 1) == pytest.approx(0.25)
    assert laws.neighbour_error(1, 1, periods=1) == pytest.approx(0.5)
    assert laws.neighbour_error(99, 1, periods=3) == pytest.approx(6 / 200)


@pytest.mark.parametrize(("dimension", "periods"), [(1, 2), (2, 1), (3, 1)])
def test_the_error_is_that_of_the_classifier(dimension, periods) -> None:
    generator, shares = stream(dimension, "error"), []
    for _ in range(150):
        points, queries = (
            torus.draw_points(count, dimension, generator=generator) for count in (150, 100)
        )
        labels, truth = (torus.stripes(one, periods=periods) for one in (points, queries))
        found = neighbours.nearest_labels(queries, points, labels, wrapped=True)
        shares.append(np.mean(found != truth))
    expected = laws.neighbour_error(150, dimension, periods=periods)
    assert abs(np.mean(shares) - expected) < 4.5 * np.std(shares) / 150**0.5


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_near_pairs_are_counted_in_samples(dimension) -> None:
    generator, radius = stream(dimension, "pairs"), 0.2
    counts: dict[str, list[float]] = {"walls": [], "coins": []}
    for _ in range(300):
        points = torus.draw_points(20, dimension, generator=generator)
        coins = torus.stripes(torus.draw_points(20, 1, generator=generator), periods=1)
        shift = np.abs(points[:, None] - points)
        near = np.sqrt(np.square(np.minimum(shift, 1 - shift)).sum(2)) <= radius
        for name, labels in {"walls": torus.stripes(points, periods=2), "coins": coins}.items():
            counts[name].append((near & (labels[:, None] != labels)).sum() / 2)
    expected = {
        "walls": laws.near_pairs(20, dimension, radius=radius, periods=2),
        "coins": laws.near_random_pairs(20, dimension, radius=radius),
    }
    for name, values in counts.items():
        assert abs(np.mean(values) - expected[name]) < 4.5 * np.std(values) / 300**0.5


def test_one_point_has_no_pairs_and_one_class_neither() -> None:
    assert laws.near_pairs(1, 2, radius=0.1, periods=1) == 0
    assert laws.near_random_pairs(1, 2, radius=0.1) == 0
    assert laws.near_random_pairs(5, 2, radius=0.1, share=1.0) == 0


def test_wrong_arguments_are_named() -> None:
    for call, text in [
        (lambda: laws.nearest_distance(0, 1), "samples"),
        (lambda: laws.nearest_distance(3, 4), "samples must be so many"),
        (lambda: laws.neighbour_error(100, 2, periods=0), "periods"),
        (lambda: laws.neighbour_error(20, 2, periods=3), "samples must be so many"),
        (lambda: laws.near_pairs(10, 2, radius=0.3, periods=2), "radius"),
        (lambda: laws.near_random_pairs(10, 2, radius=0.6), "radius"),
        (lambda: laws.near_random_pairs(10, 2, radius=0.1, share=math.nan), "share"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
