"""The picture of the theory page: ``python -m tools.pictures relevant_axes`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.capacity.relevant_axes import linear

EIGENVALUES = torch.tensor([4.0, 2.5, 1.6, 0.8, 0.5, 0.3]).double()
NOISE = 1.0
REFRESHES = 9


def axes_above_the_noise() -> Figure:
    """Return a spectrum cut at the noise, and prior variances over many refreshes."""
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.4)
    places = np.arange(1, len(EIGENVALUES) + 1)
    kept = linear.relevances(EIGENVALUES, axes=len(EIGENVALUES), noise=NOISE).numpy()
    noise = EIGENVALUES.numpy() - kept
    above.bar(places, noise, width=0.6, color="#BBBBBB", label="taken for noise")
    above.bar(places, kept, bottom=noise, width=0.6, label="relevance")
    above.axhline(NOISE, color="black", linestyle="--", linewidth=1)
    plot.label(above, x="axis", y="eigenvalue", legend=True)
    for index in range(3):
        shrunk = _shrunk(float(EIGENVALUES[index]))
        name = f"means alone, eigenvalue {float(EIGENVALUES[index]):g}"
        style = {"color": plot.COLOURS[index + 1], "marker": plot.MARKERS[index + 1]}
        below.plot(range(REFRESHES), shrunk, label=name, **style)
    below.axhline(1, color=plot.COLOURS[0], label="draws, every axis")
    plot.label(below, x="refreshes", y="prior variance", legend=True)
    below.set_ylim(0, 1.05)
    below.legend(fontsize=7, frameon=False, loc="center right")
    return canvas


def _shrunk(eigenvalue: float) -> list[float]:
    """Return the prior variance of one axis, refreshed from means, its decoder always the best."""
    covariance, prior = torch.tensor([[eigenvalue]]), torch.ones(1).double()
    found = [float(prior)]
    for _ in range(REFRESHES - 1):
        decoder = linear.best_decoder(covariance, prior=prior, noise=NOISE)
        given = {"prior": prior, "noise": NOISE}
        prior = linear.refreshed(covariance, decoder, means_only=True, **given)
        found.append(float(prior))
    return found


PICTURES = {"picture": axes_above_the_noise}
