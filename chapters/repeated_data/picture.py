"""The picture of the theory page: ``python -m tools.pictures repeated_data`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.repeated_data import tables

ROW = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)


def shares() -> Figure:
    """Return a row's expected loss on its way to the frequencies, and where a count is wrong."""
    canvas, (above, below) = plot.figure(rows=2, width=4.0, height=2.2)
    times = np.linspace(0, 6, 61)
    for index, draws in enumerate((20, 60, 200)):
        losses = [tables.row_excess(ROW, draws=draws, share=float(np.exp(-t))) for t in times]
        above.plot(times, losses, color=plot.COLOURS[index], label=f"seen {draws} times")
        least = int(np.argmin(losses))
        above.plot(times[least], losses[least], "o", color=plot.COLOURS[index])
    plot.label(above, x="time on the way to the frequencies", y="loss above floor", legend=True)
    draws = np.unique(np.geomspace(10, 2000, 40).astype(int))
    for index, share in enumerate((0.001, 0.01)):
        ratio = [
            tables.row_excess(ROW, draws=int(m), share=share) * 2 * m / (len(ROW) - 1)
            for m in draws
        ]
        below.plot(draws * 0.05, ratio, color=plot.COLOURS[index], label=f"share {share}")
    below.axhline(1, color="black", linewidth=0.8)
    below.set_xscale("log")
    plot.plain_log_axis(below)
    plot.label(below, x="times the rarest cell is expected", y="loss over 3 / (2m)", legend=True)
    return canvas


PICTURES = {"picture": shares}
