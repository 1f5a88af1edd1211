"""The picture of the theory page: ``python -m tools.pictures intrinsic_dimension`` draws it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.intrinsic_dimension import neighbours, torus
from runtheory.randomness import stream

SAMPLES = 120
FEW = 0.005  # of 1,000 points; a share below it is mostly chance


def points_and_ratios() -> Figure:
    """Return two striped classes with their closest pair, and ratios of distances by dimension."""
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=3.0)
    generator = stream(2, "picture")
    _closest_pair(above, torus.draw_points(SAMPLES, 2, generator=generator))
    for index, dimension in enumerate((1, 2, 4)):
        points = torus.draw_points(1000, dimension, generator=generator)
        near = neighbours.nearest_distances(points, 2, wrapped=True)
        ratios = np.sort(near[:, 1] / near[:, 0])
        places = np.searchsorted(ratios, grid := np.geomspace(1, 10, 13))
        colour = plot.COLOURS[index]
        share = 1 - places / 1000
        below.plot(
            grid[share >= FEW],
            share[share >= FEW],
            plot.MARKERS[index],
            color=colour,
            label=f"d = {dimension}",
        )
        line = grid[grid**-dimension > 1e-3]
        below.plot(line, line**-dimension, color=colour, linewidth=1)
    below.set_xscale("log")
    below.set_yscale("log")
    below.set_xticks([1, 2, 5, 10], ["1", "2", "5", "10"])
    below.minorticks_off()
    plot.label(below, x="ratio m", y="share of points above m", legend=True)
    return canvas


def _closest_pair(axes: Axes, points: np.ndarray) -> None:
    labels = torus.stripes(points, periods=1)
    for one in (0, 1):
        axes.plot(
            *points[labels == one].T, plot.MARKERS[one], color=plot.COLOURS[one], markersize=4
        )
    apart = np.abs(points[labels == 0][:, None] - points[labels == 1])
    far = np.square(np.minimum(apart, 1 - apart)).sum(2)
    first, second = np.unravel_index(far.argmin(), far.shape)
    for x in (points[labels == 0][first], points[labels == 1][second]):
        axes.plot(*x, "o", color="black", fillstyle="none", markersize=11)
    for wall in (0, 0.5, 1):
        axes.axvline(wall, color="black", linestyle="--", linewidth=1)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    plot.label(axes, x="first coordinate", y="second coordinate")


PICTURES = {"picture": points_and_ratios}
