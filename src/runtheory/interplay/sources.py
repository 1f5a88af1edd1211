"""The three sources of a gradient's variance: examples, what they are mixed with, dropout masks.

A batch of B examples, each mixed once and seen under M masks, has

    tr Var = (V_data + V_mixing + V_mask / M) / B,

V_data the variance of an example's mean gradient, V_mixing the mean variance over mixtures of one
example of the mean over masks, V_mask the mean variance over masks of one mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.gradients import masked_gradients
from runtheory.shapes import Labels, Scalar, SoftTargets

Mixtures = Float[Tensor, "mixture channel height width"]


@dataclass(frozen=True)
class SourceVariance:
    """Unbiased estimates of V_data, V_mixing and V_mask; any of them may come out negative."""

    data: float
    mixing: float
    mask: float

    def of_batch(self, batch: int, samples: int) -> float:
        """Return the variance of the gradient of ``batch`` examples under ``samples`` masks.

        Raises ``ValueError`` for none of either.

        Examples
        --------
        >>> from runtheory.interplay.sources import SourceVariance
        >>> SourceVariance(data=2.0, mixing=1.0, mask=4.0).of_batch(10, samples=8)
        0.35
        """
        checks.at_least(1, batch=batch, samples=samples)
        return (self.data + self.mixing + self.mask / samples) / batch


@checked
def source_variance(
    net: nn.Module,
    mixtures: Mixtures,
    targets: Labels | SoftTargets,
    *,
    masks: Bool[Tensor, "sample mixture feature"],
    rate: float,
    repeats: int,
) -> SourceVariance:
    """Split the variance of the per-example gradient by nested analysis of variance.

    ``repeats`` consecutive mixtures belong to one example, each drawn for it anew, with a partner
    independent of the other examples; a single one means that nothing is mixed and V_mixing is
    zero. Likewise a single mask means no dropout, and V_mask is zero. Networks are held in
    evaluation mode; all parameters count; accumulated in float64.

    Raises
    ------
    ValueError
        If the mixtures are not whole groups of ``repeats``, there are fewer than two examples or
        not one target for each mixture, or as ``masked_gradients`` does.
    """
    checks.at_least(1, repeats=repeats)
    tensor_checks.equal_lengths(mixtures=mixtures, targets=targets)
    examples, rest = divmod(len(mixtures), repeats)
    if rest or examples < 2:
        raise ValueError(
            f"mixtures must be two or more groups of {repeats}, got {len(mixtures)} of them"
        )
    within, squares, means = _sums(net, mixtures, targets, masks=masks, rate=rate, repeats=repeats)
    samples, centre = len(masks), means.mean(0)  # means: (example, parameter)
    between = (means - centre).square().sum() / (examples - 1)
    group = repeats * means.square().sum()
    # Mean squares of the nested analysis; each still holds its share of the level below.
    mixing = (squares - group) / (examples * (repeats - 1)) if repeats > 1 else 0 * squares
    mask = within / (len(mixtures) * (samples - 1)) if samples > 1 else 0 * within
    inner = mixing if repeats > 1 else mask / samples
    return SourceVariance(
        data=float(between - inner / repeats),
        mixing=float(mixing - mask / samples) if repeats > 1 else 0.0,
        mask=float(mask),
    )


def _sums(
    net: nn.Module,
    mixtures: Tensor,
    targets: Tensor,
    *,
    masks: Tensor,
    rate: float,
    repeats: int,
) -> tuple[Scalar, Scalar, Tensor]:
    """Return sum |g - mean over masks|^2, sum |mean over masks|^2 and the means of examples."""
    within = squares = torch.zeros((), dtype=torch.float64, device=mixtures.device)
    means: Tensor | None = None
    start = 0
    for chunk in masked_gradients(net, mixtures, targets, masks=masks, rate=rate):
        wide = chunk.to(torch.float64)  # (mixture, mask, parameter)
        mean = wide.mean(1)
        within = within + (wide - mean[:, None]).square().sum()
        squares = squares + mean.square().sum()
        if means is None:
            means = wide.new_zeros(len(mixtures) // repeats, wide.shape[2])
        rows = torch.arange(start, start + len(mean), device=wide.device) // repeats
        means.index_add_(0, rows, mean / repeats)
        start += len(mean)
    assert means is not None
    return within, squares, means
