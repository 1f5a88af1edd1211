"""1-Wasserstein distances between samples (in the units of the points, not nats).

Each function is exact for the two *empirical* laws (up to the random directions of the sliced
distance). As estimates of the distance between the laws behind them they are biased upwards, by
about n^(-1/d) in d dimensions: two samples of one law are never at distance 0. Compare with that
baseline, above all before a minimum over layers of different width is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, lazy
from runtheory.boundary import checked
from runtheory.information.samples import equal_columns, sample


@dataclass(frozen=True)
class SlicedDistance:
    """Mean over random directions and its standard error over them (not over the points)."""

    value: float
    standard_error: float


@checked
def wasserstein_line(
    first: Float[Tensor, "*row sample"], second: Float[Tensor, "*row other"]
) -> Float64[Tensor, "*row"]:
    """Return W1 of samples on the line, along the last axis; sizes may differ.

    Equal sizes: the mean distance of the sorted values. Otherwise the integral of the distance of
    the quantile functions over the common refinement of their steps.

    Raises
    ------
    ValueError
        If a sample is empty.
    """
    count, other = first.shape[-1], second.shape[-1]
    if count < 1 or other < 1:
        raise ValueError(f"samples must not be empty, got {count} and {other} points")
    left = first.to(torch.float64).sort(dim=-1).values
    right = second.to(torch.float64).sort(dim=-1).values
    if count == other:
        return (left - right).abs().mean(dim=-1)
    # In units of 1 / (count other) every step has an integer end: no rounding decides.
    steps = (
        torch.cat(
            [
                torch.arange(1, count + 1, device=left.device) * other,
                torch.arange(1, other + 1, device=left.device) * count,
            ]
        )
        .sort()
        .values
    )
    width = torch.diff(steps, prepend=steps.new_zeros(1))
    inside = steps - width  # left end of each step, where both quantile functions are constant
    distance = (left[..., inside // other % count] - right[..., inside // count % other]).abs()
    return (distance * width).sum(dim=-1) / (count * other)


@checked
def sliced_wasserstein(
    first: Float[Tensor, "sample feature"],
    second: Float[Tensor, "other other_feature"],
    *,
    directions: int = 200,
    generator: torch.Generator,
) -> SlicedDistance:
    """Return the mean over random unit vectors of the W1 of the projections.

    At most W1, as a projection is 1-Lipschitz. For second = first + v it is
    |v| Gamma(d/2) / (sqrt(pi) Gamma((d+1)/2)). One matrix product and one sort for all directions,
    on the device of the points; the generator must be of that device.

    Raises
    ------
    ValueError
        If the dimensions differ, a sample is empty or not finite, or ``directions`` is below 2 (no
        error could be given).
    """
    first, second = sample(first, "first"), sample(second, "second")
    equal_columns(first, second)
    checks.at_least(2, directions=directions)
    shape, device = (directions, first.shape[1]), first.device
    unit = torch.randn(shape, generator=generator, device=device, dtype=torch.float64)
    unit = unit / torch.linalg.vector_norm(unit, dim=1, keepdim=True)
    # (direction, sample)
    left, right = unit @ first.to(torch.float64).T, unit @ second.to(torch.float64).T
    distances = wasserstein_line(left, right)
    return SlicedDistance(float(distances.mean()), float(distances.std()) / math.sqrt(directions))


@checked
def wasserstein(
    first: Float[Tensor, "sample feature"],
    second: Float[Tensor, "other other_feature"],
    *,
    most: int = 2000,
) -> float:
    """Return W1 of two samples in R^d, by the linear programme of POT [flamary2021pot].

    Every point of a sample has the same weight. Time and memory grow like the cube and the square
    of the size, hence the limit ``most``. Computed on the CPU.

    Raises
    ------
    ValueError
        If the dimensions differ, a sample is empty, not finite or has more than ``most`` points.
    RuntimeError
        If the solver did not reach the optimum.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import wasserstein
    >>> points = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    >>> wasserstein(points, points + torch.tensor([0.0, 2.0]))
    2.0
    """
    with lazy.needed_by(__name__, extra="labs"):
        import ot

    first, second = sample(first, "first"), sample(second, "second")
    equal_columns(first, second)
    for points in (first, second):
        if not len(points) <= most:
            raise ValueError(f"a sample must have 1 to {most} points, got {len(points)}")
    left = first.detach().to("cpu", torch.float64).numpy()
    right = second.detach().to("cpu", torch.float64).numpy()
    cost = ot.dist(left, right, metric="euclidean")
    weights = [np.full(len(part), 1 / len(part)) for part in (left, right)]
    value, log = ot.emd2(*weights, cost, numItermax=10_000_000, log=True)
    if log["warning"] is not None:
        raise RuntimeError(f"the transport solver did not finish: {log['warning']}")
    return float(value)
