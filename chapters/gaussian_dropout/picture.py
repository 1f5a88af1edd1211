"""The picture of the theory page: ``python -m tools.pictures gaussian_dropout`` draws it."""

from __future__ import annotations

import math

import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.gaussian_dropout.next_order import sum_distribution

RATE, MEAN = 0.5, 2.0


def sums() -> Figure:
    """Return the distributions of a sum of two and of 32 masked features."""
    canvas, panels = plot.figure(rows=2, width=4.0, height=1.9, sharex=True)
    line = torch.linspace(-4, 8, 400, dtype=torch.float64)
    for axes, count in zip(panels, (2, 32), strict=True):
        values, weights = sum_distribution(torch.full((count,), MEAN / count), rate=RATE)
        stairs = torch.cat([torch.zeros(1), weights.cumsum(0), torch.ones(1)])
        axes.step(torch.cat([line[:1], values, line[-1:]]), stairs, where="post", label="Masks")
        deviation = MEAN * math.sqrt(RATE / (1 - RATE) / count)
        normal = torch.special.ndtr((line - MEAN) / deviation)
        axes.plot(line, normal, linestyle="--", label="Normal factors")
        axes.set_title(f"{count} features", fontsize=10)
        axes.set_ylabel("Share below")
    panels[0].legend(fontsize=9, frameon=False, loc="lower right")
    panels[1].set_xlabel("Logit")
    return canvas


PICTURES = {"picture": sums}
