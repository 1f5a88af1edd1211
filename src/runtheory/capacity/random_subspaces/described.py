"""Of many descriptions of a network the one of the least bound, with all of them paid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.capacity.random_subspaces.description import (
    described_bound,
    description_nats,
    quantised,
)
from runtheory.capacity.random_subspaces.networks import (
    Coordinates,
    Directions,
    accuracy,
    moved,
)
from runtheory.information.supersamples.perceptrons import Perceptrons


@dataclass(frozen=True)
class Grid:
    """The precisions to choose from: bits for each coordinate and the ends of its levels.

    ``delta`` is the chance that the bound may be wrong.

    Raises
    ------
    ValueError
        If either has no value, or one that ``quantised`` refuses, or ``delta`` is outside (0, 1).
    """

    bits: tuple[int, ...] = (2, 3, 4)
    reaches: tuple[float, ...] = (2.0, 4.0, 8.0)
    delta: float = 0.05

    def __post_init__(self) -> None:
        checks.at_least(1, bits_given=len(self.bits), reaches_given=len(self.reaches))
        checks.in_interval(1, 16, bits=list(self.bits))
        checks.positive_finite(reaches=list(self.reaches))
        checks.in_interval(0, 1, ends="()", delta=self.delta)


@dataclass(frozen=True)
class Described:
    """A network written down: its bound, its training error, and what the description costs.

    ``coordinates`` (direction) are those after rounding, zero beyond ``dimension``.
    """

    bound: float
    train_error: float
    nats: float
    dimension: int
    bits: int
    reach: float
    coordinates: Float[Tensor, " direction"]


@checked
def least_described(
    start: Perceptrons,
    directions: Directions,
    *,
    coordinates: Coordinates,
    dimensions: Sequence[int],
    examples: tuple[Tensor, Tensor],
    grid: Grid,
) -> list[Described]:
    """Return for each replicate the description of the least bound (prop-described).

    ``coordinates`` are those of ``networks.trained`` at ``dimensions``, one run each. A description
    costs its bits and the logarithm of the number of runs, bits and reaches to choose from. Start
    and directions must not depend on the examples.

    Raises
    ------
    ValueError
        If there is not one run a dimension, or as ``networks.moved`` and ``networks.accuracy``.
    """
    runs = list(dimensions)
    if coordinates.shape[2] != len(runs):
        raise ValueError(f"runs must be {len(runs)}, got {coordinates.shape[2]}")
    checks.in_interval(1, directions.shape[2], dimensions=runs)
    choices = len(runs) * len(grid.bits) * len(grid.reaches)
    found: list[list[Described]] = [[] for _ in directions]
    for bits, reach in product(grid.bits, grid.reaches):
        rounded = _rounded(coordinates, runs, bits=bits, reach=reach)
        errors = 1 - accuracy(moved(start, directions, coordinates=rounded), *examples)
        nats = [description_nats(run, bits=bits, choices=choices) for run in runs]
        bounds = described_bound(
            errors.cpu().numpy(), np.array(nats), samples=examples[1].shape[1], delta=grid.delta
        )
        for place, row in enumerate(bounds):
            run = int(row.argmin())
            error, kept = float(errors[place, run]), rounded[place, :, run]
            one = (float(row[run]), error, nats[run], runs[run], bits, reach, kept)
            found[place].append(Described(*one))
    return [min(ones, key=lambda one: one.bound) for ones in found]


def _rounded(coordinates: Tensor, runs: list[int], *, bits: int, reach: float) -> Tensor:
    limits = torch.tensor(runs, device=coordinates.device)
    inside = torch.arange(coordinates.shape[1], device=coordinates.device)[:, None] < limits
    return quantised(coordinates, bits=bits, reach=reach) * inside
