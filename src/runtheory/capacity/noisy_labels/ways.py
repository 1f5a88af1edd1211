"""Ways of training on labels of which some are wrong: what is dropped, what is left out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@dataclass(frozen=True)
class Way:
    """How to train: what is dropped of the last hidden features, and which examples are left out.

    ``rate`` drops each feature by itself; ``width`` draws for each example a number K and keeps the
    first K features, with chances in proportion to exp(-(K / width)^2), all equal at ``math.inf``;
    at most one of the two. ``forget`` leaves that share of each batch out, the examples of the
    largest losses, judged by the other network of the pair or, if not ``exchanged``, by the network
    itself. The share rises in a line over the first ``gradual`` steps.

    Raises
    ------
    ValueError
        If ``rate`` or ``forget`` lies outside [0, 1), ``width`` is not positive, ``gradual`` is
        negative, or both ``rate`` and ``width`` are given.
    """

    rate: float = 0.0
    width: float | None = None
    forget: float = 0.0
    exchanged: bool = True
    gradual: int = 100

    def __post_init__(self) -> None:
        checks.in_interval(0, 1, ends="[)", rate=self.rate, forget=self.forget)
        checks.at_least(0, gradual=self.gradual)
        if self.width is not None:
            checks.positive(width=self.width)
            if self.rate:
                raise ValueError(f"a way has a rate or a width, got {self.rate} and {self.width}")

    def kept(self, step: int, batch: int) -> int:
        """Return how many examples of a batch are learnt from at a step, counted from one."""
        risen = min(1.0, step / self.gradual) if self.gradual else 1.0
        return max(1, round((1 - self.forget * risen) * batch))


@checked
def length_chances(features: int, *, width: float) -> Float64[Tensor, " feature"]:
    """Return the chances of the lengths 1, ..., d: in proportion to exp(-(K / width)^2).

    As in the code of [chen2022compressing]; equal at an infinite width.

    Raises
    ------
    ValueError
        If ``features`` is below one or ``width`` is not positive.
    """
    checks.at_least(1, features=features)
    checks.positive(width=width)
    lengths = torch.arange(1, features + 1, dtype=torch.float64)
    # Relative to the first, so that a small width does not underflow.
    weights = (-(lengths.square() - 1) / width**2).exp()
    return weights / weights.sum()
