"""The picture of the theory page: ``python -m tools.pictures label_smoothing`` draws it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise import label_smoothing as smoothing

CLASSES = 10


def least_losses() -> Figure:
    """Return the least loss over the label's lead, for four amounts."""
    canvas, (axes,) = plot.figure(width=4.0, height=3.0)
    leads = np.linspace(-1, 10, 300)
    for index, amount in enumerate((0.0, 0.05, 0.1, 0.2)):
        losses = [smoothing.least_loss(float(m), amount=amount, classes=CLASSES) for m in leads]
        axes.plot(leads, losses, color=plot.COLOURS[index], label=f"amount {amount:g}")
        if amount:
            best = smoothing.best_lead(amount, CLASSES)
            least = smoothing.least_loss(best, amount=amount, classes=CLASSES)
            axes.plot(best, least, color=plot.COLOURS[index], marker=plot.MARKERS[index])
    axes.set_ylim(0, 3.4)
    plot.label(axes, x="lead of the label's logit", y="loss (nats)", legend=True)
    return canvas


PICTURES = {"picture": least_losses}
