"""The picture of the theory page: ``python -m tools.pictures low_rank_adaptation`` draws it."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from runtheory import plot
from runtheory.noise.low_rank_adaptation import noise, saddle
from runtheory.randomness import stream

START, CAP, DROP = 0.05, 4.0, 0.3


def leaving_zero() -> Figure:
    """Return a product leaving zero in four ways, and the noise of dropout's addition by steps."""
    canvas, (above, below) = plot.figure(rows=2, width=4.2, height=2.6)
    times = np.linspace(0, 9, 181)
    ways = {
        "plain": saddle.product(times, start=START),
        "dropout 0.3": saddle.product(times, start=START, rate=DROP),
        "by the norm, $g_0 = 4$": saddle.adapted_product(times, start=START, cap=CAP),
        "plain, 4 times as fast": saddle.product(CAP * times, start=START),
    }
    for (name, path), style in zip(ways.items(), ("-", "--", "-.", ":"), strict=True):
        above.plot(times, path, style, label=name)
    plot.label(above, x="time", y="product $ab$")
    above.legend(loc="lower right", fontsize="small", frameon=False)
    steps = np.geomspace(1, 1000, 30)
    inputs, targets, fit = _regression()
    for share, name in ((0.1, "one tenth of the fit"), (0.25, "one quarter"), (1.0, "the whole")):
        change = share * fit
        needed = noise.steps_to_settle(inputs, targets, change, rate=DROP, share=1.0)
        below.loglog(steps, (needed / steps) ** 0.5, label=name)
    below.axhline(1, color="black", linestyle="--")
    plot.label(below, x="steps averaged over", y="deviation / penalty", legend=True)
    return canvas


def _regression() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return inputs, targets and the best fit: 32 examples, 6 features, 3 outputs."""

    def normal(*shape: int, purpose: str) -> torch.Tensor:
        return torch.randn(shape, generator=stream(0, purpose), dtype=torch.float64)

    inputs = normal(32, 6, purpose="X")
    targets = normal(32, 3, purpose="Y") + inputs @ normal(6, 3, purpose="truth")
    return inputs, targets, torch.linalg.lstsq(inputs, targets).solution


PICTURES = {"picture": leaving_zero}
