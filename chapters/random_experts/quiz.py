"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import torch

from runtheory.noise.random_experts import subsets

OUTPUTS = torch.tensor([[1.0], [2.0], [4.0], [9.0]], dtype=torch.float64)


def three_of_four() -> float:
    """Return the variance of a mean of three different ones of the four outputs."""
    return float(subsets.subset_variance(OUTPUTS, used=3))


def with_replacement() -> float:
    """Return the variance of a mean of three draws with repetition."""
    return float(subsets.replacement_variance(OUTPUTS, used=3))


def without_correction() -> float:
    """Return the disagreement over three, as if no output could run out."""
    return float(subsets.disagreement(OUTPUTS)) / 3
