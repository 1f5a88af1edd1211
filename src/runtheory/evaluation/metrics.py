"""Scores of logits against labels, accumulated in float64 without waiting for the device.

Each function returns a scalar float64 tensor on the device of the logits and raises ``ValueError``
where there are no examples, where logits and labels differ in length, or where a label lies outside
the classes. The last check reads the labels, so it is made on the CPU only; on an accelerator it
would make the host wait, and an out-of-range label fails in the indexing kernel instead.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from runtheory import checks
from runtheory.shapes import Labels, Logits, Scalar


def accuracy(logits: Logits, labels: Labels) -> Scalar:
    """Return the share of examples whose largest logit is that of the label, in [0, 1].

    Of equal largest logits the first class counts as the prediction.
    """
    check_scored(logits, labels)
    return (logits.argmax(dim=1) == labels).to(torch.float64).mean()


def cross_entropy(logits: Logits, labels: Labels) -> Scalar:
    """Return the mean of -log softmax(logits) at the label, in nats."""
    check_scored(logits, labels)
    return functional.cross_entropy(logits.to(torch.float64), labels)


def brier_score(logits: Logits, labels: Labels) -> Scalar:
    """Return the mean squared distance of softmax(logits) to the one-hot label, in [0, 2].

    The sum runs over the classes; for two classes it is twice the score of one probability.
    """
    check_scored(logits, labels)
    probabilities = logits.to(torch.float64).softmax(dim=1)
    target = labels[:, None] == torch.arange(logits.shape[1], device=labels.device)  # one-hot
    return (probabilities - target.to(torch.float64)).square().sum(dim=1).mean()


def check_scored(logits: Tensor, labels: Tensor) -> None:
    """Raise ``ValueError`` where logits and labels cannot be scored, as the module says."""
    if logits.ndim != 2 or labels.ndim != 1 or len(logits) != len(labels):
        raise ValueError(
            "a score needs logits (batch, class) and labels (batch,) of one length, "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    if len(labels) == 0:
        raise ValueError("a score needs at least one example, got none")
    if labels.device.type == "cpu":
        checks.labels_below(labels, logits.shape[1])
