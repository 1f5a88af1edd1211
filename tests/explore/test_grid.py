"""What is stored is what was computed; a slider that does nothing or lies is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from runtheory.explore import Axis, Heat, Line, Panel, Picture, Points, Smooth, grid
from runtheory.explore.settings import unpacked
from runtheory.explore.stored import picture_at
from tests.explore.pictures import CONTROLS, TITLE, every_kind, parabola, stored


def drawn(rows: list[float], *, name: str = "a", reading: float = 1.0) -> Picture:
    axes = Axis("x", (0, 1)), Axis("y", (0, 1))
    line = Line(name, np.linspace(0, 1, len(rows)), rows)
    return Picture([Panel(*axes, [line])], {"b": reading})


def test_the_picture_of_every_setting_comes_back() -> None:
    told = stored()
    for i, height in enumerate((0.0, 1.0, 2.0)):
        for j, kind in enumerate(("plain", "double")):
            found, made = picture_at(told, (i, j)), parabola(height, kind)
            assert grid.shape_of(found) == grid.shape_of(made)
            for one, two in zip(found.panels[0].marks, made.panels[0].marks, strict=True):
                assert np.allclose(one.numbers["y"], two.numbers["y"], atol=0.0061)
            assert found.readings == pytest.approx(made.readings, rel=1e-4)


def test_each_row_is_stored_once() -> None:
    curve, end = stored()["panels"][0]["marks"]
    assert len(curve["x"]["rows"]) == 1
    assert "at" not in curve["y"]
    # The ends of the six curves: 4, 8, 5, 10, 6, 12.
    assert end["y"]["rows"] == ["4", "8", "5", "10", "6", "12"]
    told = grid.stored_grid(
        lambda a, b: Picture(
            [Panel(Axis("x", (0, 1)), Axis("y", (0, 4)), [Points("a", [0], [a]),
                                                          Points("b", [1], [b])])],
            {"sum": float(a + b)},
        ), {"a": (1, 2), "b": (1, 2, 3)}, title="t",
    )  # fmt: skip
    first, second = told["panels"][0]["marks"]
    assert (first["y"]["rows"], first["y"]["at"]) == (["1", "2"], "0 0 0 1 1 1")
    assert (second["y"]["rows"], second["y"]["at"]) == (["1", "2", "3"], "0 1 2 0 1 2")
    assert unpacked(told["readings"][0]["values"]) == [2, 3, 4, 3, 4, 5]


def test_it_is_json_and_the_same_each_time() -> None:
    assert json.dumps(stored()) == json.dumps(stored())
    assert json.loads(json.dumps(stored(), allow_nan=False))["title"] == TITLE


def test_every_kind_of_mark_comes_back_with_its_look() -> None:
    def changed(value: int) -> Picture:
        picture = every_kind()
        heat = Heat("cosine", [[1.0, -1.0], [value / 4, np.nan]])
        panel = picture.panels[1]
        return Picture([picture.panels[0], Panel(panel.x, panel.y, [heat])], picture.readings)

    told = grid.stored_grid(changed, {"value": (1, 2)}, title="t")
    found = picture_at(json.loads(json.dumps(told)), (1,))
    assert grid.shape_of(found) == grid.shape_of(every_kind())
    matrix = np.asarray(found.panels[1].marks[0].matrix, dtype=float)
    np.testing.assert_allclose(matrix, [[1.0, -1.0], [0.5, np.nan]])


def test_a_slider_that_does_nothing() -> None:
    with pytest.raises(ValueError, match="size changes nothing between 2 and 3"):
        grid.stored_grid(lambda size: drawn([0, min(size, 2) / 2]), {"size": (1, 2, 3)}, title="t")


def test_a_change_that_no_picture_shows_is_none() -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        grid.stored_grid(lambda size: drawn([0, size]), {"size": (0.5, 0.50001)}, title="t")


def test_a_slider_that_does_nothing_where_another_stands() -> None:
    with pytest.raises(ValueError, match="b changes nothing between 1 and 2"):
        grid.stored_grid(
            lambda a, b: drawn([0, 0.1 + a * b / 10]), {"a": (0, 1), "b": (1, 2)}, title="t"
        )


def test_settings_that_differ_in_more_than_numbers() -> None:
    with pytest.raises(ValueError, match="differ in numbers alone"):
        grid.stored_grid(lambda a: drawn([0, 1], name=str(a)), {"a": (0, 1)}, title="t")


def bent(height: float) -> Picture:
    return drawn([0, abs(2 * height - 0.9)], reading=height)


def test_a_slider_between_whose_places_the_picture_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"height is not smooth at 0.5: .* 'a' is off by 90.0 %"):
        grid.stored_grid(bent, {"height": Smooth([0, 1])}, title="t")
    places = [0, 0.25, 0.5, 0.75, 1.0]
    assert grid.stored_grid(
        lambda height: drawn([0, 4 * abs(height - 0.5)], reading=height),
        {"height": Smooth(places)}, title="t",
    )  # fmt: skip


def test_a_reading_that_is_wrong_between_two_places() -> None:
    with pytest.raises(ValueError, match="'b' is off"):
        grid.stored_grid(
            lambda a: drawn([0, a], reading=a**8), {"a": Smooth([0, 0.5, 1.0])}, title="t"
        )
    # An error of a fiftieth of the reading itself is let through, however little it moves.
    assert grid.stored_grid(
        lambda a: drawn([0, a], reading=90 + a**8), {"a": Smooth([0, 0.5, 1.0])}, title="t"
    )


def test_a_logarithmic_slider_is_asked_at_its_own_middle() -> None:
    def compute(value: float) -> Picture:
        return drawn([0, np.log10(value) / 2], reading=np.log10(value))

    assert grid.stored_grid(compute, {"a": Smooth([1, 10, 100], log=True)}, title="t")
    with pytest.raises(ValueError, match="not smooth"):
        grid.stored_grid(compute, {"a": Smooth([1, 10, 100])}, title="t")


def test_what_lies_beyond_the_axis_is_not_seen() -> None:
    assert grid.stored_grid(
        lambda a: drawn([0, 0.5 * a, 1.05 + 100 * a**2], reading=a),
        {"a": Smooth([0, 0.5, 1])}, title="t",
    )  # fmt: skip


def test_a_row_keeps_its_length_along_a_smooth_slider() -> None:
    with pytest.raises(ValueError, match="'a' must keep its length"):
        grid.stored_grid(
            lambda a: drawn([a / 9] * int(2 + a), reading=a), {"a": Smooth([0, 2])}, title="t"
        )


def test_too_many_numbers() -> None:
    noise = np.random.default_rng(0).uniform(size=(9, 1000))
    with pytest.raises(ValueError, match=r"take \d+ bytes, more than 30000"):
        grid.stored_grid(lambda a: drawn(noise[a].tolist()), {"a": range(9)}, title="t")


def test_planted_twin_the_middle_of_the_wrong_axis() -> None:
    """On an axis of logarithms the page takes the geometric mean; the plain one is refused."""
    axis = Axis("y", (1, 100), log=True)
    one, two, exact = (
        Picture([Panel(Axis("x", (0, 1)), axis, [Points("p", [0], [y])])], {"y": 0.0})
        for y in (1.0, 100.0, 10.0)
    )
    assert grid.error_between(one, two, exact, {"y": 1.0})[0] < 1e-12
    wrong = Picture([Panel(Axis("x", (0, 1)), axis, [Points("p", [0], [50.5])])], {"y": 0.0})
    assert grid.error_between(one, two, wrong, {"y": 1.0})[0] > 0.3


def test_controls_are_told_with_their_start() -> None:
    controls = stored()["controls"]
    assert [one["start"] for one in controls] == [1, 0]
    assert controls[0]["values"] == [0, 1, 2]
    assert controls[1] == {"name": "kind", "labels": ["plain", "double"], "start": 0}
    assert list(CONTROLS) == [one["name"] for one in controls]
