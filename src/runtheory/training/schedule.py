"""The learning rate over a run, as a pure function of the step."""

from __future__ import annotations

import math


def factor(step: int, *, steps: int, warmup: float = 0.0, floor: float = 0.0) -> float:
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
    """
    if not 0 <= step < steps:
        raise ValueError(f"step must lie in [0, {steps}), got {step}")
    for name, value in (("warmup", warmup), ("floor", floor)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must lie in [0, 1], got {value}")
    peak = max(warmup * steps - 1, 0.0)
    if step < peak:
        return (step + 1) / (peak + 1)
    fall = (step - peak) / (steps - peak)
    return floor + (1 - floor) * (1 + math.cos(math.pi * fall)) / 2
