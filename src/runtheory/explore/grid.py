"""The pictures of all settings as one table of numbers, each of them stored once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from runtheory.explore.marks import Axis, Bars, Heat, Line, Panel, Picture, Points, Rule, Step
from runtheory.explore.settings import Smooth, Values, described, packed, settings, values_of
from runtheory.plot import capitalised

BYTES = 30_000
ERROR = 0.02  # of an axis: five pixels of a panel on a page
KINDS: dict[type, str] = {
    Line: "line", Step: "step", Points: "points", Bars: "bars", Rule: "rule", Heat: "heat"
}  # fmt: skip


def stored_grid(
    compute: Callable[..., Picture],
    controls: Mapping[str, Values],
    *,
    title: str,
    start: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return what the page needs of the pictures ``compute(*places)`` at all settings.

    Raises
    ------
    ValueError
        For pictures that differ in more than their numbers, for a slider that changes nothing
        somewhere or is not as smooth as it says, and for more than 30 kB.
    """
    sliders = described(controls, start)
    pictures = [compute(*places) for places in settings(controls)]
    for picture in pictures[1:]:
        require_alike(pictures[0], picture)
    require_changes(pictures, controls)
    for axis, (name, values) in enumerate(controls.items()):
        if isinstance(values, Smooth):
            require_smooth(compute, controls, pictures, (axis, name))
    readings = [
        {"name": name, "values": packed([_short(float(one.readings[name])) for one in pictures])}
        for name in pictures[0].readings
    ]
    panels = [_panel([one.panels[at] for one in pictures]) for at in range(len(pictures[0].panels))]
    stored = {"kind": "curves", "title": title, "controls": sliders}
    stored |= {"panels": panels, "readings": readings}
    size = len(json.dumps(stored, ensure_ascii=False).encode())
    if size > BYTES:
        raise ValueError(f"the numbers take {size} bytes, more than {BYTES}")
    return stored


def shape_of(picture: Picture) -> list[Any]:
    """Return all of a picture but its numbers: axes, kinds, names and styles."""
    panels = [
        [
            *(_axis_told(axis) for axis in (panel.x, panel.y)),
            *(capitalised(panel.title), panel.equal),
            [_look(panel, mark) for mark in panel.marks],
        ]
        for panel in picture.panels
    ]
    return [panels, list(picture.readings)]


def require_alike(first: Picture, other: Picture) -> None:
    """Raise ``ValueError`` unless two settings differ in nothing but numbers."""
    if (one := shape_of(first)) != (two := shape_of(other)):
        raise ValueError(f"settings may differ in numbers alone, got {one} and {two}")


def require_changes(pictures: Sequence[Picture], controls: Mapping[str, Values]) -> None:
    """Raise ``ValueError`` where a step of a slider leaves the picture as it was."""
    shape = [len(values_of(values)) for values in controls.values()]
    places = np.arange(len(pictures)).reshape(shape)
    drawn = [_numbers(picture) for picture in pictures]
    for axis, (name, values) in enumerate(controls.items()):
        rows = np.moveaxis(places, axis, -1).reshape(-1, shape[axis])
        for row, at in itertools.product(rows, range(shape[axis] - 1)):
            if drawn[row[at]] == drawn[row[at + 1]]:
                pair = values_of(values)[at : at + 2]
                raise ValueError(f"{name} changes nothing between {pair[0]} and {pair[1]}")


def require_smooth(
    compute: Callable[..., Picture],
    controls: Mapping[str, Values],
    pictures: Sequence[Picture],
    slider: tuple[int, str],
) -> None:
    """Raise ``ValueError`` where the picture halfway between two places is not their middle."""
    axis, name = slider
    values = controls[name]
    assert isinstance(values, Smooth)
    grids = [range(len(values_of(one))) for one in controls.values()]
    table = np.arange(len(pictures)).reshape([len(grid) for grid in grids])
    grids[axis] = range(len(values.middles))
    spread = _spread(pictures)
    for where in itertools.product(*grids):
        beside = tuple(at + (k == axis) for k, at in enumerate(where))
        places = [values_of(one)[at] for one, at in zip(controls.values(), where, strict=True)]
        places[axis] = values.middles[where[axis]]
        ends = pictures[table[where]], pictures[table[beside]]
        wrong, what = error_between(*ends, compute(*places), spread)
        if wrong > ERROR:
            raise ValueError(
                f"{name} is not smooth at {places[axis]:.4g}: between its neighbours {what!r} "
                f"is off by {100 * wrong:.1f} % of the axis; give more places, or a plain sequence"
            )


def error_between(
    first: Picture, second: Picture, exact: Picture, spread: Mapping[str, float | int]
) -> tuple[float, str]:
    """Return how far the middle of two pictures is from the exact one, and at which name."""
    require_alike(first, exact)
    found = [(0.0, "")]
    for one, two, three in zip(first.panels, second.panels, exact.panels, strict=True):
        for marks in zip(one.marks, two.marks, three.marks, strict=True):
            found += [
                (_distance(_axis(one, marks[0], axis), rows), marks[0].name)
                for axis, rows in _by_axis(*marks)
            ]
    for name, value in exact.readings.items():
        middle = (float(first.readings[name]) + float(second.readings[name])) / 2
        unit = max(spread[name], abs(float(value)))  # a fiftieth of itself is not read wrongly
        found.append((abs(middle - float(value)) / unit, name))
    return max(found)


def _by_axis(*marks: Any) -> list[tuple[str, list[np.ndarray]]]:
    rows = [mark.numbers for mark in marks]
    lengths = {tuple(row.size for row in one.values()) for one in rows}
    if len(lengths) > 1:
        raise ValueError(f"{marks[0].name!r} must keep its length along a smooth slider")
    return [(axis, [one[axis] for one in rows]) for axis in rows[0]]


def _distance(axis: Axis, rows: list[np.ndarray]) -> float:
    """Return the largest visible distance: what lies beyond the axis is drawn at its end."""
    first, second, exact = rows
    ends = [np.clip(axis.places(one), -0.05, 1.05) for one in (axis.between(first, second), exact)]
    return float(np.abs(ends[0] - ends[1]).max(initial=0.0))


def _axis(panel: Panel, mark: Any, name: str) -> Axis:
    return Axis("", mark.limits) if name == "z" else panel.axis(name)


def _spread(pictures: Sequence[Picture]) -> dict[str, float]:
    columns = {
        name: [float(one.readings[name]) for one in pictures] for name in pictures[0].readings
    }
    return {name: (max(column) - min(column)) or 1.0 for name, column in columns.items()}


def _rows(panel: Panel, mark: Any) -> dict[str, list[float | int | None]]:
    found: dict[str, list[float | int | None]] = {}
    for axis, row in mark.numbers.items():
        rounded = _axis(panel, mark, axis).rounded(row) + 0.0  # no minus zero
        found[axis] = [None if np.isnan(one) else _plain(one) for one in rounded.tolist()]
    return found


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def _short(value: float) -> float | int:
    return _plain(float(f"{value:.5g}"))


def _numbers(picture: Picture) -> str:
    rows = [_rows(panel, mark) for panel in picture.panels for mark in panel.marks]
    return json.dumps(rows)


def _look(panel: Panel, mark: Any) -> dict[str, object]:
    look: dict[str, object] = {"kind": KINDS[type(mark)], "name": capitalised(mark.name)}
    look["colour"] = panel.colour(mark)
    look |= {
        name: getattr(mark, name) for name in ("style", "hollow", "flat") if hasattr(mark, name)
    }
    if isinstance(mark, Heat):
        look |= {"limits": list(mark.limits), "columns": mark.matrix.shape[1]}
    return look


def _panel(panels: list[Panel]) -> dict[str, Any]:
    first = panels[0]
    marks = []
    for at, mark in enumerate(first.marks):
        rows = [_rows(panel, panel.marks[at]) for panel in panels]
        columns = {axis: _once([row[axis] for row in rows]) for axis in rows[0]}
        marks.append({**_look(first, mark), **columns})
    axes = {name: _axis_told(first.axis(name)) for name in "xy"}
    return {"title": capitalised(first.title), "equal": first.equal, **axes, "marks": marks}


def _axis_told(axis: Axis) -> dict[str, Any]:
    told = {name: value for name, value in asdict(axis).items() if value}
    label = capitalised(axis.label)
    return {**told, "label": label, "limits": [_plain(end) for end in axis.limits]}


def _once(rows: list[list[float | int | None]]) -> dict[str, Any]:
    """Store each different row once, and which of them each setting has."""
    texts = [packed(row) for row in rows]
    different = list(dict.fromkeys(texts))
    told: dict[str, Any] = {"rows": different}
    if 1 < len(different) < len(rows):
        told["at"] = packed([different.index(text) for text in texts])
    return told
