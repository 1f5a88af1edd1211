r"""Two views of common latents, and how much of each latent can be read off linearly.

Latents are independent standard normal variables; a view is $x = \sum_k a_k z_k A_k + \sigma
\varepsilon$ with amplitudes a_k, a random direction $A_k$ for each view and replicate, and normal
noise. Latents of small amplitude are the weak ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Latents = Float[Tensor, "replicate example latent"]
Views = Float[Tensor, "2 replicate example feature"]


@dataclass(frozen=True)
class World:
    """How views come from latents: ``maps`` have the rows a_k A_k, one map a view and replicate."""

    maps: Float[Tensor, "2 replicate latent feature"]
    noise: float


@checked
def draw_world(
    features: int,
    *,
    amplitudes: Sequence[float],
    noise: float,
    replicates: int,
    generator: torch.Generator,
) -> World:
    """Draw the maps, float32: normal entries of variance 1 / ``features`` times the amplitude.

    Raises
    ------
    ValueError
        If a count is below one, an amplitude is not positive and finite, or ``noise`` is negative
        or infinite.
    """
    checks.at_least(1, features=features, latents=len(amplitudes), replicates=replicates)
    checks.positive_finite(amplitudes=list(amplitudes))
    checks.in_interval(0, math.inf, ends="[)", noise=noise)
    device = generator.device
    sizes = torch.tensor([float(size) for size in amplitudes], device=device)
    normal = torch.randn(
        (2, replicates, len(amplitudes), features), generator=generator, device=device
    )
    return World(normal * sizes[:, None] / math.sqrt(features), noise)


@checked
def draw_views(world: World, *, examples: int, generator: torch.Generator) -> tuple[Latents, Views]:
    """Draw latents and both views of them.

    Raises
    ------
    ValueError
        If there is not at least one example.
    """
    checks.at_least(1, examples=examples)
    _, replicates, latents, features = world.maps.shape
    hidden = _normal((replicates, examples, latents), world.maps, generator)
    noise = _normal((2, replicates, examples, features), world.maps, generator)
    return hidden, hidden @ world.maps + world.noise * noise


@checked
def recovery(
    features: Float[Tensor, "replicate example feature"], latents: Latents
) -> Float64[Tensor, "replicate latent"]:
    """Return the share of each latent's variance that a linear readout explains, R^2.

    The readout, with a constant, is fitted by least squares to the first half of the examples and
    judged on the second: it may be negative.

    Raises
    ------
    ValueError
        If half of the examples are not more than the features and the constant, if replicates or
        examples do not agree, or a number is not finite.
    """
    half = features.shape[1] // 2
    checks.at_least(features.shape[2] + 2, half_of_the_examples=half)
    tensor_checks.finite(features=features, latents=latents)
    rows, truth = features.double(), latents.double()
    rows = torch.cat([rows, torch.ones_like(rows[..., :1])], -1)
    # The pseudo-inverse: where features are dependent the readout of least norm is taken.
    readout = torch.linalg.pinv(rows[:, :half]) @ truth[:, :half]
    left = (truth[:, half:] - rows[:, half:] @ readout).square().sum(1)
    centred = truth[:, half:] - truth[:, half:].mean(1, keepdim=True)
    return 1 - left / centred.square().sum(1)


def _normal(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=like.device, dtype=like.dtype)
