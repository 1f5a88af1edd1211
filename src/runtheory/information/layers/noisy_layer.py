"""Information through a layer with Gaussian noise (nats, float64).

T = f(x) + b Z with x uniform on N given inputs and Z standard Gaussian: T is a mixture of N
Gaussians around the centres f(x_j). I(X; T) is that of the *given* inputs: at most log N, and of
that order whenever the centres lie far apart compared with b. As an estimate for the law behind the
inputs it inherits their number; see [goldfeld2019estimating] for what is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks

Centres = Float[Tensor, "centre feature"]


@dataclass(frozen=True)
class NoisyInformation:
    """A Monte Carlo value in nats and its standard error over the draws."""

    value: float
    standard_error: float


def noisy_information(
    centres: Centres,
    noise: float,
    *,
    draws: int = 10,
    generator: torch.Generator,
    chunk: int = 2**22,
) -> NoisyInformation:
    """Estimate I(X; T) by ``draws`` noises for every centre; unbiased for these centres.

    I = E[ -|Z|^2 / 2 - log mean_j exp(-|T - c_j|^2 / (2 b^2)) ], T = c_i + b Z. Deviation from
    [goldfeld2019estimating], where h(T) is estimated and h(T|X) subtracted in closed form: keeping
    the drawn |Z|^2 takes the variance d/2 of that term out. ``chunk`` limits how many distances are
    held at a time. Draws on the device of the generator, which must be that of the centres.

    Raises
    ------
    ValueError
        If ``noise`` is not positive, there are no centres or ``draws`` is below 2.
    """
    _check(centres, noise)
    checks.at_least(2, draws=draws)
    points = centres.to(torch.float64) / noise
    rows = torch.arange(draws * len(points), device=points.device) % len(points)
    terms = []
    for chosen in rows.split(max(1, chunk // len(points))):
        start = points[chosen]
        kick = torch.randn(
            start.shape, generator=generator, device=start.device, dtype=torch.float64
        )
        near = _mean_log_kernel(start + kick, points, 1.0)
        terms.append(-kick.square().sum(dim=1) / 2 - near)
    # Every centre has the same number of draws: the spread between centres is no error.
    table = torch.cat(terms).view(draws, len(points))
    variance = table.var(dim=0).mean() / table.numel()
    return NoisyInformation(float(table.mean()), float(variance.sqrt()))


@dataclass(frozen=True)
class InformationBracket:
    """Two proven ends in nats: low <= I(X; T) <= high."""

    low: float
    high: float


def information_bracket(
    centres: Centres, noise: float, *, chunk: int = 2**22
) -> InformationBracket:
    """Return bounds on I(X; T) from pairwise distances [kolchinsky2017estimating].

    -mean_i log mean_j exp(-a |c_i - c_j|^2 / (2 b^2)): above with a = 1, where the exponent is the
    divergence of the two components, below with a = 1/4, where it is their Bhattacharyya distance.
    Deterministic; equal ends where the centres coincide or lie far apart.

    Raises
    ------
    ValueError
        If ``noise`` is not positive or there are no centres.
    """
    _check(centres, noise)
    points = centres.to(torch.float64) / noise
    points = points - points.mean(dim=0)
    size = max(1, chunk // len(points))
    low, high = (
        -torch.cat([_mean_log_kernel(block, points, scale) for block in points.split(size)]).mean()
        for scale in (0.25, 1.0)
    )
    return InformationBracket(float(low), float(high))


def _mean_log_kernel(points: Tensor, centres: Tensor, scale: float) -> Tensor:
    """log mean_j exp(-scale |t - c_j|^2 / 2) for every t."""
    # Differences, not the expanded square: neighbouring centres must not cancel.
    mode = "donot_use_mm_for_euclid_dist"
    square = torch.cdist(points, centres, compute_mode=mode).square()
    return torch.logsumexp(-scale * square / 2, dim=1) - math.log(len(centres))


def _check(centres: Tensor, noise: float) -> None:
    checks.positive_finite(noise=noise)
    if len(centres) < 1:
        raise ValueError("there must be at least one centre, got 0")
