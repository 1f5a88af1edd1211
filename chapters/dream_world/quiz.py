"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import torch

from runtheory.noise.dream_world import linear

STEPS = 400  # as good as endless: each step has less than half of the cost of the one before


def fresh_masks() -> float:
    """Return the cost of the dream s' = 0.9 s + u, u = -0.8 s, with fresh masks of rate 0.3."""
    variance = linear.mask_variance(0.3)
    return float(linear.expected_cost(_system(), _gains(), state_variance=variance))


def one_mask() -> float:
    """Return the cost with one mask for the whole dream."""
    return float(linear.worlds_cost(_system(), _gains(), rate=0.3))


def without_masks() -> float:
    """Return the cost without dropout."""
    return float(linear.expected_cost(_system(), _gains()))


def _system() -> linear.System:
    one, free = torch.ones(1, 1).double(), torch.zeros(1, 1).double()
    return linear.System(0.9 * one, one, one, free)


def _gains() -> torch.Tensor:
    return torch.full((STEPS, 1, 1), 0.8).double()
