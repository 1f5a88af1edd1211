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
    _check(logits, labels)
    return (logits.argmax(dim=1) == labels).to(torch.float64).mean()


def cross_entropy(logits: Logits, labels: Labels) -> Scalar:
    """Return the mean of -log softmax(logits) at the label, in nats."""
    _check(logits, labels)
    return functional.cross_entropy(logits.to(torch.float64), labels)


def brier_score(logits: Logits, labels: Labels) -> Scalar:
    """Return the mean squared distance of softmax(logits) to the one-hot label, in [0, 2].

    The sum runs over the classes; for two classes it is twice the score of one probability.
    """
    _check(logits, labels)
    probabilities = logits.to(torch.float64).softmax(dim=1)
    target = labels[:, None] == torch.arange(logits.shape[1], device=labels.device)
    return (probabilities - target.to(torch.float64)).square().sum(dim=1).mean()


def calibration_error(logits: Logits, labels: Labels, bins: int = 15) -> Scalar:
    """Return the expected calibration error of {cite:t}`guo2017calibration`, in [0, 1].

    Σ_m |B_m| / n · |accuracy(B_m) - confidence(B_m)|, where B_m holds the examples whose largest
    probability lies in ((m - 1) / bins, m / bins]. The estimate is biased upwards when bins hold
    few examples; compare only equal ``bins`` and equal sample sizes.

    Raises
    ------
    ValueError
        If ``bins`` is not positive, or as the module says.
    """
    _check(logits, labels)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    confidence, prediction = logits.to(torch.float64).softmax(dim=1).max(dim=1)
    surplus = (prediction == labels).to(torch.float64) - confidence
    inner = torch.arange(1, bins, dtype=torch.float64, device=logits.device) / bins
    bin_of_example = torch.bucketize(confidence, inner)
    # |B_m| · |accuracy - confidence| is the absolute sum of the bin's surpluses. A product with the
    # membership matrix, unlike a scatter, adds them in the same order every time on a GPU.
    members = bin_of_example[:, None] == torch.arange(bins, device=logits.device)
    return (surplus @ members.to(torch.float64)).abs().sum() / len(labels)


def _check(logits: Tensor, labels: Tensor) -> None:
    if logits.ndim != 2 or labels.ndim != 1 or len(logits) != len(labels):
        raise ValueError(
            "a score needs logits (batch, class) and labels (batch,) of one length, "
            f"got {tuple(logits.shape)} and {tuple(labels.shape)}"
        )
    if len(labels) == 0:
        raise ValueError("a score needs at least one example, got none")
    if labels.device.type == "cpu":
        checks.labels_below(labels, logits.shape[1])
