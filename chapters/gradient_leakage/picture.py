"""The picture of the theory page: ``python -m tools.pictures gradient_leakage`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import data, plot
from runtheory.noise.gradient_leakage import client, reading
from runtheory.randomness import stream

RATE = 0.6


def leaks() -> Figure:
    """Return what a unit shows of an image, and how many units one image has to itself."""
    canvas, (above, below) = plot.figure(rows=2, width=4.0, height=2.2)
    above.imshow(np.hstack(_shown()), cmap="gray", vmin=0, vmax=1)
    above.set_xticks([4, 13, 22], ["image", "hidden units dropped", "pixels dropped"])
    above.set_yticks([])
    above.tick_params(length=0, labelsize=7)
    above.grid(visible=False)
    above.spines[:].set_visible(False)
    rates = np.linspace(0, 0.99, 100)
    for index, batch in enumerate((2, 4, 8)):
        units = [reading.expected_isolated(48, rate=rate, batch=batch) for rate in rates]
        below.plot(rates, units, color=plot.COLOURS[index])
        below.text(1 - 1 / batch, max(units) + 0.3, f"batch of {batch}", ha="center", fontsize=7)
    below.set_ylim(top=14)
    plot.label(below, x="rate of dropout", y="units of its own, of 48")
    return canvas


def _shown() -> list[np.ndarray]:
    """Return the image, and one unit's ratio under each kind of dropout, with gaps between."""
    image = data.load("digits").test_images[0].flatten().double()[None, None] / 240
    generator = stream(0, "picture")
    net = client.draw_networks(64, hidden=48, classes=10, replicates=1, generator=generator)
    label, shown = torch.tensor([[0]]), [image[0, 0]]
    for place, width in (("on_hidden", 48), ("on_inputs", 64)):
        kept = torch.rand((1, 1, width), generator=generator, dtype=torch.float64) >= RATE
        sent = client.shared_gradient(net, image, label, **{place: kept / (1 - RATE)})
        pulled = int(sent.bias[0].abs().argmax())
        ratio = reading.unit_ratios(sent.weight, sent.bias)[0, pulled]
        shown.append(ratio * (1 - RATE) if place == "on_inputs" else ratio)
    squares = [one.reshape(8, 8).numpy() for one in shown]
    gap = np.full((8, 1), np.nan)
    return [squares[0], gap, squares[1], gap, squares[2]]


PICTURES = {"picture": leaks}
