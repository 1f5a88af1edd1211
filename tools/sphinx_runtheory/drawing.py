"""Draw a graph of links as SVG: boxes in columns, every arrow from left to right."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, COLUMN_GAP, ROW_GAP, MARGIN = 190, 52, 70, 16, 8
LETTERS = 24  # that fit on one line of a box


@dataclass(frozen=True)
class Box:
    """One node: its text, the address that it links to, and a class of the style sheet."""

    text: str
    address: str
    look: str = ""


def columns_of(names: Sequence[str], edges: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the column of each node: one behind the last of those that it builds on."""
    columns: dict[str, int] = {}

    def column(name: str) -> int:
        if name not in columns:
            columns[name] = 0  # a circle ends here
            before = [column(other) for other in edges.get(name, ()) if other in names]
            columns[name] = max(before, default=-1) + 1
        return columns[name]

    for name in names:
        column(name)
    return columns


def _places(
    names: Sequence[str], edges: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[int, int]], int, int]:
    columns = columns_of(names, edges)
    count = max(columns.values(), default=0) + 1
    stacks = [[name for name in names if columns[name] == number] for number in range(count)]
    places: dict[str, tuple[int, int]] = {}
    tallest = max(map(len, stacks), default=0)
    for number, stack in enumerate(stacks):
        if number:  # near to what they build on, so that arrows cross less
            heights = {name: _mean_height(name, edges, places) for name in stack}
            stack.sort(key=heights.__getitem__)
        top = MARGIN + (tallest - len(stack)) * (HEIGHT + ROW_GAP) // 2
        for row, name in enumerate(stack):
            places[name] = (MARGIN + number * (WIDTH + COLUMN_GAP), top + row * (HEIGHT + ROW_GAP))
    width = 2 * MARGIN + count * (WIDTH + COLUMN_GAP) - COLUMN_GAP
    return places, width, 2 * MARGIN + tallest * (HEIGHT + ROW_GAP) - ROW_GAP


def _mean_height(
    name: str, edges: Mapping[str, Sequence[str]], places: Mapping[str, tuple[int, int]]
) -> float:
    heights = [places[other][1] for other in edges.get(name, ()) if other in places]
    return sum(heights) / len(heights) if heights else 0.0


def draw(boxes: Mapping[str, Box], edges: Mapping[str, Sequence[str]], title: str) -> str:
    """Return an inline SVG; ``edges`` name for each box those on which it builds."""
    names = list(boxes)
    places, width, height = _places(names, edges)
    arrows = [
        _arrow(places[other], places[name])
        for name in names
        for other in edges.get(name, ())
        if other in places
    ]
    drawn = [_box(boxes[name], *places[name]) for name in names]
    return (
        f'<div class="graph"><svg viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="group" aria-label="{html.escape(title)}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
        f"{''.join(arrows)}{''.join(drawn)}</svg></div>"
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT // 2
    x2, y2 = end[0] - 2, end[1] + HEIGHT // 2
    middle = (x1 + x2) // 2
    path = f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"
    return f'<path class="edge" d="{path}" marker-end="url(#tip)"/>'


def _box(box: Box, x: int, y: int) -> str:
    lines = textwrap.wrap(box.text, LETTERS)[:2] or [""]
    first = y + HEIGHT // 2 + 5 - 9 * (len(lines) - 1)
    texts = "".join(
        f'<text x="{x + WIDTH // 2}" y="{first + 18 * number}">{html.escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    rectangle = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    address = html.escape(box.address, quote=True)
    return f'<a class="box {box.look}" href="{address}">{rectangle}{texts}</a>'
