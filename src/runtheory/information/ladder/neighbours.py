"""Nearest neighbours on two Gaussian classes, simulated: losses on a training and on a new example.

The classes are those of :mod:`conditional_laws`. With one neighbour the training loss is zero, for
the nearest of the training examples to one of them is itself; with more it need not be.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.conditional_laws import GaussianMeanModel


@dataclass(frozen=True)
class NeighbourLosses:
    """Of every data set whether one training and one new example are misclassified."""

    train: Bool[Tensor, "draw"]
    test: Bool[Tensor, "draw"]


@checked
def neighbour_losses(
    model: GaussianMeanModel, draws: int, *, neighbours: int, generator: torch.Generator
) -> NeighbourLosses:
    """Draw data sets and classify by the majority of the nearest ``neighbours``.

    Both losses are computed by the classifier: the vote on the training example counts the example
    itself. Device of the generator, float64.

    Raises
    ------
    ValueError
        If ``draws`` is below 1, or ``neighbours`` is even or not in 1 .. samples.
    """
    checks.at_least(1, draws=draws)
    checks.in_interval(1, model.samples, neighbours=neighbours)
    if neighbours % 2 == 0:
        raise ValueError(f"neighbours must be odd, so that no vote is tied, got {neighbours}")
    shape, device = (draws, model.samples + 1), generator.device
    labels = torch.randint(2, shape, generator=generator, device=device)
    inputs = torch.randn(
        (*shape, model.dimension), generator=generator, device=device, dtype=torch.float64
    )
    inputs[..., 0] += (2 * labels - 1) * (model.mean / model.deviation)
    asked = [0, model.samples]  # the first training example and the new one
    distance = torch.cdist(inputs[:, asked], inputs[:, :-1])  # (draw, asked, training example)
    nearest = distance.topk(neighbours, dim=2, largest=False).indices
    votes = labels[:, None, :-1].expand_as(distance).gather(2, nearest)
    wrong = (2 * votes.sum(2) > neighbours) != (labels[:, asked] == 1)
    return NeighbourLosses(wrong[:, 0], wrong[:, 1])
