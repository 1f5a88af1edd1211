"""The Gaussian mean simulated: data sets drawn, a classifier trained on each, nothing solved.

The model of :mod:`conditional_laws`, whose closed forms are not used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.conditional_laws import GaussianMeanModel


@dataclass(frozen=True)
class MarginDraws:
    """Of every replicate one training and one new margin, U.W / (s |W|), and |W| / s."""

    train: Float64[Tensor, "draw"]
    test: Float64[Tensor, "draw"]
    weight_norm: Float64[Tensor, "draw"]


@checked
def simulate(
    model: GaussianMeanModel, draws: int, *, generator: torch.Generator, chunk: int = 2**22
) -> MarginDraws:
    """Draw ``draws`` data sets, train on each, and return margins on an old and a new example.

    Labels and inputs are drawn, W is the mean of Y_i X_i, the training example is the first.
    ``chunk`` limits how many numbers are drawn at a time. Device of the generator, float64.

    Raises
    ------
    ValueError
        If ``draws`` is below 1.
    """
    checks.at_least(1, draws=draws)
    size = max(1, chunk // (model.dimension * (model.samples + 1)))
    parts = [
        _replicates(model, min(size, draws - start), generator) for start in range(0, draws, size)
    ]
    train, test, norm = (torch.cat(column) for column in zip(*parts, strict=True))
    return MarginDraws(train, test, norm)


def _replicates(
    model: GaussianMeanModel, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    shape, device = (count, model.samples + 1, model.dimension), generator.device
    labels = 2 * torch.randint(0, 2, (*shape[:2], 1), generator=generator, device=device) - 1
    inputs = torch.randn(shape, generator=generator, device=device, dtype=torch.float64)
    inputs[..., :1] += labels * model.mean / model.deviation  # the mean lies along the first axis
    signed = labels * inputs
    weight = signed[:, :-1].mean(dim=1)  # (data set, feature); the last example stays new
    norm = torch.linalg.vector_norm(weight, dim=1)
    train = (signed[:, 0] * weight).sum(dim=1) / norm
    test = (signed[:, -1] * weight).sum(dim=1) / norm
    return train, test, norm
