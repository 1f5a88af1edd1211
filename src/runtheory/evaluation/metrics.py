"""Scores of logits against labels, accumulated in float64 without waiting for the device.

Each function returns a scalar float64 tensor on the device of the logits, takes labels of any
integer type, and raises ``ValueError`` where there are no examples, where logits and labels differ
in length, or where a label lies outside the classes; ``TypeError`` where logits are no float tensor
or labels no integers. Labels are read on the CPU only; on an accelerator that would make the host
wait, and an out-of-range label fails in the indexing kernel instead. Logits are not read: NaN among
those of one example makes every score NaN. Float64 is made of a block of examples at a time, so
that no second array of the size of the logits is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float64
from torch import Tensor
from torch.nn import functional

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import AnyLabels, Logits, Scalar

BLOCK = 1 << 18  # logits that are widened to float64 at a time, 2 MiB


@checked
def accuracy(logits: Logits, labels: AnyLabels) -> Scalar:
    """Return the share of examples whose largest logit is that of the label, in [0, 1].

    Of equal largest logits the first class counts as the prediction.

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import accuracy
    >>> logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 1.0]])
    >>> accuracy(logits, torch.tensor([0, 1, 1]))
    tensor(0.6667, dtype=torch.float64)
    """
    named = check_scored(logits, labels)
    right = (logits.argmax(dim=1) == named).to(torch.float64)
    # The first of a row of NaN is no prediction.
    return torch.where(logits.amax(dim=1).isnan(), torch.nan, right).mean()


@checked
def cross_entropy(logits: Logits, labels: AnyLabels) -> Scalar:
    """Return the mean of -log softmax(logits) at the label, in nats."""

    def losses(block: Tensor, own: Tensor) -> Tensor:
        return functional.cross_entropy(block, own, reduction="none")

    return each_example(losses, logits, check_scored(logits, labels)).mean()


@checked
def brier_score(logits: Logits, labels: AnyLabels) -> Scalar:
    """Return the mean squared distance of softmax(logits) to the one-hot label, in [0, 2].

    The sum runs over the classes; for two classes it is twice the score of one probability.

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import brier_score
    >>> brier_score(torch.zeros(3, 2), torch.tensor([0, 1, 1]))
    tensor(0.5000, dtype=torch.float64)
    """

    def squares(block: Tensor, own: Tensor) -> Tensor:
        target = own[:, None] == torch.arange(block.shape[1], device=own.device)  # one-hot
        return (block.softmax(dim=1) - target.to(torch.float64)).square().sum(dim=1)

    return each_example(squares, logits, check_scored(logits, labels)).mean()


@checked
def check_scored(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the labels as int64; raise where both cannot be scored, as the module says."""
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise TypeError(f"logits must be a float tensor, got {kind}")
    if logits.ndim != 2 or labels.ndim != 1 or len(logits) != len(labels):
        raise ValueError(
            "a score needs logits (batch, class) and labels (batch,) of one length, "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    if len(labels) == 0:
        raise ValueError("a score needs at least one example, got none")
    return tensor_checks.class_labels(labels, classes=logits.shape[1], batch=len(logits))


@checked
def wide_blocks(logits: Logits, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield logits in float64 and their labels, some examples at a time (``BLOCK`` logits)."""
    rows = max(1, BLOCK // max(1, logits.shape[1]))
    for block, own in zip(logits.split(rows), labels.split(rows), strict=True):
        yield block.to(torch.float64), own


@checked
def each_example(
    function: Callable[[Tensor, Tensor], Tensor], logits: Logits, labels: Tensor
) -> Float64[Tensor, "batch"]:
    """Return ``function`` of logits in float64 and labels, one number an example, by blocks."""
    blocks = wide_blocks(logits, labels)
    if logits.numel() <= BLOCK:
        return torch.cat([function(block, own) for block, own in blocks])
    # One result, made first: small ones between the blocks would tear the heap that they come from.
    found = torch.empty(len(logits), dtype=torch.float64, device=logits.device)
    start = 0
    for block, own in blocks:
        found[start : start + len(own)] = function(block, own)
        start += len(own)
    return found
