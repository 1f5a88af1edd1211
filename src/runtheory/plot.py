"""The book's figures: one style, one palette, means with their intervals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from runtheory import checks, lazy
from runtheory.boundary import checked
from runtheory.intervals import Numbers, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# a word or an article, not a letter that stands for a number, nor a formula's first name
WORD = re.compile(r"(?!(?:exp|kl|log|tr)\b)[a-z]{2,}(?![\w(])|a [a-z]{4,}")
# Okabe and Ito's palette: distinct to colour-blind readers; ordered so that neighbours also differ
# in lightness, which survives a black-and-white print.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@checked
def figure(
    columns: int = 1, *, rows: int = 1, width: float = 7.0, height: float = 3.2, **options: Any
) -> tuple[Figure, np.ndarray]:
    """Return a figure in the book's style and its axes as a flat array (``rows * columns``).

    ``width`` is the whole figure's and ``height`` one row's, in inches. Raises ``ValueError`` for
    fewer than one row or column, and for lengths that are not positive and finite.
    """
    checks.at_least(1, columns=columns, rows=rows)
    checks.positive_finite(width=width, height=height)
    with lazy.needed_by(__name__, extra="labs"):
        import matplotlib.pyplot as plt

    # Styled by hand, not by a context of settings: the first figure of a notebook turns interactive
    # mode on, and the end of a context would turn it off again, so that no later figure is shown.
    canvas, grid = plt.subplots(
        rows,
        columns,
        figsize=(width, height * rows),
        squeeze=False,
        layout="constrained",
        dpi=120,
        facecolor="white",
        **options,
    )
    for axes in grid.ravel():
        axes.set_prop_cycle(color=COLOURS)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    return canvas, grid.ravel()


@checked
def label(axes: Axes, *, x: str, y: str, title: str = "", legend: bool = False) -> None:
    """Name the axes (with units), and add a title and a legend where they are wanted.

    All texts, those of a legend that is there already included, begin with a capital letter.
    """
    axes.set_xlabel(capitalised(x))
    axes.set_ylabel(capitalised(y))
    if title:
        axes.set_title(capitalised(title), fontsize=10)
    for drawn in axes.get_legend_handles_labels()[0]:
        drawn.set_label(capitalised(str(drawn.get_label())))
    if legend:
        axes.legend(fontsize=9, frameon=False)
    elif (earlier := axes.get_legend()) is not None:
        for text in earlier.texts:
            text.set_text(capitalised(text.get_text()))


@checked
def capitalised(text: str) -> str:
    """Return ``text`` with a capital letter, unless it begins with a symbol or a formula.

    Examples
    --------
    >>> from runtheory.plot import capitalised
    >>> [capitalised(text) for text in ("step", "x, in metres", "log 2", "\u03bb = 1", "test loss")]
    ['Step', 'x, in metres', 'log 2', '\u03bb = 1', 'Test loss']
    """
    return text[0].upper() + text[1:] if WORD.match(text) else text


@checked
def doubling_axis(axes: Axes, counts: Sequence[int]) -> None:
    """Put ``counts`` that double on a logarithmic horizontal axis, written as plain numbers."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()


@checked
def plain_log_axis(axes: Axes) -> None:
    """Make the vertical axis logarithmic, with ticks at 1, 2 and 5 written as plain numbers."""
    with lazy.needed_by(__name__, extra="labs"):
        from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())


@checked
def curve_with_interval(
    axes: Axes, x: Numbers, runs: Numbers, *, name: str, index: int = 0
) -> None:
    """Draw the mean over ``runs`` (run, point) with its 95 % t-interval as a band.

    Raises ``ValueError`` where ``x`` is not one number a point.
    """
    table = np.asarray(runs, dtype=np.float64)
    _require_places(x, len(table.T))
    intervals = [mean_interval(column) for column in table.T]
    colour = COLOURS[index % len(COLOURS)]
    marker = MARKERS[index % len(MARKERS)]
    axes.plot(x, [i.mean for i in intervals], label=name, color=colour, marker=marker)
    low, high = [i.low for i in intervals], [i.high for i in intervals]
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


@checked
def points_with_interval(
    axes: Axes, x: Numbers, groups: Sequence[Numbers], *, name: str | None, index: int = 0
) -> None:
    """Draw one mean with its 95 % t-interval as an error bar for each group of values.

    Raises ``ValueError`` where ``x`` is not one number a group.
    """
    _require_places(x, len(groups))
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


def _require_places(x: Numbers, count: int) -> None:
    shape = np.shape(np.asarray(x))
    if shape != (count,):
        raise ValueError(f"x must have shape ({count},), got {shape}")
