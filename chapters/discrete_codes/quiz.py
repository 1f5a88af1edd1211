"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from math import log

import torch

from runtheory.capacity.discrete_codes import measures

LAW = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
INPUTS = torch.full((5,), 0.2, dtype=torch.float64)
STATES = torch.tensor([0, 0, 0, 1, 1])
CODES = torch.tensor([0, 0, 1, 1, 1])
FOLLOWING = torch.eye(2, dtype=torch.float64)[STATES]


def missing_of_three() -> float:
    """Return the entropy of three codes less the mean of the plug-in over three draws."""
    return measures.entropy(LAW) - measures.plug_in_mean(LAW, samples=3)


def first_order() -> float:
    """Return it as (M - 1) / (2 n), which is for many draws."""
    return (len(LAW) - 1) / 6


def plug_in_alone() -> float:
    """Return the mean of the plug-in, from which nothing was taken."""
    return measures.plug_in_mean(LAW, samples=3)


def least_loss() -> float:
    """Return the least loss of a network that sees the code of five inputs alone."""
    return measures.read_code(CODES, INPUTS, STATES, FOLLOWING).floor


def unweighted() -> float:
    """Return the doubt under the second code, without the probability of that code."""
    return least_loss() / 0.6


def from_code_to_inputs() -> float:
    """Return what the code leaves open of the input, in the place of the symbol."""
    return log(5) - measures.read_code(CODES, INPUTS, STATES, FOLLOWING).entropy
