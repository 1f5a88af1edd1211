"""Scores that should be high on known data and low on foreign data, and how well they part them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks
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
    checks.positive(temperature=temperature)
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


def _check_scores(known: Tensor, foreign: Tensor) -> None:
    if len(known) == 0 or len(foreign) == 0:
        raise ValueError(f"both sets need scores, got {len(known)} and {len(foreign)}")
    if bool(known.isnan().any() | foreign.isnan().any()):
        raise ValueError("scores must be numbers, got NaN")
