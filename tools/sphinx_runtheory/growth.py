"""Draw how times grow with the size of a task: one panel a question, both axes logarithmic."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from benchmarks.targets import Row

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 240, 170, 52, 46, 46, 24
SERIES = (
    ("ours_ms", "ours", "M-4 0 a4 4 0 1 0 8 0 a4 4 0 1 0 -8 0"),
    ("peer_ms", "", "M-4 -4 h8 v8 h-8 z"),
)

Points = list[tuple[float, float]]
Scale = Callable[[float], float]


def draw(rows: Sequence[Row]) -> str:
    """Return an inline SVG, a panel for each question: our times are dots, the peer's squares."""
    panels = [list(group) for _, group in groupby(rows, key=lambda row: row["question"])]
    width = len(panels) * (LEFT + WIDTH + GAP)
    height = TOP + HEIGHT + BOTTOM
    drawn = "".join(
        f'<g transform="translate({place * (LEFT + WIDTH + GAP) + LEFT} {TOP})">{_panel(panel)}</g>'
        for place, panel in enumerate(panels)
    )
    said = html.escape(" ".join(_sentence(panel) for panel in panels))
    return (
        f'<div class="graph growth" tabindex="0"><svg role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" aria-label="{said}">{drawn}</svg></div>'
    )


def points(panel: Sequence[Row], column: str) -> Points:
    """Return (factor, milliseconds) of the rows that have them."""
    pairs = ((row["factor"], row[column]) for row in panel)
    return [
        (float(factor), float(time))
        for factor, time in pairs
        if isinstance(factor, int | float) and isinstance(time, int | float)
    ]


def _panel(panel: Sequence[Row]) -> str:
    series = [
        (name or str(panel[0]["peer"]), mark, points(panel, column))
        for column, name, mark in SERIES
    ]
    times = [time for _, _, pairs in series for _, time in pairs]
    factors = [factor for _, _, pairs in series for factor, _ in pairs]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    across = _scale(math.log(min(factors)), math.log(max(factors)), WIDTH)
    up = _scale(low, max(high, low + 1), HEIGHT)

    def at(factor: float, time: float) -> tuple[float, float]:
        return round(across(math.log(factor)), 1), round(HEIGHT - up(math.log10(time)), 1)

    lines = [_line(mark, [at(*pair) for pair in pairs]) for _, mark, pairs in series if pairs]
    ticks = [_tick(10.0**power, at(min(factors), 10.0**power)[1]) for power in range(low, high + 1)]
    marks = [_below(factor, at(factor, times[0])[0]) for factor in sorted(set(factors))]
    return "".join([*_frame(panel, [name for name, _, _ in series]), *ticks, *marks, *lines])


def _frame(panel: Sequence[Row], names: Sequence[str]) -> Iterator[str]:
    yield f'<text class="title" x="{-LEFT + 4}" y="-30">{html.escape(str(panel[0]["what"]))}</text>'
    told = f"ms; ● {names[0]}, ■ {names[1]}"
    yield f'<text x="{-LEFT + 4}" y="-12">{html.escape(told)}</text>'
    yield f'<path class="axis" d="M0 0 V{HEIGHT} H{WIDTH}"/>'
    below = f'x="{WIDTH // 2}" y="{HEIGHT + 38}" text-anchor="middle"'
    yield f"<text {below}>times the usual size</text>"


def _line(mark: str, places: Sequence[tuple[float, float]]) -> str:
    path = "M" + " L".join(f"{x} {y}" for x, y in places)
    dots = "".join(
        f'<path class="dot" transform="translate({x} {y})" d="{mark}"/>' for x, y in places
    )
    return f'<g class="series"><path class="line" d="{path}"/>{dots}</g>'


def _tick(value: float, y: float) -> str:
    return f'<text x="-6" y="{y + 4}" text-anchor="end">{value:g}</text>'


def _below(factor: float, x: float) -> str:
    return f'<text x="{x}" y="{HEIGHT + 18}" text-anchor="middle">{_share(factor)}</text>'


def _scale(low: float, high: float, length: float) -> Scale:
    return lambda value: length * (value - low) / (high - low)


def _sentence(panel: Sequence[Row]) -> str:
    ours, peer = points(panel, "ours_ms"), points(panel, "peer_ms")
    told = f"{panel[0]['what']}: ours from {ours[0][1]:.3g} to {ours[-1][1]:.3g} ms"
    if peer:
        told += f", {panel[0]['peer']} from {peer[0][1]:.3g} to {peer[-1][1]:.3g} ms"
    return f"{told}, over sizes from {_share(ours[0][0])} to {ours[-1][0]:g} times the usual one."


def _share(factor: float) -> str:
    return f"1/{round(1 / factor)}" if factor < 1 else f"{factor:g}"
