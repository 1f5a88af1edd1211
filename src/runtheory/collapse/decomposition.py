"""The squared loss split into its collapse parts, after [han2022neural]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory.boundary import checked
from runtheory.collapse.conventions import Weighting, class_weights
from runtheory.collapse.statistics import ClassStatistics


@dataclass(frozen=True)
class SquareLossParts:
    """The three parts of the penalised squared loss, and the least-squares classifier.

    ``variability`` is L_NC1, ``alignment`` L_NC2/3 and ``deviation`` L_perp, which is zero on the
    central path. All are non-negative and their sum is the loss.
    """

    variability: Float64[Tensor, ""]
    alignment: Float64[Tensor, ""]
    deviation: Float64[Tensor, ""]
    classifier: Float64[Tensor, "class feature"]
    bias: Float64[Tensor, "class"]

    @property
    def total(self) -> Float64[Tensor, ""]:
        return self.variability + self.alignment + self.deviation


@checked
def square_loss_parts(
    statistics: ClassStatistics,
    classifier: Float[Tensor, "class feature"],
    bias: Float[Tensor, "class"],
    *,
    penalty: float,
) -> SquareLossParts:
    """Split (1/2N) ||W H + b 1' - Y||^2 + (penalty/2) (||W||^2 + ||b||^2) into three parts.

    Y is one-hot and the sum runs over samples *and* classes, divided by N only. With the class
    shares q_k = n_k/N, means m_k, S_W = scatter/N and the ridge solution (W*, b*) for fixed H,

        L_NC1   = (1/2) tr[W* S_W W*'] + (penalty/2) (||W*||^2 + ||b*||^2)
        L_NC2/3 = (1/2) sum_k q_k ||W* m_k + b* - e_k||^2
        L_perp  = (1/2) tr[D A D'],  D = [W, b] - [W*, b*],  A = second moment of (h, 1) + penalty I

    Deviation from [han2022neural]: classes may differ in size (theirs are balanced).

    Raises
    ------
    ValueError
        If a class has no sample, samples were refused, the scatter matrix was not kept, the shapes
        do not fit, or ``penalty`` is not positive and finite.
    """
    _check_head(statistics, classifier, bias)
    scatter = _checked_scatter(statistics, penalty)
    shares = class_weights(statistics, Weighting.SAMPLES)
    means = statistics.means
    ridge, offset = least_squares_classifier(statistics, penalty=penalty)
    variability = ((ridge @ scatter) * ridge).sum() / 2
    variability = variability + penalty / 2 * (ridge.square().sum() + offset.square().sum())
    residual = means @ ridge.T + offset - torch.eye(len(means)).to(means)  # (class, class)
    alignment = (shares @ residual.square().sum(1)) / 2
    turned, shift = classifier.to(means) - ridge, bias.to(means) - offset
    # tr[D A D'] written as a sum of squares, so that it cannot fall below zero.
    moved = means @ turned.T + shift
    deviation = ((turned @ scatter) * turned).sum() + shares @ moved.square().sum(1)
    deviation = deviation + penalty * (turned.square().sum() + shift.square().sum())
    return SquareLossParts(variability, alignment, deviation / 2, ridge, offset)


@checked
def least_squares_classifier(
    statistics: ClassStatistics, *, penalty: float
) -> tuple[Float64[Tensor, "class feature"], Float64[Tensor, "class"]]:
    """Return the ridge solution (W*, b*) for one-hot targets, from the statistics alone.

    With the sample mean m, S_T the total covariance and q the class shares,

        W* = (Q M' - q m'/(1 + penalty)) (S_T + penalty/(1 + penalty) m m' + penalty I)^-1
        b* = (q - W* m) / (1 + penalty)

    where row k of Q M' is q_k m_k'. Solved by Cholesky. [han2022neural]

    Raises
    ------
    ValueError
        If the scatter matrix was not kept or ``penalty`` is not positive and finite.
    """
    scatter = _checked_scatter(statistics, penalty)
    shares = class_weights(statistics, Weighting.SAMPLES)
    mean = shares @ statistics.means
    scaled = shares.sqrt()[:, None] * (statistics.means - mean)  # (class, feature)
    factor = penalty / (1 + penalty)
    system = scatter + scaled.T @ scaled + factor * torch.outer(mean, mean)
    system.diagonal().add_(penalty)
    # Row k: q_k (m_k - m) + q_k m penalty/(1 + penalty), the difference taken before it cancels.
    right = shares[:, None] * ((statistics.means - mean) + factor * mean)
    classifier = torch.cholesky_solve(right.T, torch.linalg.cholesky(system)).T
    return classifier, (shares - classifier @ mean) / (1 + penalty)


def _check_head(statistics: ClassStatistics, classifier: Tensor, bias: Tensor) -> None:
    statistics.checked()
    if classifier.shape != statistics.means.shape or bias.shape != classifier.shape[:1]:
        raise ValueError(
            f"the classifier must have shape {tuple(statistics.means.shape)} with a bias for each "
            f"class, got {tuple(classifier.shape)} and {tuple(bias.shape)}"
        )


def _checked_scatter(statistics: ClassStatistics, penalty: float) -> Tensor:
    """Return S_W = scatter/N, after a check that it was kept and the ridge is there."""
    if statistics.scatter is None or not 0 < penalty < math.inf:
        raise ValueError(
            "least squares needs the scatter matrix and a finite, positive penalty, "
            f"got full={statistics.scatter is not None} and penalty={penalty}"
        )
    return statistics.scatter / statistics.counts.sum()
