"""Temperature scaling: one number that divides all logits, fitted on held-out examples."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from scipy.optimize import brentq

from runtheory.boundary import checked
from runtheory.evaluation.metrics import check_scored, wide_blocks
from runtheory.shapes import AnyLabels, Logits

FURTHEST = 700.0  # a logarithm whose exponential is still a finite float64


@checked
def fit_temperature(
    logits: Logits, labels: AnyLabels, *, ends: tuple[float, float] | None = None
) -> float:
    """Return the T > 0 at which softmax(z / T) has the least cross-entropy.

    Temperature scaling of [guo2017calibration]: fit it on examples held out from training, and use
    ``logits / T``. The loss is convex in b = 1/T with the slope

        mean over examples of (sum_k softmax(b z)_k z_k - z_y),

    whose only root is found in log T to 1e-10. There is none where no example is wrong (T = 0 is
    best), and none above zero where the label's logit is no larger than the mean of all logits, on
    average (T infinite or negative). These are refused; with ``ends`` = (lowest, highest) the
    temperature is the nearer end then, and whenever it lies beyond one. Decisions do not change.
    Each step is one pass over the logits in float64, and the host waits for the device.

    Raises
    ------
    ValueError
        As the scores of ``metrics`` do (``TypeError`` too); if a logit is not finite, ``ends`` are
        not 0 < lowest < highest, or no temperature is best and no ``ends`` are given.

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import fit_temperature
    >>> logits = torch.tensor([[2.0, 0.0]]).repeat(4, 1)  # sure at 0.88, right three times in four
    >>> round(fit_temperature(logits, torch.tensor([0, 0, 0, 1])), 4)
    1.8205
    """
    named = check_scored(logits, labels)
    if not bool(torch.isfinite(logits).all()):
        raise ValueError("logits must be finite, got NaN or infinity")
    if ends is not None and not 0 < ends[0] < ends[1] < math.inf:
        raise ValueError(f"ends must be positive, finite and increasing, got {ends}")

    def slope(logarithm: float) -> float:
        inverse, total = math.exp(logarithm), 0.0
        for block, own in wide_blocks(logits, named):
            # Less the label's own logit first: what is left loses no digits to an offset.
            lead = block - block.gather(1, own[:, None])
            total += float(((inverse * lead).softmax(dim=1) * lead).sum())
        return total / len(named)

    if ends is None:
        low, high = _bracket(slope)
    else:
        low, high = -math.log(ends[1]), -math.log(ends[0])
        if slope(low) >= 0 or slope(high) <= 0:
            return ends[1] if slope(low) >= 0 else ends[0]
    return math.exp(-float(brentq(slope, low, high, xtol=1e-10)))


def _bracket(slope: Callable[[float], float]) -> tuple[float, float]:
    """Return logarithms of 1/T with slopes below and above zero."""
    low, high = -1.0, 1.0
    while slope(low) >= 0:
        low *= 2
        if low < -FURTHEST:  # far below: the slope is that at 1/T = 0
            raise ValueError(
                "no temperature is best: on average the label's logit is not above the mean logit"
            )
    while slope(high) <= 0:
        high *= 2
        if high > FURTHEST:
            raise ValueError("no temperature is best: no example has a logit above its label's")
    return low, high
