"""The picture of the theory page: ``python -m tools.pictures discrete_codes`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.discrete_codes import measures, network
from runtheory.randomness import stream

COUNTS = (5, 10, 20, 50, 100, 200, 500, 1000)


def layer() -> Figure:
    """Return features that become one of five codes, and the bias of a code's entropy."""
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.7)
    _plane(above)
    law = torch.full((24,), 1 / 24, dtype=torch.float64)
    true = measures.entropy(law)
    bias = [true - measures.plug_in_mean(law, samples=count) for count in COUNTS]
    low, high = np.transpose([measures.bias_bracket(law, samples=count) for count in COUNTS])
    below.fill_between(COUNTS, low, high, color=plot.COLOURS[0], alpha=0.2, label="bounds")
    below.plot(COUNTS, bias, marker="o", color=plot.COLOURS[0], label="missing on average")
    below.set_xscale("log")
    below.set_xticks((5, 20, 100, 500), ("5", "20", "100", "500"))
    below.minorticks_off()
    plot.label(below, x="inputs drawn, n", y="nats", legend=True)
    return canvas


def _plane(axes: Axes) -> None:
    draw = stream(3, "picture")
    angles = torch.tensor([0.3, 1.5, 2.6, 4.0, 5.3])
    lengths = torch.tensor([1.5, 1.1, 1.6, 1.2, 1.4])
    book = torch.stack([angles.cos(), angles.sin()], 1) * lengths[:, None]
    net = network.draw_network(2, hidden=2, width=2, symbols=2, replicates=1, generator=draw)
    rows = torch.randn((1, 90, 2), generator=draw)
    codes = network.choose_codes(network.with_codes(net, book[None]), rows)[0, :, 0]
    for place, code in enumerate(book):
        own = rows[0, codes == place]
        axes.plot(*own.T, plot.MARKERS[place], color=plot.COLOURS[place], alpha=0.5, markersize=4)
        axes.annotate("", xy=code.tolist(), xytext=(0, 0), arrowprops={"arrowstyle": "->"})
    axes.set_aspect("equal")
    plot.label(axes, x="first feature", y="second feature")


PICTURES = {"picture": layer}
