"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import torch

from runtheory.capacity.ordered_dropout import linear, tails

VALUES = torch.tensor([4.0, 2.0, 1.0], dtype=torch.float64)
STRENGTH, WEIGHT = 0.5, 0.25


def two_of_three_lost() -> float:
    """Return the mean error of one column of a plain product of three."""
    return float(linear.rotated_cut_error(VALUES, kept=1))


def equal_shares() -> float:
    """Return two thirds of the energy, as if each column held a third."""
    return float(VALUES.square().mean() * 2)


def least() -> float:
    """Return the least error that one column can have."""
    task = linear.LinearTask(VALUES.diag(), torch.eye(3, dtype=torch.float64))
    return float(linear.least_errors(task, 1)[0])


def without_pairs() -> float:
    """Return the mean error without the products of different singular values."""
    return sum(float(linear.rotated_cut_error(one, kept=1)) for one in VALUES.diag())


def edge() -> float:
    """Return the singular value from which on the best pair is not zero."""
    return _edge(WEIGHT)


def edge_without_weight() -> float:
    """Return the edge as if the error had the weight one."""
    return _edge(1.0)


def soft_threshold() -> float:
    """Return the threshold of a penalty on the singular value itself."""
    return STRENGTH / WEIGHT


def _edge(weight: float) -> float:
    """Return where ``kept_size`` jumps, by halving."""
    low, high = 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        kept = tails.kept_size(middle, strength=STRENGTH, weight=weight)
        low, high = (low, middle) if kept else (middle, high)
    return high
