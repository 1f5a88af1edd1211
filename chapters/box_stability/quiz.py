"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from math import sqrt

import torch

from runtheory.noise.box_stability import movement

VOTES = torch.tensor([[4.0, -2.0, 1.0]])
BOX = torch.tensor([[0.0, 10.0, 0.0, 20.0]])  # top, bottom, left, right


def deviation() -> float:
    """Return the standard deviation of an edge at rate 0.2, in pixels."""
    return float(movement.edge_deviations(torch.ones(1, 3), VOTES, rate=0.2))


def rate_alone() -> float:
    """Return it with the rate in the place of the variance of a mask."""
    return sqrt(0.2 * 21)


def square_of_the_sum() -> float:
    """Return it with the square of the sum in the place of the sum of the squares."""
    return sqrt(0.25) * 3


def shifted() -> float:
    """Return the overlap of a box, 10 by 20, with its copy 2 down and 5 to the right."""
    return float(movement.shifted_overlap(BOX, (2.0, 5.0)))


def common_share() -> float:
    """Return the common area over that of one box."""
    return 0.8 * 0.75
