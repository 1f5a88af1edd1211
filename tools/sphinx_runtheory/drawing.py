"""Draw a graph of links as SVG: boxes in columns, every arrow from left to right."""

from __future__ import annotations

import html
import textwrap
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, COLUMN_GAP, ROW_GAP, MARGIN = 180, 52, 60, 16, 8
PASSAGE = 20  # the height that an arrow takes where it passes a column
LETTERS = 23  # that fit on one line of a box

Place = tuple[int, int]
Slot = tuple[str, str, int]  # a box ("" second) or the passage of an arrow, and its column


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


def _layout(
    names: Sequence[str], edges: Mapping[str, Sequence[str]]
) -> tuple[dict[Slot, Place], int, int]:
    """Return the left upper corner of every slot, and width and height of all."""
    columns = columns_of(names, edges)
    stacks: list[list[Slot]] = [[] for _ in range(max(columns.values(), default=0) + 1)]
    for name in names:
        stacks[columns[name]].append((name, "", columns[name]))
        for other in _known(name, edges, columns):
            for column in range(columns[other] + 1, columns[name]):
                stacks[column].append((other, name, column))
    tallest = max(sum(map(_height, stack)) for stack in stacks)
    places: dict[Slot, Place] = {}
    for column, stack in enumerate(stacks):
        # Near to what they come from, so that arrows cross less.
        near = {slot: _height_before(slot, edges, places=places, columns=columns) for slot in stack}
        stack.sort(key=near.__getitem__)
        y = MARGIN + (tallest - sum(map(_height, stack))) // 2
        for slot in stack:
            places[slot] = (MARGIN + column * (WIDTH + COLUMN_GAP), y)
            y += _height(slot)
    width = 2 * MARGIN + len(stacks) * (WIDTH + COLUMN_GAP) - COLUMN_GAP
    return places, width, 2 * MARGIN + tallest - ROW_GAP


def _known(
    name: str, edges: Mapping[str, Sequence[str]], columns: Mapping[str, int]
) -> Iterator[str]:
    """Yield those on which a box builds and that stand to its left."""
    return (one for one in edges.get(name, ()) if columns.get(one, columns[name]) < columns[name])


def _height(slot: Slot) -> int:
    return PASSAGE if slot[1] else HEIGHT + ROW_GAP


def _height_before(
    slot: Slot,
    edges: Mapping[str, Sequence[str]],
    *,
    places: Mapping[Slot, Place],
    columns: Mapping[str, int],
) -> float:
    start, end, column = slot
    if end:
        before = [(start, end, column - 1), (start, "", column - 1)]
        return float(next(places[one][1] for one in before if one in places))
    heights = [places[(one, "", columns[one])][1] for one in _known(start, edges, columns)]
    return sum(heights) / len(heights) if heights else 0.0


def draw(boxes: Mapping[str, Box], edges: Mapping[str, Sequence[str]], title: str) -> str:
    """Return an inline SVG; ``edges`` name for each box those on which it builds."""
    columns = columns_of(list(boxes), edges)
    places, width, height = _layout(list(boxes), edges)
    tip = f"tip-{zlib.crc32(title.encode()):08x}"  # a page may hold several drawings
    arrows = [
        f'<path class="edge" d="{_path((other, name), columns, places)}" marker-end="url(#{tip})"/>'
        for name in boxes
        for other in _known(name, edges, columns)
    ]
    drawn = [_box(box, *places[(name, "", columns[name])]) for name, box in boxes.items()]
    return (
        f'<div class="graph" tabindex="0" role="group" aria-label="{html.escape(title)}">'
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<defs><marker id="{tip}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
        f"{''.join(arrows)}{''.join(drawn)}</svg></div>"
    )


def _path(edge: tuple[str, str], columns: Mapping[str, int], places: Mapping[Slot, Place]) -> str:
    start, end = edge
    x, y = places[(start, "", columns[start])]
    x, y = x + WIDTH, y + HEIGHT // 2
    path = f"M{x} {y}"
    passages = range(columns[start] + 1, columns[end])
    stops = [places[(start, end, column)] for column in passages]
    through = [(left, top + PASSAGE // 2, WIDTH) for left, top in stops]
    left, top = places[(end, "", columns[end])]
    for stop, level, across in (*through, (left - 2, top + HEIGHT // 2, 0)):
        middle = (x + stop) // 2
        path += f" C{middle} {y} {middle} {level} {stop} {level}"
        path += f" h{across}" if across else ""
        x, y = stop + across, level
    return path


def _box(box: Box, x: int, y: int) -> str:
    lines = textwrap.wrap(box.text, LETTERS, max_lines=2, placeholder=" …") or [""]
    first = y + HEIGHT // 2 + 5 - 9 * (len(lines) - 1)
    texts = "".join(
        f'<text x="{x + WIDTH // 2}" y="{first + 18 * number}">{html.escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    rectangle = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    address = html.escape(box.address, quote=True)
    return f'<a class="box {box.look}" href="{address}">{rectangle}{texts}</a>'
