"""The picture of the theory page: ``python -m tools.pictures random_experts`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.random_experts import subsets
from runtheory.randomness import stream

EXPERTS = 12
WAYS = {
    "different experts": subsets.subset_variance,
    "with repetition": subsets.replacement_variance,
    "each kept alone": subsets.kept_variance,
}


def noise() -> Figure:
    """Return the means of all sets of experts, and variances by three ways of drawing."""
    normal = torch.randn((EXPERTS, 1), generator=stream(0, "picture"), dtype=torch.float64)
    outputs = 0.8 + normal
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.3)
    _columns(above, outputs)
    used = range(1, EXPERTS + 1)
    for index, (name, variance) in enumerate(WAYS.items()):
        values = [float(variance(outputs, used=k)) for k in used]
        below.plot(used, values, label=name, color=plot.COLOURS[index], marker=plot.MARKERS[index])
    below.set_xticks((1, 2, 3, 5, 8, 11, 12))
    plot.label(below, x="experts used, k", y="variance", legend=True)
    return canvas


def _columns(axes: Axes, outputs: torch.Tensor) -> None:
    places = (1, 2, 3, 5, 8, 11, 12)
    for used in places:
        means = subsets.subset_means(outputs, used=used)[:, 0].sort().values
        # At most forty dots a column, evenly among the sorted means, both ends included.
        shown = means[torch.linspace(0, len(means) - 1, min(40, len(means))).long()]
        axes.plot(np.full(len(shown), used), shown, ".", color=plot.COLOURS[0], alpha=0.5)
    axes.axhline(float(outputs.mean()), color="black", linestyle="--", linewidth=1)
    axes.set_xticks(places)
    plot.label(axes, x="experts used, k", y="mean output")


PICTURES = {"picture": noise}
