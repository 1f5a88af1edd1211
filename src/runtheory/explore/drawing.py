"""A picture of an explorable drawn by matplotlib: for paper, for a kernel, without the script."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from runtheory import checks, lazy, plot
from runtheory.boundary import checked
from runtheory.explore.marks import Axis, Bars, Heat, Line, Panel, Picture, Points, Rule, Step

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (*plot.COLOURS, "#707070")
MARKERS = (*plot.MARKERS, "o")
DASHES = {"solid": "-", "dashed": "--", "dotted": ":"}


@checked
def draw(picture: Picture) -> Figure:
    """Return a matplotlib figure of ``picture``, its panels side by side."""
    count = len(picture.panels)
    canvas, grid = plot.figure(count, width=4.8 if count == 1 else 7.0, height=3.0)
    for axes, panel in zip(grid, picture.panels, strict=True):
        _draw_panel(axes, panel)
    return canvas


@checked
def picture(figure: Figure, *, dpi: float | int = 100) -> bytes:
    """Return the figure as a small PNG and close it.

    128 colours, chosen to cover the range: a palette by frequency drops the colour of a thin line.
    """
    checks.in_interval(1, 1000, dpi=dpi)
    with lazy.needed_by(__name__, extra="labs"):
        import matplotlib.pyplot as plt
        from PIL import Image

    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=dpi, facecolor="white")
    plt.close(figure)
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(128, method=Image.Quantize.MAXCOVERAGE).save(
        small, format="png", optimize=True
    )
    return small.getvalue()


def _draw_panel(axes: Axes, panel: Panel) -> None:
    for mark in panel.marks:
        _DRAWN[type(mark)](axes, mark, panel.colour(mark) % len(COLOURS))
    _draw_axis(axes, panel.x, "x")
    _draw_axis(axes, panel.y, "y")
    if panel.equal:
        axes.set_aspect("equal")
    plot.label(axes, x=panel.x.label, y=panel.y.label, title=panel.title)
    heat = any(isinstance(mark, Heat) for mark in panel.marks)
    if heat:
        axes.invert_yaxis()
        axes.grid(visible=False)
    elif len(panel.marks) > 1:
        axes.legend(fontsize=8, frameon=False)


def _draw_axis(axes: Axes, axis: Axis, name: str) -> None:
    if axis.log:
        axes.set(**{f"{name}scale": "log"})
    if axis.names:
        axes.set(**{f"{name}ticks": range(len(axis.names)), f"{name}ticklabels": axis.names})
    elif axis.ticks:
        labels = [f"{tick:g}" for tick in axis.ticks]
        axes.set(**{f"{name}ticks": axis.ticks, f"{name}ticklabels": labels})
        axes.minorticks_off()
    axes.set(**{f"{name}lim": axis.limits})


def _line(axes: Axes, mark: Line, colour: int) -> None:
    style: dict[str, Any] = {"color": COLOURS[colour], "linestyle": DASHES[mark.style]}
    if isinstance(mark, Step):
        style["drawstyle"] = "steps-post"
    axes.plot(mark.x, mark.y, label=mark.name, **style)


def _points(axes: Axes, mark: Points, colour: int) -> None:
    style: dict[str, Any] = {"color": COLOURS[colour], "markersize": 5, "linestyle": "none"}
    if mark.hollow:
        style["markerfacecolor"] = "none"
    axes.plot(mark.x, mark.y, marker=MARKERS[colour], label=mark.name, **style)


def _bars(axes: Axes, mark: Bars, colour: int) -> None:
    if mark.flat:
        axes.barh(mark.y, mark.x, color=COLOURS[colour], label=mark.name, height=0.7)
    else:
        axes.bar(mark.x, mark.y, color=COLOURS[colour], label=mark.name, width=0.7)


def _rule(axes: Axes, mark: Rule, colour: int) -> None:
    style = {"color": COLOURS[colour], "linestyle": DASHES[mark.style], "label": mark.name}
    for axis, value in mark.numbers.items():
        {"x": axes.axvline, "y": axes.axhline}[axis](float(value[0]), **style)


def _heat(axes: Axes, mark: Heat, colour: int) -> None:
    low, high = mark.limits
    axes.imshow(mark.matrix, cmap="RdBu_r", vmin=low, vmax=high, aspect="auto")
    for (row, column), value in np.ndenumerate(mark.matrix):
        dark = abs((value - low) / (high - low) - 0.5) > 0.3
        text = "" if np.isnan(value) else f"{value + 0.0:.2g}"
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
        axes.text(column, row, text, color="white" if dark else "black", **style)


_DRAWN: dict[type, Callable[[Any, Any, int], None]] = {
    Line: _line, Step: _line, Points: _points, Bars: _bars, Rule: _rule, Heat: _heat
}  # fmt: skip
