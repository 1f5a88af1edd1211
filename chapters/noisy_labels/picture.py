"""The picture of the theory page: ``python -m tools.pictures noisy_labels`` draws it."""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.noisy_labels import filters

EXAMPLES, RANK, EARLY = 24, 12, 3
SIGNALS = {
    "signal in three directions": [1.0] * EARLY + [0.0] * (RANK - EARLY),
    "signal spread evenly": [1.0] * RANK,
}
WAYS = {"cut": filters.cut_errors, "dropout": filters.shrunk_errors}


def cut_or_shrunk() -> Figure:
    """Return the errors of cuts and of dropout that memorises as much, for two signals."""
    shares = torch.arange(RANK + 1) / EXAMPLES
    canvas, panels = plot.figure(rows=2, width=4.2, height=2.2, sharex=True)
    for axes, (title, sizes) in zip(panels, SIGNALS.items(), strict=True):
        energies = 30 * torch.tensor(sizes, dtype=torch.float64) / sum(sizes)
        for index, (name, errors) in enumerate(WAYS.items()):
            line = errors(energies, examples=EXAMPLES, variance=1.0)
            axes.plot(
                shares, line, label=name, color=plot.COLOURS[index], marker=plot.MARKERS[index]
            )
        axes.set_ylim(bottom=0)
        plot.label(axes, x="share of the noise given back", y="error", title=title, legend=True)
    return canvas


PICTURES = {"picture": cut_or_shrunk}
