"""Distances of transport along a linear network that learns a mean (float64).

A = Y X is N(mu, I). Fixed layers are linear, Y T_l = B_l A; the learned score is <W, Y T_L> with
W = B_L (A_1 + ... + A_n) / n. Given the mean of the A_i, whose difference from mu is the *shift* s,
a training example is N(mu + s, (1 - 1/n) I) and a new one N(mu, I). The score is one more linear
layer, with the row W B_L. The loss "minus the signed score" has the gap E <W B_L, s>.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.measures.gaussian_transport import distance_ends, line_distance
from runtheory.information.measures.transport import sliced_wasserstein, wasserstein

Matrix = Float64[Tensor, "feature input"]
Distances = Float64[np.ndarray, "draw layer 1"]


@dataclass(frozen=True)
class LinearNetwork:
    """Fixed matrices, the first next to the input; the mean mu; the number n of examples.

    Raises
    ------
    ValueError
        If ``samples`` is below 2.
    """

    steps: tuple[Tensor, ...]
    mean: Float64[Tensor, "input"]
    samples: int

    def __post_init__(self) -> None:
        checks.at_least(2, samples=self.samples)

    @cached_property
    def maps(self) -> list[Tensor]:
        """The matrices B_0 = I, B_1, ..., B_L from the input to each fixed layer."""
        maps = [torch.eye(len(self.mean), dtype=torch.float64)]
        for step in self.steps:
            maps.append(step @ maps[-1])
        return maps

    @property
    def deviation(self) -> float:
        """sqrt(1 - 1/n), that of a training example given the weights; a new one has 1."""
        return math.sqrt(1 - 1 / self.samples)


@dataclass(frozen=True)
class DrawnWeights:
    """Draws of the weights: shifts of the mean, the rows W B_L, and Lipschitz constants."""

    shifts: Float64[Tensor, "draw input"]
    rows: Float64[Tensor, "draw input"]
    lipschitz: Float64[np.ndarray, "draw map"]

    @property
    def gap(self) -> float:
        """The mean of <W B_L, s> over the draws: the gap of the loss "minus the signed score"."""
        return (self.rows * self.shifts).sum(1).mean().item()


@checked
def draw_weights(network: LinearNetwork, draws: int, *, generator: torch.Generator) -> DrawnWeights:
    """Draw data sets, and return what the network learns from them.

    Raises
    ------
    ValueError
        If ``draws`` is below 1.
    """
    checks.at_least(1, draws=draws)
    noise = torch.randn(draws, len(network.mean), dtype=torch.float64, generator=generator)
    shifts = noise / math.sqrt(network.samples)
    heads = (shifts + network.mean) @ network.maps[-1].T  # (draw, feature)
    norms = [torch.linalg.matrix_norm(step, 2).expand(draws) for step in network.steps]
    constants = torch.stack([*norms, torch.linalg.vector_norm(heads, dim=1)], 1)
    return DrawnWeights(shifts, heads @ network.maps[-1], constants.numpy())


@checked
def layer_distances(
    network: LinearNetwork, weights: DrawnWeights, *, noise: float = 0.0
) -> tuple[Distances, Distances]:
    """Return a lower and an upper end for W1 at each fixed layer and at the output.

    At the output the lower end is W1 itself and the upper one W2. ``noise`` adds Gaussian noise to
    the score, with its deviation in units of that of a new example's score.

    Raises
    ------
    ValueError
        If ``noise`` is negative.
    """
    checks.not_negative(noise=noise)
    shrink = 1 - network.deviation
    ends = [distance_ends(weights.shifts, layer, shrink=shrink) for layer in network.maps]
    scale = torch.linalg.vector_norm(weights.rows, dim=1).numpy()
    moved = (weights.rows * weights.shifts).sum(1).numpy()
    spread = scale * (math.hypot(1, noise) - math.hypot(network.deviation, noise))
    ends.append((line_distance(moved, spread), np.hypot(moved, spread)))
    lower, upper = (np.stack(side, axis=1)[..., None] for side in zip(*ends, strict=True))
    return lower, upper


@checked
def draw_clouds(
    network: LinearNetwork,
    shift: Float64[Tensor, "input"],
    *,
    count: int,
    fresh: int = 1,
    generator: torch.Generator,
) -> list[Float64[Tensor, "point input"]]:
    """Draw ``count`` training examples given the weights, and ``fresh`` clouds of new ones.

    Raises
    ------
    ValueError
        If a count is below 1, or the shift is not of the network's dimension.
    """
    checks.at_least(1, count=count, fresh=fresh)
    if len(shift) != len(network.mean):
        raise ValueError(f"shift must have {len(network.mean)} entries, got {len(shift)}")
    shape = (fresh + 1, count, len(network.mean))
    *new, trained = torch.randn(shape, dtype=torch.float64, generator=generator)
    moved = network.mean + shift + network.deviation * trained
    return [moved, *(network.mean + points for points in new)]


@dataclass(frozen=True)
class PointDistances:
    """Distances of clouds that pass through the layers: of a training and a new one, of two new
    ones, and the mean over projections of the first.
    """

    sample: Distances
    same_law: Distances
    sliced: Distances


@checked
def point_distances(
    network: LinearNetwork,
    weights: DrawnWeights,
    *,
    count: int,
    directions: int = 300,
    generator: torch.Generator,
) -> PointDistances:
    """Return W1 of clouds of ``count`` points at each fixed layer and at the output.

    Raises
    ------
    ValueError
        If ``count`` is below 1 or ``directions`` below 2.
    """
    table = []
    for shift, row in zip(weights.shifts, weights.rows, strict=True):
        clouds = draw_clouds(network, shift, count=count, fresh=2, generator=generator)
        for layer in [*network.maps, row[None]]:
            trained, new, other = (points @ layer.T for points in clouds)
            sliced = sliced_wasserstein(trained, new, generator=generator, directions=directions)
            pair = wasserstein(trained, new), wasserstein(other, new)
            table.append([*pair, sliced.value])
    kinds = np.array(table).reshape(len(weights.shifts), -1, 3)  # (draw, layer, kind)
    return PointDistances(*kinds.transpose(2, 0, 1)[..., None])


@checked
def noisy_end_distances(
    network: LinearNetwork,
    weights: DrawnWeights,
    *,
    count: int,
    noises: tuple[float, ...],
    width: int = 32,
    generator: torch.Generator,
) -> list[Distances]:
    """Return W1 of clouds at each fixed layer and at a wide and noisy end, one array for a noise.

    The end is the score along one of ``width`` coordinates, plus Gaussian noise in each of them,
    drawn for every point; a noise is a deviation in units of that of a new example's score.

    Raises
    ------
    ValueError
        If a count is below 1, or a noise is negative or there is none.
    """
    checks.at_least(1, count=count, width=width, noises=len(noises))
    checks.not_negative(noises=noises)
    table = []
    for shift, row in zip(weights.shifts, weights.rows, strict=True):
        clouds = draw_clouds(network, shift, count=count, generator=generator)
        inner = [wasserstein(*(points @ layer.T for points in clouds)) for layer in network.maps]
        ends = []
        for noise in noises:
            fresh = torch.randn(2, count, width, dtype=torch.float64, generator=generator)
            fresh = noise * torch.linalg.vector_norm(row) * fresh
            fresh[..., 0] += torch.stack([points @ row for points in clouds])
            ends.append([*inner, wasserstein(*fresh)])
        table.append(ends)
    return list(np.array(table).transpose(1, 0, 2)[..., None])  # (noise, draw, layer, 1)
