"""The picture of the theory page: ``python -m tools.pictures random_losses`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.random_losses import derivatives
from runtheory.randomness import stream

MARGINS = torch.tensor([-1.6, -1.1, -0.5, -0.2, 0.3, 0.8, 1.3, 2.1])


def drawn_losses() -> Figure:
    """Return three losses drawn for one batch, and the weights of its ranks."""
    canvas, (above, below) = plot.figure(rows=2, width=4.0, height=2.4)
    at = torch.linspace(-2, 2.6, 60)
    drawn = derivatives.draw_derivatives((3,), 8, generator=stream(0, "picture"))
    for index, row in enumerate(derivatives.assigned(drawn, MARGINS.expand(3, -1))):
        curve, knots = (derivatives.loss_through(MARGINS, row, s) for s in (at, MARGINS))
        above.plot(at, curve - knots[4], color=plot.COLOURS[index])
        above.plot(MARGINS, knots - knots[4], plot.MARKERS[index], color=plot.COLOURS[index])
    plot.label(above, x="margin", y="loss, up to a constant")
    below.bar(np.arange(1, 9), derivatives.rank_weights(8), color=plot.COLOURS[0])
    below.axhline(derivatives.mean_size(), color="black", linestyle="--")
    plot.label(below, x="rank of the margin, 1 the smallest", y="size of derivative")
    return canvas


PICTURES = {"picture": drawn_losses}
