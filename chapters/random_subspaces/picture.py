"""The picture of the theory page: ``python -m tools.pictures random_subspaces`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.random_subspaces import quadratic
from runtheory.randomness import stream

CONSTRAINTS, PARAMETERS = 10, 60


def left() -> Figure:
    """Return what random subspaces leave: single draws, and means for unequal constraints."""
    axes_rows = torch.eye(PARAMETERS, dtype=torch.float64)[:CONSTRAINTS]
    directions = quadratic.draw_directions(
        PARAMETERS, directions=12, replicates=1500, generator=stream(0, "picture")
    )
    ends = torch.eye(CONSTRAINTS, dtype=torch.float64)[[0, -1]]
    even = quadratic.least_ratios(axes_rows, ends[0], directions=directions).numpy()
    scaled = torch.linspace(1, 8, CONSTRAINTS, dtype=torch.float64)[:, None] * axes_rows
    weak, strong = (
        quadratic.least_ratios(scaled, end, directions=directions).numpy() for end in ends
    )
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.3)
    count = np.arange(1, 13)
    for dots in even[:25]:
        above.plot(count, dots, ".", color=plot.COLOURS[0], alpha=0.4)
    above.plot([0, 10, 12], [1, 0, 0], color="black", linestyle="--", linewidth=1)
    rows = {"weakest": weak, "equal": even, "strongest": strong}
    for index, (name, ratios) in enumerate(rows.items()):
        means = np.r_[1, ratios.mean(0)]
        style = {"color": plot.COLOURS[index], "marker": plot.MARKERS[index], "markersize": 4}
        below.plot(np.r_[0, count], means, label=name, **style)
    for axes in (above, below):
        axes.set_xticks(range(0, 13, 2))
        plot.label(axes, x="dimension d", y="share of loss left", legend=axes is below)
    return canvas


PICTURES = {"picture": left}
