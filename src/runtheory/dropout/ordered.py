"""Ordered masks: a draw keeps the first features and drops the rest, as in nested dropout.

Ordinary dropout asks each feature by itself; here one number, the length, says how many features
at the front are kept. Nothing is rescaled, because a feature that is kept is to do its work as it
will be used: ``apply_masks(features, masks, rate=0.0)`` of :mod:`runtheory.dropout.masks`, or a
product.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int64, Integer
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_samples


@checked
def keep_chances(chances: Float[Tensor, " feature"]) -> Float[Tensor, " feature"]:
    """Return for each feature the chance that it is kept: that the length reaches it.

    Feature i of 1, ..., d is kept where the length is i or more, so this is the tail sum
    ``chances[i] + ... + chances[d]``: 1 for the first feature, never rising.

    Parameters
    ----------
    chances
        The chance of each length 1, ..., d.

    Raises
    ------
    ValueError
        If a chance is negative or not finite, or they do not add up to one.

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout.ordered import keep_chances
    >>> keep_chances(torch.tensor([0.5, 0.25, 0.25]))
    tensor([1.0000, 0.5000, 0.2500])
    """
    _check_chances(chances)
    return chances.double().flip(0).cumsum(0).flip(0).to(chances.dtype)


@checked
def draw_lengths(
    shape: Sequence[int], *, chances: Float[Tensor, " feature"], generator: torch.Generator
) -> Int64[Tensor, "*draw"]:
    """Draw lengths 1, ..., d of ``shape``, independently, each with its chance.

    By the inverse of the distribution function from numbers of float64, on the generator's device.
    A length of chance zero is never drawn.

    Raises
    ------
    ValueError
        If a chance is negative or not finite, or they do not add up to one.
    """
    _check_chances(chances)
    checks.not_negative(shape=list(shape))
    reached = chances.to(generator.device, torch.float64).cumsum(0)
    reached = reached / reached[-1]  # its end is one exactly, above every number drawn
    uniform = torch.rand(
        tuple(shape), generator=generator, device=generator.device, dtype=torch.float64
    )
    return torch.searchsorted(reached, uniform, right=True) + 1


@checked
def prefix_masks(lengths: Integer[Tensor, "*draw"], width: int) -> Bool[Tensor, "*draw feature"]:
    """Return for each length the mask of ``width`` features that keeps so many at the front.

    Raises
    ------
    ValueError
        If ``width`` < 1, or a length (looked at on the CPU) lies outside 0, ..., ``width``.

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout.ordered import prefix_masks
    >>> prefix_masks(torch.tensor([1, 3]), 3)
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    checks.at_least(1, width=width)
    if tensor_checks.readable(lengths):
        checks.labels_below(lengths.flatten(), width + 1, name="lengths")
    return torch.arange(width, device=lengths.device) < lengths[..., None]


@checked
def draw_ordered_masks(
    samples: int,
    batch: int,
    *,
    chances: Float[Tensor, " feature"],
    generator: torch.Generator,
    batch_shared: bool = False,
) -> Bool[Tensor, "sample batch feature"]:
    """Draw ``samples`` ordered masks for each of ``batch`` examples, on the generator's device.

    The length of each mask is drawn by itself (:func:`draw_lengths`). With ``batch_shared`` one
    length per sample stands for the whole batch, so that a narrower network can compute it.

    Raises
    ------
    ValueError
        If ``samples`` or ``batch`` < 1, a chance is negative or not finite, or they do not add up
        to one.

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout.ordered import draw_ordered_masks
    >>> from runtheory.randomness import stream
    >>> even = torch.full((3,), 1 / 3)
    >>> masks = draw_ordered_masks(2, 4, chances=even, generator=stream(0, "lengths"))
    >>> masks.shape, bool((masks[..., 1:] <= masks[..., :-1]).all())
    (torch.Size([2, 4, 3]), True)
    """
    check_samples(samples)
    checks.at_least(1, batch=batch)
    drawn = (samples, 1 if batch_shared else batch)
    lengths = draw_lengths(drawn, chances=chances, generator=generator)
    return prefix_masks(lengths, len(chances)).expand(samples, batch, len(chances))


def _check_chances(chances: Tensor) -> None:
    if len(chances) == 0:
        raise ValueError("chances must have at least one entry, got none")
    tensor_checks.finite(chances=chances)
    if tensor_checks.readable(chances):
        checks.not_negative(chances=float(chances.min()))
        total = float(chances.double().sum())
        if abs(total - 1) > len(chances) * torch.finfo(chances.dtype).eps:
            raise ValueError(f"chances must add up to one, got {total:g}")
