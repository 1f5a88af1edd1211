"""Kullback-Leibler divergences estimated from two samples (nats).

Each docstring says in which direction the estimate errs. None of them may stand in for a
certificate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, lazy
from runtheory.boundary import checked
from runtheory.information.measures.nearest import kth_distances, refuse_copies
from runtheory.information.samples import equal_columns, sample

Points = Float[Tensor, "sample feature"]
OtherPoints = Float[Tensor, "other other_feature"]


@checked
def knn_kl(first: Points, second: OtherPoints, *, neighbours: int = 5) -> float:
    """Estimate KL(first || second) in nats from nearest-neighbour distances [wang2009divergence].

    (d/n) sum log(nu_k / rho_k) + log(m / (n - 1)): rho_k is the distance of a point of the first
    sample to its k-th neighbour among the others of the n, nu_k that to its k-th neighbour in the
    second sample of m. Asymptotically unbiased; for finite samples it is biased towards zero,
    badly so above about five dimensions, and no error is known. Computed on the CPU, by
    :mod:`nearest`. Both laws must have a density: where more than one point in a hundred of both
    samples together has an exact copy (oversampling, bootstrap, a shared example), it is refused.

    Raises
    ------
    ValueError
        If ``neighbours`` is below 1, a sample has too few points for it, the dimensions differ, a
        value is not finite, or points coincide as above.
    """
    first, second = sample(first, "first"), sample(second, "second")
    equal_columns(first, second)
    if not neighbours >= 1 or len(first) <= neighbours or len(second) < neighbours:
        raise ValueError(
            f"{neighbours} neighbours need at least 1 of them, more points than that in the first "
            f"sample and as many in the second, got {len(first)} and {len(second)} points"
        )
    own, other = _array(first), _array(second)
    refuse_copies(np.concatenate([own, other]))
    # A point is its own nearest neighbour within its sample.
    inner = kth_distances(own, own, neighbours + 1)
    outer = kth_distances(own, other, neighbours)
    if not (inner.min() > 0 and outer.min() > 0):
        raise ValueError("points coincide: neighbour distances must be positive, got 0")
    ratio = float(np.log(outer / inner).mean())
    return own.shape[1] * ratio + math.log(len(other) / (len(own) - 1))


@dataclass(frozen=True)
class ClassifierKL:
    """Three estimates of one divergence from the same log ratio on held-out points, in nats.

    ``plug_in`` = E_P r estimates KL only if the classifier is right, and may lie on either side.
    ``nwj`` = E_P r + 1 - E_Q e^r is an unbiased estimate of a lower bound on KL, and
    ``donsker_varadhan`` = E_P r - log E_Q e^r of the best such bound but for the logarithm, which
    makes it too large in the mean. ``nwj <= donsker_varadhan`` always. The ``*_error`` are standard
    errors over the held-out points for a fixed classifier; a lower bound on KL is not an upper
    bound on anything. ``nwj_in_sample`` is ``nwj`` on the halves that trained the classifier: no
    lower bound, and here to show by how much it overshoots.
    """

    plug_in: float
    donsker_varadhan: float
    nwj: float
    plug_in_error: float
    nwj_error: float
    nwj_in_sample: float


@checked
def classifier_kl(
    first: Points, second: OtherPoints, *, generator: torch.Generator, penalty: float = 1e-3
) -> ClassifierKL:
    """Estimate KL(first || second) by logistic regression between the two samples.

    A random half of either sample trains, the other half is held out. The log ratio r is the
    logit, corrected for the sizes of the training halves; it is linear in the given features, so
    the ratio can be right only if it is (for two Gaussians of one covariance it is: give squares as
    features otherwise). ``penalty`` is that on the squared weights, as a share of the mean loss.
    Computed on the CPU.

    Raises
    ------
    ValueError
        If a sample has fewer than 4 points, the dimensions differ ``penalty`` is not positive
        and finite, or a value is not finite.
    """
    with lazy.needed_by(__name__, extra="labs"):
        from sklearn.linear_model import LogisticRegression

    first, second = sample(first, "first"), sample(second, "second")
    equal_columns(first, second)
    if min(len(first), len(second)) < 4:
        raise ValueError(f"each sample needs 4 points, got {len(first)} and {len(second)}")
    checks.positive_finite(penalty=penalty)
    train_first, held_first = _halves(first, generator)
    train_second, held_second = _halves(second, generator)
    features = np.concatenate([train_first, train_second])
    labels = np.repeat([1, 0], [len(train_first), len(train_second)])
    model = LogisticRegression(C=1 / (penalty * len(labels)), max_iter=1000)
    model.fit(features, labels)
    correction = math.log(len(train_second) / len(train_first))
    ratios = [
        model.decision_function(half) + correction
        for half in (held_first, held_second, train_first, train_second)
    ]
    return _summarise(ratios[0], ratios[1], in_sample=_nwj(ratios[2], ratios[3]))


def _nwj(first: np.ndarray, second: np.ndarray) -> float:
    return float(first.mean()) + 1 - float(np.exp(second).mean())


def _summarise(first: np.ndarray, second: np.ndarray, *, in_sample: float) -> ClassifierKL:
    mean, weights = float(first.mean()), np.exp(second)
    mean_variance = float(first.var(ddof=1)) / len(first)
    weight_variance = float(weights.var(ddof=1)) / len(weights)
    return ClassifierKL(
        plug_in=mean,
        donsker_varadhan=mean - math.log(float(weights.mean())),
        nwj=_nwj(first, second),
        plug_in_error=math.sqrt(mean_variance),
        nwj_error=math.sqrt(mean_variance + weight_variance),
        nwj_in_sample=in_sample,
    )


def _halves(points: Tensor, generator: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    order = torch.randperm(len(points), generator=generator, device=generator.device).cpu().numpy()
    values = _array(points)
    return values[order[: len(order) // 2]], values[order[len(order) // 2 :]]


def _array(points: Tensor) -> np.ndarray:
    array: np.ndarray = points.detach().to("cpu", torch.float64).numpy()
    return array
