"""Scores that should be high on known data and low on foreign data, and how well they part them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, lazy
from runtheory.boundary import checked
from runtheory.evaluation.metrics import each_example
from runtheory.shapes import Logits

Scores = Float[Tensor, "batch"]


@checked
def max_probability(logits: Logits) -> Scores:
    """Return the largest softmax probability, in [1 / classes, 1] (float64).

    Beyond a margin of some 37 it is exactly 1 and ranks no more; ``negative_energy`` does. NaN
    among an example's logits makes its score NaN.
    """
    labels = torch.empty(len(logits), device=logits.device)  # none are needed
    return each_example(lambda block, _: block.softmax(dim=1).amax(dim=1), logits, labels)


@checked
def negative_energy(logits: Logits, *, temperature: float = 1.0) -> Scores:
    """Return T log sum_c exp(z_c / T), the energy score with its sign turned (float64, nats).

    Raises
    ------
    ValueError
        If ``temperature`` is not positive.
    """
    checks.positive(temperature=temperature)
    labels = torch.empty(len(logits), device=logits.device)  # none are needed
    warm = each_example(lambda block, _: (block / temperature).logsumexp(dim=1), logits, labels)
    return temperature * warm


@checked
def area_under_curve(known: Float[Tensor, "known"], foreign: Float[Tensor, "foreign"]) -> float:
    """Return P(known score > foreign score) + P(equal) / 2, the area under the ROC curve.

    By scikit-learn's ``roc_auc_score``. The area is a whole number of half pairs, and the rounding
    of its sums is taken off.

    Raises
    ------
    ValueError
        If either set is empty, has more than one axis, or holds NaN or an infinity.

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import area_under_curve
    >>> area_under_curve(torch.tensor([0.9, 0.8, 0.4]), torch.tensor([0.5, 0.1]))
    0.8333333333333334
    """
    with lazy.needed_by(__name__, extra="data"):
        from sklearn.metrics import roc_auc_score

    _check_scores(known, foreign)
    truth = [True] * len(known) + [False] * len(foreign)
    area = roc_auc_score(truth, torch.cat((known, foreign)).cpu().numpy())
    half_pairs = 2 * len(known) * len(foreign)
    return round(area * half_pairs) / half_pairs


def _check_scores(known: Tensor, foreign: Tensor) -> None:
    if len(known) == 0 or len(foreign) == 0:
        raise ValueError(f"both sets need scores, got {len(known)} and {len(foreign)}")
    if not bool(known.isfinite().all() & foreign.isfinite().all()):
        raise ValueError("scores must be finite, got NaN or infinity")
