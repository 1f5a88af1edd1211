"""The picture of the theory page: ``python -m tools.pictures comparing_classifiers`` draws it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.comparing_classifiers import levels

CORRELATION = 0.3
# Within a replicate and between two, of the lab's smallest and largest problem, rounded.
PROBLEMS = {
    "5×2cv F, 40 examples": (0.41, 0.4),
    "5×2cv F, 400 examples": (0.02, 0.45),
}


def levels_of_tests() -> Figure:
    """Return how often two t-tests and the F-test reject a true null."""
    canvas, (axes,) = plot.figure(width=4.4, height=3.0)
    splits = np.unique(np.geomspace(2, 1000, 40).astype(int))
    for index, (name, assumed) in enumerate((("naive t", 0.0), ("corrected t", 1 / 3))):
        found = [levels.resampled_level(int(j), CORRELATION, assumed=assumed) for j in splits]
        axes.plot(splits, 100 * np.array(found), color=plot.COLOURS[index], label=name)
    for index, (name, pair) in enumerate(PROBLEMS.items(), start=2):
        level = 100 * levels.five_by_two_level(*pair)
        axes.plot([2, 1000], [level, level], "--", color=plot.COLOURS[index], label=name)
    axes.axhline(5, color="grey", linestyle=":")
    axes.set_xscale("log")
    plot.label(axes, x="random splits", y="true nulls rejected (%)", legend=True)
    return canvas


PICTURES = {"picture": levels_of_tests}
