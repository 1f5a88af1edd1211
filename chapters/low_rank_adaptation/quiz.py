"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from math import log

import torch

from runtheory.noise.low_rank_adaptation import noise, saddle

INPUTS = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
CHANGE = torch.tensor([[0.6], [-0.2]], dtype=torch.float64)


def added() -> float:
    """Return what dropout at rate 0.4 adds to the squared error of the small adapter."""
    return float(noise.added_penalty(INPUTS, CHANGE, rate=0.4))


def rate_alone() -> float:
    """Return it with the rate in the place of the variance of a mask."""
    return 0.4 * float((INPUTS.T * CHANGE).square().sum())


def inputs_forgotten() -> float:
    """Return it with the squares of the change alone."""
    return float(CHANGE.square().sum()) * 2 / 3


def time_to_half() -> float:
    """Return when the product reaches half of its limit, from 0.02, without dropout."""
    return saddle.saddle_time(start=0.02, share=0.5)


def one_over_start() -> float:
    """Return the reciprocal of the start: an escape in a straight line."""
    return 1 / 0.02


def without_the_half() -> float:
    """Return twice the time."""
    return 2 * log(2 / 0.02)
