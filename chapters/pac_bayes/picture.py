"""The picture of the theory page: ``python -m tools.pictures pac_bayes`` draws it."""

import math

import numpy as np
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.information.certificates.pac_bayes import kl_inverse

SAMPLES, DELTA, TEMPERATURE = 1000, 0.05, 1.0


def least_bounds() -> Figure:
    """Return who is least over training risk and divergence for each example."""
    canvas, (axes,) = plot.figure(width=3.6, height=3.4)
    risk, share = np.meshgrid(np.linspace(0, 0.5, 101), np.linspace(0, 0.2, 81))
    budget = share + math.log(2 * math.sqrt(SAMPLES) / DELTA) / SAMPLES
    cost = share + math.log(1 / DELTA) / SAMPLES
    tight = kl_inverse(risk, budget)
    catoni = np.expm1(-TEMPERATURE * risk - cost) / math.expm1(-TEMPERATURE)
    # The quadratic bound is the lesser where McAllester's lies below one quarter.
    lesser = risk + np.sqrt(budget / 2) - 0.25
    axes.contourf(risk, share, lesser, [-9, 0, 9], colors=["#fbe3b3", "#cfe3f2"])
    axes.contourf(risk, share, tight - catoni, [0, 9], colors="none", hatches=["////"])
    axes.contour(risk, share, tight - catoni, [0], colors="black", linewidths=0.9)
    axes.contour(risk, share, tight, [0.5], colors="black", linestyles="--", linewidths=1.2)
    for x, y, text in ((0.21, 0.012, "McAllester"), (0.02, 0.18, "McAllester")):
        axes.text(x, y, text, fontsize=10)
    axes.text(0.29, 0.18, "kl above 1/2", fontsize=10)
    arrow = {"arrowstyle": "->"}
    name = "Catoni\nbelow kl"
    axes.annotate(name, (0.43, 0.09), (0.38, 0.035), fontsize=10, arrowprops=arrow)
    axes.annotate("quadratic", (0.012, 0.06), (0.01, 0.13), fontsize=10, arrowprops=arrow)
    plot.label(axes, x="training risk r", y="divergence D / n (nats)")
    return canvas


PICTURES = {"picture": least_bounds}
