"""Information through a layer with Gaussian noise (nats, float64).

T = f(x) + b Z with x uniform on N given inputs and Z standard Gaussian: T is a mixture of N
Gaussians around the centres f(x_j). I(X; T) is that of the *given* inputs: at most log N, and of
that order whenever the centres lie far apart compared with b. As an estimate for the law behind the
inputs it inherits their number; see [goldfeld2019estimating] for what is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.samples import equal_columns, sample

Centres = Float[Tensor, "centre feature"]


@dataclass(frozen=True)
class NoisyInformation:
    """A Monte Carlo value in nats and its standard error over the draws."""

    value: float
    standard_error: float


@checked
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
        If ``noise`` is not positive and finite, the centres are no rows of finite numbers, at least
        one, ``draws`` is below 2 or ``chunk`` below 1.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import noisy_information
    >>> bits = torch.tensor([[-1.0], [1.0]])
    >>> draw = torch.Generator().manual_seed(0)
    >>> found = noisy_information(bits, 0.1, draws=100, generator=draw)
    >>> round(found.value, 3)  # log(2): little noise hides nothing
    0.693
    """
    checks.at_least(2, draws=draws)
    points = scaled_centres(centres, noise)
    # Made once: small results kept between large blocks would scatter the memory.
    terms = torch.empty(draws * len(points), dtype=torch.float64, device=points.device)
    for part, rows, kick in noisy_draws(points, draws, chunk=chunk, generator=generator):
        near = _mean_log_kernel(points[rows] + kick, points, 1.0)
        terms[part] = -kick.square().sum(dim=1) / 2 - near
    return mean_over_draws(terms.view(draws, len(points)))


@dataclass(frozen=True)
class InformationBracket:
    """Two proven ends in nats: low <= I(X; T) <= high."""

    low: float
    high: float


@checked
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
        If ``noise`` is not positive and finite, the centres are no rows of finite numbers, at least
        one, or ``chunk`` is below 1.
    """
    points = scaled_centres(centres, noise)
    checks.at_least(1, chunk=chunk)
    points = points - points.mean(dim=0)
    size = max(1, chunk // len(points))
    low, high = (
        -torch.cat([_mean_log_kernel(block, points, scale) for block in points.split(size)]).mean()
        for scale in (0.25, 1.0)
    )
    return InformationBracket(float(low) + 0.0, float(high) + 0.0)  # no minus zero


@checked
def scaled_centres(centres: Centres, noise: float) -> Float64[Tensor, "centre feature"]:
    """Return the centres in units of the noise, without gradient, if both are what they should be.

    Raises
    ------
    ValueError
        If ``noise`` is not positive and finite, or the centres are no rows of finite numbers.
    """
    checks.positive_finite(noise=noise)
    return sample(centres, "centres").detach().to(torch.float64) / noise


@checked
def noisy_draws(
    points: Float64[Tensor, "centre feature"],
    draws: int,
    *,
    chunk: int,
    generator: torch.Generator,
) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield standard noises for every centre, ``draws`` times over, a block after the other.

    A block is a slice of the draws x centres, the number of the centre of each and its noise.
    A block and all centres have ``chunk`` distances at the most, or the block is one noise.

    Raises
    ------
    ValueError
        If there is no centre, or ``draws`` or ``chunk`` is below 1.
    """
    checks.at_least(1, draws=draws, chunk=chunk, centres=len(points))
    total, size = draws * len(points), max(1, chunk // len(points))
    for low in range(0, total, size):
        part = slice(low, min(low + size, total))
        rows = torch.arange(part.start, part.stop, device=points.device) % len(points)
        shape = (len(rows), points.shape[1])
        kick = torch.randn(shape, generator=generator, device=points.device, dtype=torch.float64)
        yield part, rows, kick


@checked
def log_kernels(
    points: Float64[Tensor, "point feature"],
    centres: Float64[Tensor, "centre feature"],
    *,
    scale: float = 1.0,
) -> Float64[Tensor, "point centre"]:
    """Return -scale |t - c|^2 / 2 for every point and centre.

    Raises
    ------
    ValueError
        If the dimensions differ.
    """
    equal_columns(points, centres)
    # Differences, not the expanded square: neighbouring centres must not cancel.
    mode = "donot_use_mm_for_euclid_dist"
    # In place, in what was made here: the largest array of this module is held once.
    return torch.cdist(points, centres, compute_mode=mode).square_().mul_(-scale / 2)


@checked
def mean_over_draws(terms: Float64[Tensor, "draw centre"]) -> NoisyInformation:
    """Return the mean of terms and its error over the draws; those of one centre are alike."""
    # Every centre has the same number of draws: the spread between centres is no error.
    variance = terms.var(dim=0).mean() / terms.numel()
    return NoisyInformation(float(terms.mean()), float(variance.sqrt()))


def _mean_log_kernel(points: Tensor, centres: Tensor, scale: float) -> Tensor:
    """log mean_j exp(-scale |t - c_j|^2 / 2) for every t."""
    kernels = log_kernels(points, centres, scale=scale)
    return torch.logsumexp(kernels, dim=1) - math.log(len(centres))
