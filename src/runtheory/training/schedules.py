"""A learning-rate schedule gives each step its share of the peak rate."""

from __future__ import annotations

import math

from runtheory import checks
from runtheory.boundary import checked


@checked
def warmup_cosine(step: int, *, steps: int, warmup: float = 0.0, floor: float = 0.0) -> float:
    """Return the share of the peak learning rate that step ``step`` (counted from 0) uses.

    With the peak at step p = max(``warmup`` · ``steps`` - 1, 0), a straight line up to it and half
    a cosine down towards ``floor``, which step ``steps`` would reach:

        (step + 1) / (p + 1)                                              for step < p,
        floor + (1 - floor) · (1 + cos(π (step - p) / (steps - p))) / 2   from p on.

    So no step is wasted on a rate of 0; ``warmup=0, floor=1`` is a constant rate.

    Raises
    ------
    ValueError
        If ``step`` lies outside [0, steps), or ``warmup`` or ``floor`` outside [0, 1].

    Examples
    --------
    >>> from runtheory.training import warmup_cosine
    >>> [round(warmup_cosine(step, steps=8, warmup=0.25), 2) for step in range(0, 8, 2)]
    [0.5, 0.95, 0.61, 0.19]
    """
    if not 0 <= step < steps:
        raise ValueError(f"step must lie in [0, {steps}), got {step}")
    checks.in_interval(0, 1, warmup=warmup, floor=floor)
    return _share_of_peak(step, steps=steps, warmup=warmup, floor=floor)


def _share_of_peak(step: int, *, steps: int, warmup: float, floor: float) -> float:
    """Return what :func:`warmup_cosine` does, of numbers that were looked at before."""
    # The warm-up ends with its last step, counted from 0, and need not end on a whole step.
    peak = max(warmup * steps - 1, 0.0)
    if step < peak:
        return (step + 1) / (peak + 1)
    fall = (step - peak) / (steps - peak)  # 0 at the peak; 1 is the step after the last
    return floor + (1 - floor) * (1 + math.cos(math.pi * fall)) / 2
