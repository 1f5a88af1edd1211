"""Whether the probability that a classifier gives to its answer is the share of right answers."""

from __future__ import annotations

import torch

from runtheory import checks
from runtheory.evaluation.metrics import accuracy, check_scored
from runtheory.evaluation.outliers import max_probability
from runtheory.shapes import Labels, Logits, Scalar


def confidence_gap(logits: Logits, labels: Labels) -> Scalar:
    """Return mean confidence less accuracy, in [-1, 1]: negative is under-confident.

    Raises ``ValueError`` as the scores of ``metrics`` do.
    """
    return max_probability(logits).mean() - accuracy(logits, labels)


def expected_calibration_error(logits: Logits, labels: Labels, *, bins: int = 15) -> Scalar:
    """Return the expected calibration error of {cite:t}`guo2017calibration`, in [0, 1].

    Σ_m |B_m| / n · |accuracy(B_m) - confidence(B_m)|, where B_m holds the examples whose largest
    probability lies in ((m - 1) / bins, m / bins]. The estimate is biased upwards when bins hold
    few examples; compare only equal ``bins`` and equal sample sizes.

    Raises
    ------
    ValueError
        If ``bins`` is not positive, or as the scores of ``metrics`` do.
    """
    check_scored(logits, labels)
    checks.at_least(1, bins=bins)
    confidence, prediction = logits.to(torch.float64).softmax(dim=1).max(dim=1)
    surplus = (prediction == labels).to(torch.float64) - confidence
    inner = torch.arange(1, bins, dtype=torch.float64, device=logits.device) / bins
    bin_of_example = torch.bucketize(confidence, inner)  # (batch,)
    # |B_m| · |accuracy - confidence| is the absolute sum of the bin's surpluses. A product with the
    # membership matrix, unlike a scatter, adds them in the same order every time on a GPU.
    members = bin_of_example[:, None] == torch.arange(bins, device=logits.device)  # (batch, bin)
    return (surplus @ members.to(torch.float64)).abs().sum() / len(labels)
