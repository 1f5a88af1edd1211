"""Random numbers that a mixing plan is made of: Beta variates and partner permutations."""

from __future__ import annotations

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@checked
def beta_variates(
    alpha: float, count: int, *, generator: torch.Generator
) -> Float64[Tensor, "count"]:
    """Draw ``count`` numbers from Beta(``alpha``, ``alpha``), on the generator's device.

    With G1, G2 ~ Gamma(alpha), G1 / (G1 + G2) = sigmoid(log G1 - log G2) is Beta(alpha, alpha).
    The logarithms are drawn directly, from Gamma(alpha + 1) and U ** (1 / alpha) with U uniform:
    a Gamma(alpha) variate itself underflows when alpha is small, and 0 / 0 or tiny / tiny would
    put the mass of the ends at 1/2. ``torch.distributions.Beta`` accepts no generator.

    Raises
    ------
    ValueError
        If ``alpha`` is not positive and finite, or ``count`` is below 1.
    """
    checks.positive_finite(alpha=alpha)
    checks.at_least(1, count=count)
    shape = torch.full((2, count), alpha + 1, dtype=torch.float64, device=generator.device)
    boosted = torch._standard_gamma(shape, generator=generator)
    uniform = torch.rand(shape.shape, dtype=torch.float64, device=shape.device, generator=generator)
    # 1 - U lies in (0, 1], so that the logarithm is finite.
    logarithms = boosted.log_().add_(uniform.neg_().log1p_().div_(alpha))
    return torch.sigmoid(logarithms[0] - logarithms[1])


@checked
def draw_partners(
    count: int, *, derangement: bool = False, generator: torch.Generator
) -> Int64[Tensor, "count"]:
    """Draw whose pixels each of ``count`` images receives: ``partner[i]`` is the donor of image i.

    Without ``derangement``: a uniform permutation. Its expected number of fixed points is one,
    whatever the count, and such an image is mixed with itself, that is, not at all.

    With ``derangement``: a uniform *cyclic* permutation (one cycle through all images, the law of
    Sattolo's algorithm), made without a loop by linking each image of a random order to the next.
    Each image meets every other image with probability 1 / (count - 1). For count <= 3 this is
    the uniform derangement; beyond, derangements with several cycles are left out: drawing those
    too takes rejection, whose number of rounds a device cannot know without synchronising.

    Raises
    ------
    ValueError
        If ``count`` is below 1, or is 1 with ``derangement``: a single image has no other one.
    """
    if count < 1:
        raise ValueError(f"a batch needs at least one image, got {count}")
    order = torch.randperm(count, generator=generator, device=generator.device)
    if not derangement:
        return order
    if count == 1:
        raise ValueError("a derangement needs at least 2 images, got a batch of 1")
    return torch.empty_like(order).scatter(0, order, order.roll(-1))


@checked
def gate(probability: float, count: int, *, generator: torch.Generator) -> Tensor:
    """Draw ``count`` independent events of the given probability, as booleans.

    Raises
    ------
    ValueError
        If ``probability`` lies outside [0, 1], or ``count`` is below 1.
    """
    checks.at_least(1, count=count)
    checks.in_interval(0, 1, probability=probability)
    uniform = torch.rand(count, dtype=torch.float64, device=generator.device, generator=generator)
    return uniform < probability


@checked
def batch_length(shape: torch.Size | tuple[int, ...]) -> int:
    """Return the length of a batch of examples of any shape.

    Raises
    ------
    ValueError
        If ``shape`` has no axis, or one without entries.
    """
    if len(shape) == 0 or min(shape) < 1:
        raise ValueError(f"examples must have shape (batch, ...), got {tuple(shape)}")
    return shape[0]


@checked
def batch_sizes(shape: torch.Size | tuple[int, ...]) -> tuple[int, int, int]:
    """Return (batch, height, width) of an image batch's shape.

    Raises
    ------
    ValueError
        If ``shape`` does not have four axes of at least one entry each.
    """
    if len(shape) != 4 or min(shape) < 1:
        raise ValueError(
            f"images must have shape (batch, channel, height, width), got {tuple(shape)}"
        )
    return shape[0], shape[2], shape[3]
