"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import torch

from tools.credit import drawn, numbers, uniform


def _logits(source: random.Random, _: Mapping[str, Any]) -> torch.Tensor:
    """Draw six pairs of logits, no two with the same difference or the opposite one."""
    rows = []
    for apart in source.sample(range(5, 400), 6):
        one = source.randint(-150, 150)
        rows.append([one / 100, (one + source.choice((-1, 1)) * apart) / 100])
    return torch.tensor(rows, dtype=torch.float64)


def times_to_ten(solved, start=uniform(-2, 0.7), goal=uniform(2.5, 7)):
    r"""The margin starts at `start`, **below** $1$, and is to reach `goal`, above $1$. Return three
    times: under random losses, under the logistic loss and, **in place of the hinge, under the
    exponential loss** with derivative $-e^{-v}$.
    """
    mean = 0.5 + math.exp(0.5) * 0.5 * math.erfc(1 / math.sqrt(2))
    drawn_times = (1 - start) / mean + (goal**2 - 1) / (2 * mean)  # undivided up to one
    exponential = math.exp(goal) - math.exp(start)  # e^v grows by one
    return drawn_times, goal - start + exponential, exponential


def give_out(
    solved,
    normals=numbers(6, low=-2.5, high=1),
    logits=drawn(_logits),
    labels=drawn(lambda source, _: [source.randint(0, 1) for _ in range(6)]),
):
    r"""Given are the **normal numbers** $Z_i$ (`normals`), the **logits** (example, class) of two
    classes and the list `labels` of zeros and ones; a margin $s_i$ is the label's logit less the
    other one. No two margins are equal. Return the **gradient by the logits**, in their shape,
    of the mean of the drawn loss over the batch, $\frac1n \sum_i \phi(s_i)$, where $\phi'(s_i)$ is
    what the rule gives out, after the division.
    """
    sign = 2.0 * torch.tensor(labels) - 1
    slopes = solved(normals.exp(), sign * (logits[:, 1] - logits[:, 0]))
    upper = sign * slopes / len(labels)  # by the logit of class 1
    return torch.stack([-upper, upper], 1)
