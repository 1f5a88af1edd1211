"""Random logits with labels, and the softmax of one row in plain Python."""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

from runtheory.randomness import stream

Example = tuple[int, int, int]
EXAMPLES = st.tuples(st.integers(1, 40), st.integers(2, 6), st.integers(0, 10**6))


def draw(count: int, classes: int, seed: int, *, scale: float = 3.0) -> tuple[Tensor, Tensor]:
    """Return normal logits of the given scale, in float64, and uniform labels."""
    generator = stream(seed, "logits")
    logits = scale * torch.randn(count, classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(classes, (count,), generator=generator)


def softmax(row: list[float]) -> list[float]:
    """Return the probabilities of one row of logits."""
    largest = max(row)
    weights = [math.exp(value - largest) for value in row]
    return [weight / sum(weights) for weight in weights]
