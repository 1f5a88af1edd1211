"""The picture of the theory page: ``python -m tools.pictures ordered_dropout`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.ordered_dropout import linear, tails

RANK = 8
VALUES = 0.8 ** torch.arange(RANK, dtype=torch.float64)


def cuts() -> Figure:
    """Return errors against the columns kept, and what the penalty leaves of a singular value."""
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.4)
    _errors(above)
    sizes = np.linspace(0, 3, 301)
    left = np.array([tails.kept_size(float(size), strength=0.5) for size in sizes])
    left[np.flatnonzero(np.diff(left) > 0.3)] = np.nan  # a jump, not a line
    below.plot(sizes, left, label="penalty on both columns", color=plot.COLOURS[0])
    soft = np.maximum(sizes - 0.5, 0)
    below.plot(sizes, soft, label="soft threshold", color=plot.COLOURS[1], linestyle="--")
    below.plot(sizes, sizes, color="black", linestyle=":", linewidth=1)
    plot.label(below, x="singular value", y="what is left of it", legend=True)
    return canvas


def _errors(axes: Axes) -> None:
    energy = float(VALUES.square().sum())
    task = linear.LinearTask(VALUES.diag(), torch.eye(RANK, dtype=torch.float64))
    least = [energy, *linear.least_errors(task, RANK).tolist()]
    plain = [float(linear.rotated_cut_error(VALUES, kept=kept)) for kept in range(RANK + 1)]
    for index, (name, row) in enumerate((("least possible", least), ("plain, mean", plain))):
        shares = 100 * np.array(row) / energy
        axes.plot(shares, label=name, color=plot.COLOURS[index], marker=plot.MARKERS[index])
    plot.label(axes, x="columns kept", y="error left (%)", legend=True)


PICTURES = {"picture": cuts}
