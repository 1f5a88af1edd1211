"""The book's figures: one style, one palette, means with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from runtheory.intervals import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette: distinct to colour-blind readers; ordered so that neighbours also differ
# in lightness, which survives a black-and-white print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.alpha": 0.3,
}


def figure(
    columns: int = 1, *, rows: int = 1, width: float = 7.0, height: float = 3.2, **options: object
) -> tuple[Figure, np.ndarray]:
    """Return a figure in the book's style and its axes as a flat array (``rows * columns``).

    ``width`` is the whole figure's and ``height`` one row's, in inches.
    """
    import matplotlib.pyplot as plt
    from cycler import cycler

    with plt.rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLOURS)}):
        canvas, axes = plt.subplots(
            rows, columns, figsize=(width, height * rows), squeeze=False, **options
        )
    return canvas, axes.ravel()


def label(axes: Axes, *, x: str, y: str, title: str = "", legend: bool = False) -> None:
    """Name the axes (with units), and add a title and a legend where they are wanted."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if title:
        axes.set_title(title, fontsize=10)
    if legend:
        axes.legend(fontsize=9, frameon=False)


def doubling_axis(axes: Axes, counts: Sequence[int]) -> None:
    """Put ``counts`` that double on a logarithmic horizontal axis, written as plain numbers."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()


def curve_with_interval(
    axes: Axes, x: ArrayLike, runs: ArrayLike, *, name: str, index: int = 0
) -> None:
    """Draw the mean over ``runs`` (run, point) with its 95 % t-interval as a band."""
    table = np.asarray(runs, dtype=np.float64)
    intervals = [mean_interval(column) for column in table.T]
    style = {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}
    axes.plot(x, [i.mean for i in intervals], label=name, **style)
    low, high = [i.low for i in intervals], [i.high for i in intervals]
    axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)


def points_with_interval(
    axes: Axes, x: ArrayLike, groups: Sequence[ArrayLike], *, name: str, index: int = 0
) -> None:
    """Draw one mean with its 95 % t-interval as an error bar for each group of values."""
    intervals = [mean_interval(group) for group in groups]
    axes.errorbar(
        x,
        [i.mean for i in intervals],
        yerr=[i.high - i.mean for i in intervals],
        label=name,
        color=COLOURS[index % len(COLOURS)],
        marker=MARKERS[index % len(MARKERS)],
        capsize=3,
        linestyle="none",
    )
