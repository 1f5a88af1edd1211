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


def cut_or_shrunk() -> Figure:
    """Return the errors of cuts and of dropout that memorises as much, for two signals."""
    directions = torch.eye(EXAMPLES, dtype=torch.float64)[:, :RANK]
    shares = [
        filters.memorised_share(filters.cut_factors(RANK, kept=kept), examples=EXAMPLES)
        for kept in range(RANK + 1)
    ]
    ways = {
        "cut": [filters.cut_factors(RANK, kept=kept) for kept in range(RANK + 1)],
        "dropout": [torch.full((RANK,), kept / RANK) for kept in range(RANK + 1)],
    }
    canvas, panels = plot.figure(rows=2, width=4.2, height=2.2, sharex=True)
    for axes, (title, sizes) in zip(panels, SIGNALS.items(), strict=True):
        energy = torch.tensor(sizes, dtype=torch.float64)
        signal = directions * (30 * energy / energy.sum()).sqrt()
        for index, (name, factors) in enumerate(ways.items()):
            errors = [
                sum(filters.expected_error(directions, signal, one, variance=1.0))
                for one in factors
            ]
            axes.plot(
                shares, errors, label=name, color=plot.COLOURS[index], marker=plot.MARKERS[index]
            )
        axes.set_ylim(bottom=0)
        plot.label(axes, x="share of the noise given back", y="error", title=title, legend=True)
    return canvas


PICTURES = {"picture": cut_or_shrunk}
