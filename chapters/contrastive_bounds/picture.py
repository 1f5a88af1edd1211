"""The picture of the theory page: ``python -m tools.pictures contrastive_bounds`` draws it."""

from __future__ import annotations

import math

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.contrastive_bounds import losses, pairs
from runtheory.randomness import stream

FEATURES, CORRELATION = 10, 0.5
SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)


def losses_and_values() -> Figure:
    """Return the two losses of an anchor, and the two values as batches grow."""
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.3)
    free = torch.linspace(-5, 3, 81, dtype=torch.float64)
    scores = torch.zeros((len(free), 2, 2), dtype=torch.float64)
    scores[:, 0, 1] = free  # one other candidate: its lead is the leave-one-out loss
    for index, (name, loss) in enumerate(
        {"InfoNCE": losses.info_nce, "InfoLOOB": losses.leave_one_out}.items()
    ):
        above.plot(free, loss(scores)[:, 0], label=name, color=plot.COLOURS[index])
    plot.label(above, x="leave-one-out loss (nats)", y="loss (nats)", legend=True)
    drawn = pairs.draw_pairs(
        FEATURES, correlation=CORRELATION, pairs=512, batches=6, generator=stream(0, "picture")
    )
    known = pairs.true_scores(*drawn, correlation=CORRELATION)
    for index, value in enumerate((pairs.info_nce_value, pairs.leave_one_out_value)):
        found = [float(value(pairs.diagonal_blocks(known, pairs=size)).mean()) for size in SIZES]
        style = {"color": plot.COLOURS[index], "marker": plot.MARKERS[index]}
        below.plot(SIZES, found, label=("InfoNCE", "leave-one-out")[index], **style)
    below.plot(SIZES[:4], np.log(SIZES[:4]), "k:", label="ceiling ln N")
    information = pairs.information(FEATURES, correlation=CORRELATION)
    below.axhline(information, color="black", linestyle="--", linewidth=1)
    plot.doubling_axis(below, SIZES)
    below.set_ylim(0, math.ceil(pairs.widest_value(FEATURES, correlation=CORRELATION)))
    plot.label(below, x="pairs N", y="value (nats)", legend=True)
    return canvas


PICTURES = {"picture": losses_and_values}
