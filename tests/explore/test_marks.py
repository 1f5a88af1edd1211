"""Axes, marks and panels refuse what cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.explore import Axis, Heat, Line, Panel, Picture, Points, Rule
from tests.explore.pictures import parabola

LINE = Line("a", [0, 1], [0, 1])
PLAIN = Axis("x", (0, 1))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(0, 1))
def test_what_is_rounded_is_a_thousandth_of_the_axis_away_at_most(low, length, share) -> None:
    axis = Axis("x", (low, low + length))
    value = np.array([low + share * length])
    assert abs(axis.rounded(value) - value) <= 1.001 * length / 1000


@given(st.floats(1e-6, 1e6))
def test_an_axis_of_logarithms_keeps_four_digits(value: float) -> None:
    axis = Axis("x", (1e-6, 1e6), log=True)
    assert axis.rounded(np.array([value])) == pytest.approx([value], rel=5e-4)


def test_places_and_middles() -> None:
    plain, log = Axis("x", (2, 4)), Axis("x", (1, 100), log=True)
    assert plain.places(np.array([2.0, 3, 4])).tolist() == [0, 0.5, 1]
    assert log.places(np.array([1.0, 10, 100])) == pytest.approx([0, 0.5, 1])
    assert plain.between(np.array([2.0]), np.array([4.0])) == [3]
    assert log.between(np.array([1.0]), np.array([100.0])) == pytest.approx([10])


def test_names_stand_at_whole_numbers() -> None:
    assert Axis("arm", names=("a", "b", "c")).limits == (-0.6, 2.6)


@pytest.mark.parametrize("limits", [(), (1,), (1, 1), (2, 1), (0, np.inf), (np.nan, 1)])
def test_limits_that_do_not_rise(limits: tuple) -> None:
    with pytest.raises(ValueError, match="two finite numbers that rise"):
        Axis("x", limits)


def test_an_axis_of_logarithms_begins_above_zero() -> None:
    with pytest.raises(ValueError, match="limits must be positive"):
        Axis("x", (0, 1), log=True)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (lambda: Line("a", [0, 1], [0]), "equally long"),
        (lambda: Line("a", [0], [np.nan]), "y of 'a' must be finite"),
        (lambda: Points("a", [np.inf], [0]), "x of 'a' must be finite"),
        (lambda: Line("a", [0, 1], [0, 1], style="wavy"), "style must be one of"),
        (lambda: Rule("a"), "at one x or at one y"),
        (lambda: Rule("a", x=1, y=2), "at one x or at one y"),
        (lambda: Heat("a", [1.0, 2.0]), "must be a matrix"),
    ],
)
def test_marks_that_cannot_be_drawn(mark, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Panel(PLAIN, PLAIN, [mark()])


def test_nothing_below_zero_stands_on_an_axis_of_logarithms() -> None:
    with pytest.raises(ValueError, match="positive on an axis of logarithms"):
        Panel(PLAIN, Axis("y", (1, 2), log=True), [LINE])


def test_marks_have_names_of_their_own_and_colours_by_their_place() -> None:
    with pytest.raises(ValueError, match="each of its own name"):
        Panel(PLAIN, PLAIN, [LINE, LINE])
    other = Rule("b", x=0.5, colour=5)
    panel = Panel(PLAIN, PLAIN, [LINE, other])
    assert [panel.colour(mark) for mark in panel.marks] == [0, 5]


def test_a_picture_has_a_panel_or_two_and_finite_readings() -> None:
    panels = parabola(0.0, "plain").panels
    with pytest.raises(ValueError, match="one or two panels"):
        Picture([], {"a": 1.0})
    with pytest.raises(ValueError, match="needs a reading"):
        Picture(panels, {})
    with pytest.raises(ValueError, match="'a' must be finite, got nan"):
        Picture(panels, {"a": float("nan")})
