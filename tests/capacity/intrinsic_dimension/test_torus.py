"""Points on the torus, their stripes and the volumes of balls: closed forms and loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.intrinsic_dimension import torus
from runtheory.randomness import stream


def test_points_are_uniform_and_follow_their_generator() -> None:
    points = torus.draw_points(4000, 3, generator=stream(0, "torus"))
    again = torus.draw_points(4000, 3, generator=stream(0, "torus"))
    assert points.dtype == np.float64
    assert (points == again).all()
    assert points.min() >= 0
    assert points.max() < 1
    error = (1 / 12 / 4000) ** 0.5
    assert points.mean(0).tolist() == pytest.approx([0.5] * 3, abs=4.5 * error)


@given(seed=st.integers(0, 200), dimension=st.integers(1, 4))
def test_circles_have_radius_one_and_keep_small_distances(seed, dimension) -> None:
    point = torus.draw_points(1, dimension, generator=stream(seed, "circle"))
    step = 1e-6 * np.ones((1, dimension))
    first, second = torus.circles(point), torus.circles(point + step)
    radii = np.square(first[:, :dimension]) + np.square(first[:, dimension:])
    np.testing.assert_allclose(radii, 1)
    apart = np.linalg.norm(second - first) / np.linalg.norm(step)
    assert apart == pytest.approx(2 * math.pi, rel=1e-6)


@given(seed=st.integers(0, 200), periods=st.integers(1, 5))
def test_stripes_are_the_signs_of_a_sine(seed, periods) -> None:
    points = torus.draw_points(20, 2, generator=stream(seed, "stripes"))
    waves = [math.sin(2 * math.pi * periods * x) for x in points[:, 0]]
    assert torus.stripes(points, periods=periods).tolist() == [int(one < 0) for one in waves]


def test_a_noisy_circle_is_a_circle_and_noise() -> None:
    drawn = {
        size: torus.draw_noisy_circle(3000, 5, deviation=size, generator=stream(3, "noisy"))
        for size in (0.0, 0.1)
    }
    np.testing.assert_allclose(np.linalg.norm(drawn[0.0], axis=1), 1)
    noise = drawn[0.1] - drawn[0.0]
    assert noise.std(0).tolist() == pytest.approx([0.1] * 5, rel=4.5 / 6000**0.5)
    assert not drawn[0.0][:, 2:].any()


def test_ball_volumes_of_low_dimensions() -> None:
    known = [1, 2, math.pi, 4 * math.pi / 3, math.pi**2 / 2]
    assert [torus.ball_volume(d) for d in range(5)] == pytest.approx(known)


def test_wrong_arguments_are_named() -> None:
    generator = stream(0, "wrong")
    for call, text in [
        (lambda: torus.draw_points(0, 2, generator=generator), "samples"),
        (lambda: torus.draw_points(2, 0, generator=generator), "dimension"),
        (lambda: torus.circles(np.array([[np.nan]])), "finite"),
        (lambda: torus.stripes(np.array([[1.0]]), periods=1), "points"),
        (lambda: torus.stripes(np.array([[0.5]]), periods=0), "periods"),
        (
            lambda: torus.draw_noisy_circle(2, 1, deviation=0.1, generator=generator),
            "features",
        ),
        (
            lambda: torus.draw_noisy_circle(2, 2, deviation=-0.1, generator=generator),
            "deviation",
        ),
        (lambda: torus.ball_volume(-1), "dimension"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
