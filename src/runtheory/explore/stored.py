"""A stored explorable read again: the picture, the words and the table of any of its settings."""

from __future__ import annotations

import html
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from runtheory.explore.marks import Axis, Bars, Heat, Line, Panel, Picture, Points, Rule, Step
from runtheory.explore.settings import index_of, number, said, unpacked

ROWS = 5  # places of a slider that a table shows


def picture_at(stored: Mapping[str, Any], places: Sequence[int]) -> Picture:
    """Return the picture of a stored explorable where its sliders stand at ``places``."""
    index = index_of(stored, places)
    readings = {one["name"]: unpacked(one["values"])[index] for one in stored["readings"]}
    return Picture([_panel(panel, index) for panel in stored["panels"]], readings)


def words_at(stored: Mapping[str, Any], places: Sequence[int]) -> str:
    """Return in words what a picture shows: its title, the sliders and the readings."""
    index = index_of(stored, places)
    if stored["kind"] == "frames":
        return str(stored["texts"][index])
    found = [
        f"{one['name']} {number(unpacked(one['values'])[index])}" for one in stored["readings"]
    ]
    return "; ".join([f"{stored['title']}. {said(stored, places)}", *found])


def table(stored: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of a table of the readings at settings spread over the grid."""
    head = [control["name"] for control in stored["controls"]]
    if stored["kind"] == "frames":
        return [*head, "what it shows"], _rows(stored, lambda index: [stored["texts"][index]])
    names = [one["name"] for one in stored["readings"]]
    columns = [unpacked(one["values"]) for one in stored["readings"]]
    return [*head, *names], _rows(stored, lambda index: [number(one[index]) for one in columns])


def html_table(stored: Mapping[str, Any]) -> str:
    """Return the table as HTML."""
    head, rows = table(stored)
    first = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"


def _rows(stored: Mapping[str, Any], told: Any) -> list[list[str]]:
    found = []
    for places in itertools.product(*(_spread(one["labels"]) for one in stored["controls"])):
        labels = [one["labels"][at] for one, at in zip(stored["controls"], places, strict=True)]
        found.append([*labels, *told(index_of(stored, places))])
    return found


def _spread(labels: Sequence[str]) -> list[int]:
    if len(labels) <= ROWS:
        return list(range(len(labels)))
    return [round(share * (len(labels) - 1) / (ROWS - 1)) for share in range(ROWS)]


def _panel(told: Mapping[str, Any], index: int) -> Panel:
    axes = {name: Axis(**told[name]) for name in "xy"}
    marks = [_mark(mark, index) for mark in told["marks"]]
    return Panel(axes["x"], axes["y"], marks, title=told["title"], equal=told["equal"])


def _mark(told: Mapping[str, Any], index: int) -> Any:
    name, colour, kind = told["name"], told["colour"], told["kind"]
    if kind == "heat":
        matrix = np.array(_row(told["z"], index)).reshape(-1, told["columns"])
        return Heat(name, matrix, limits=told["limits"], colour=colour)
    x, y = (_row(told[axis], index) if axis in told else () for axis in "xy")
    if kind == "points":
        return Points(name, x, y, colour=colour, hollow=told["hollow"])
    if kind == "bars":
        return Bars(name, x, y, colour=colour, flat=told["flat"])
    drawn = {"line": Line, "step": Step, "rule": Rule}[kind]
    return drawn(name, x, y, colour=colour, style=told["style"])


def _row(told: Mapping[str, Any], index: int) -> list[float]:
    rows = told["rows"]
    if "at" in told:
        return unpacked(rows[int(unpacked(told["at"])[index])])
    return unpacked(rows[0 if len(rows) == 1 else index])
