"""Scores that should be high on known data and low on foreign data, and how well they part them."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory.shapes import Logits

Scores = Float[Tensor, "batch"]


def max_probability(logits: Logits) -> Scores:
    """Return the largest softmax probability, in [1 / classes, 1] (float64)."""
    return logits.to(torch.float64).softmax(dim=1).amax(dim=1)


def negative_energy(logits: Logits, *, temperature: float = 1.0) -> Scores:
    """Return T log sum_c exp(z_c / T), the energy score with its sign turned (float64, nats).

    Raises
    ------
    ValueError
        If ``temperature`` is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    return temperature * torch.logsumexp(logits.to(torch.float64) / temperature, dim=1)


def area_under_curve(known: Float[Tensor, "known"], foreign: Float[Tensor, "foreign"]) -> float:
    """Return P(known score > foreign score) + P(equal) / 2, the area under the ROC curve.

    By scikit-learn's ``roc_auc_score``. The area is a whole number of half pairs, and the rounding
    of its sums is taken off.

    Raises
    ------
    ValueError
        If either set is empty or holds NaN.
    """
    from sklearn.metrics import roc_auc_score

    _check_scores(known, foreign)
    truth = [True] * len(known) + [False] * len(foreign)
    area = roc_auc_score(truth, torch.cat((known, foreign)).cpu().numpy())
    half_pairs = 2 * len(known) * len(foreign)
    return round(area * half_pairs) / half_pairs


def rejection_at_recall(
    known: Float[Tensor, "known"], foreign: Float[Tensor, "foreign"], *, recall: float = 0.95
) -> float:
    """Return the share of foreign scores rejected at the largest threshold that keeps ``recall``.

    A score is kept when it is at least the threshold; the threshold is the largest known score
    at which at least the share ``recall`` of the known ones is kept. With recall 0.95 this is the
    true-negative rate at a true-positive rate of 95 %.

    Raises
    ------
    ValueError
        If recall lies outside (0, 1], or either set is empty or holds NaN.
    """
    _check_scores(known, foreign)
    if not 0 < recall <= 1:
        raise ValueError(f"recall must lie in (0, 1], got {recall}")
    # 0.95 * 20 is 19.000000000000004 in some orders of arithmetic: take off the rounding first.
    least = math.ceil(round(recall * len(known), 9))
    threshold = known.sort(descending=True).values[least - 1]
    return float((foreign < threshold).to(torch.float64).mean())


def _check_scores(known: Tensor, foreign: Tensor) -> None:
    if not (len(known) and len(foreign)):
        raise ValueError(f"both sets need scores, got {len(known)} and {len(foreign)}")
    if bool(known.isnan().any() | foreign.isnan().any()):
        raise ValueError("scores must be numbers, got NaN")
