"""Dropout masks: drawn once as a plan, applied purely.

Noise is inverted: a kept feature is divided by ``1 - rate``, so that a mask has mean one and
variance ``rate / (1 - rate)`` and nothing changes at evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@checked
def check_rate(rate: float) -> None:
    """Raise ``ValueError`` unless ``rate``, the probability of dropping, lies in [0, 1)."""
    checks.in_interval(0, 1, ends="[)", rate=rate)


@checked
def check_samples(samples: int) -> None:
    """Raise ``ValueError`` unless ``samples``, the number of masks per example, is at least 1."""
    checks.at_least(1, samples=samples)


@checked
def draw_masks(
    samples: int,
    shape: Sequence[int],
    *,
    rate: float,
    generator: torch.Generator,
    batch_shared: bool = False,
) -> Bool[Tensor, "sample batch *feature"]:
    """Draw ``samples`` keep masks for features of ``shape`` (batch, feature...).

    They lie on the generator's device. Every entry is true with probability ``1 - rate``,
    independently over samples, examples and features. With ``batch_shared`` one mask per sample is
    expanded over the batch, as in batchwise dropout [graham2015efficient]: the variance of the
    gradient then no longer falls as 1 / batch (see ``laws.batch_shared_variance``).

    One sample is drawn as ``nn.Dropout`` draws it, so that on the CPU both drop the same features
    from the same generator state. More samples compare uniform numbers with the keep probability:
    for each mask about three times as fast on the CPU as ``Tensor.bernoulli_``, and the same on
    every make of CPU, which ``bernoulli_`` is not.

    Raises
    ------
    ValueError
        If ``samples`` < 1, ``rate`` is outside [0, 1) or ``shape`` lacks a batch or a feature axis.

    Examples
    --------
    >>> from runtheory.dropout import draw_masks
    >>> from runtheory.randomness import Streams
    >>> streams = Streams(0)
    >>> masks = draw_masks(8, (16, 32), rate=0.5, generator=streams["masks"])
    >>> masks.shape, masks.dtype
    (torch.Size([8, 16, 32]), torch.bool)
    """
    check_samples(samples)
    check_rate(rate)
    if len(shape) < 2:
        raise ValueError(f"shape must be (batch, feature, ...), got {tuple(shape)}")
    batch, *feature = shape
    drawn = (samples, 1 if batch_shared else batch, *feature)  # one for all
    if samples == 1:
        masks = torch.empty(drawn, dtype=torch.bool, device=generator.device)
        masks = masks.bernoulli_(1 - rate, generator=generator)
    else:
        masks = torch.rand(drawn, generator=generator, device=generator.device) < 1 - rate
    return masks.expand(samples, batch, *feature)


@checked
def apply_masks(
    features: Float[Tensor, " batch *feature"],
    masks: Bool[Tensor, "sample batch *feature"],
    *,
    rate: float,
) -> Float[Tensor, "sample batch *feature"]:
    """Return ``features * masks / (1 - rate)``, one copy of the batch per sample.

    The kept features are scaled once, before they are copied. Multiplying by the mask in the dtype
    of the features is the fastest of the spellings on the CPU (``torch.where`` and ``masked_fill``
    take five times as long).

    Raises
    ------
    ValueError
        If the masks do not fit the features or ``rate`` is outside [0, 1).

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout import apply_masks
    >>> masks = torch.tensor([[[True, False, True]]])
    >>> apply_masks(torch.tensor([[1.0, 2.0, 3.0]]), masks, rate=0.5)
    tensor([[[2., 0., 6.]]])
    """
    check_rate(rate)
    if masks.shape[1:] != features.shape:
        raise ValueError(
            f"masks must be (sample, batch, ...) for features {tuple(features.shape)}, "
            f"got {tuple(masks.shape)}"
        )
    # Divided as a tensor, because 1 / (1 - rate) rounded twice differs from nn.Dropout's last bit.
    scale = features.new_ones(()).div(1 - rate)
    return features * scale * masks.to(features.dtype)
