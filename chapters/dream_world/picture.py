"""The picture of the theory page: ``python -m tools.pictures dream_world`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.dream_world import linear

RATE, STEPS = 0.2, 60
NAMES = ("no dropout", "a fresh mask each step", "one mask an episode")


def costs() -> Figure:
    """Return what each gain costs in three dreams, and up to which rate they stay finite."""
    canvas, (above, below) = plot.figure(rows=2, width=4.0, height=2.4)
    gains = np.linspace(0.36, 1.2, 43)
    for index, levels in enumerate(_costs(gains)):
        least = int(np.argmin(levels))
        above.plot(gains, levels, color=plot.COLOURS[index], label=NAMES[index])
        above.plot(gains[least], levels[least], plot.MARKERS[index], color=plot.COLOURS[index])
    above.set_ylim(0.95, 2.4)
    plot.label(above, x="gain", y="cost of the dream", legend=True)
    grows = np.linspace(0, 2.5, 100)
    below.plot(grows, 1 / (1 + grows**2), color=plot.COLOURS[1])
    below.plot(grows, (1 - grows / 2).clip(0), color=plot.COLOURS[2])
    plot.label(below, x="growth a of the state by itself", y="largest rate")
    return canvas


def _costs(gains: np.ndarray) -> list[list[float]]:
    one, spread = torch.ones(1, 1).double(), linear.mask_variance(RATE)
    world = linear.System(0.8 * one, one, one, 0 * one)
    constant = [torch.full((STEPS, 1, 1), gain).double() for gain in gains]
    return [
        [linear.expected_cost(world, k).item() for k in constant],
        [linear.expected_cost(world, k, state_variance=spread).item() for k in constant],
        [linear.worlds_cost(world, k, rate=RATE).item() for k in constant],
    ]


PICTURES = {"picture": costs}
