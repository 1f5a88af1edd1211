"""One model in which every bound stands beside the exact gap.

The classifier sign(W.X), W the mean of Y_i X_i, of two Gaussian classes, under zero-one loss; see
:mod:`conditional_laws` for the one fact behind it. Everything is a quadrature in float64, in nats,
and takes some milliseconds. Bounds are on E[gap] with gap = test error - training error; they are
exact values of bounds, not estimates, and no certificates: they need the law of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.conditional_laws import (
    ConditionalLaws,
    GaussianMeanModel,
    conditional_laws,
    decision_kl,
    output_kl,
)
from runtheory.information.ladder.loss_laws import LossLaw
from runtheory.information.supersamples.loss_information import (
    binary_bound,
    centred_single_bound,
    difference_bound,
    fast_rate_bound,
    interpolation_error,
    single_bound,
)


@dataclass(frozen=True)
class Ladder:
    """Errors and informations (nats) of one model, the stuff of which bounds are made.

    The informations belong to ever later stages of one pipeline: weights and example, output given
    the weights, decision given the weights, losses alone. Data processing orders the first three
    among themselves, and the information of a single loss under that of a pair; between the two
    groups, which measure against different references, it orders nothing.
    """

    model: GaussianMeanModel
    losses: LossLaw
    sample_information: float
    output_divergence: float
    decision_divergence: float

    @property
    def train_error(self) -> float:
        return self.losses.train_error

    @property
    def test_error(self) -> float:
        return self.losses.test_error

    @property
    def gap(self) -> float:
        return self.losses.gap


@checked
def solve(model: GaussianMeanModel, *, order: int = 96) -> Ladder:
    """Return errors and informations of a model; ``order`` is that of the quadrature."""
    laws = conditional_laws(model, order=order)
    return Ladder(
        model=model,
        losses=loss_law(laws),
        sample_information=representation_information(model, model.dimension),
        output_divergence=output_kl(laws),
        decision_divergence=decision_kl(laws),
    )


@checked
def upper_bounds(ladder: Ladder) -> dict[str, float]:
    """Return every upper bound on the gap by name, from the weights down to the losses.

    The loss lies in [0, 1], which makes it 1/2-sub-Gaussian: hence the roots of half a divergence.
    ``individual_sample`` is that of [bu2020tightening], ``output`` has the form of
    [he2024information], the others are those of :mod:`loss_information`. The binary-kl bound on the
    *test error* is the training error plus ``binary_kl`` and may exceed 1.
    """
    error, losses = ladder.train_error, ladder.losses
    return {
        "individual_sample": math.sqrt(ladder.sample_information / 2),
        "output": math.sqrt(ladder.output_divergence / 2),
        "decision": math.sqrt(ladder.decision_divergence / 2),
        "loss_pair": difference_bound(losses.pair_information),
        "loss_difference": difference_bound(losses.difference_information),
        "single_loss": single_bound(losses.single_information),
        "centred_single_loss": centred_single_bound(losses.single_information),
        "binary_kl": binary_bound(error, losses.pair_information),
        "fast_rate": fast_rate_bound(error, losses.single_information).value,
    }


@checked
def lower_bound(ladder: Ladder) -> float:
    """Return I(D; U) / log 2, which is at most the gap.

    With q = P(D = 1 | U = 0), p = P(D = -1 | U = 0) and h the entropy,
    I = (q + p)(log 2 - h(q / (q + p))) and h(x) >= 2 log(2) min(x, 1 - x), so I / log 2 is at
    most |q - p|. Where the training error is 0 it *is* the test error: the interpolation identity.
    """
    return interpolation_error(ladder.losses.difference_information)


@checked
def loss_law(laws: ConditionalLaws) -> LossLaw:
    """Return the joint law of training and new loss: independent given W, so E_W of products."""
    train = np.stack([1 - laws.train_error, laws.train_error])
    test = np.stack([1 - laws.test_error, laws.test_error])
    table = np.array([[laws.law.expect(a * b) for b in test] for a in train])  # (train, test)
    return LossLaw(table / table.sum())


@checked
def representation_information(model: GaussianMeanModel, rank: int) -> float:
    """Return (rank / 2) log(n / (n - 1)), the divergence at a fixed linear layer of that rank.

    The layer A does not depend on the data and the layers above it are learned from A X alone.
    Then A U_i given the mean of the A U_j is normal around it with the covariance shrunk by
    1 - 1/n, whatever A is, and I(A X_i, Y_i; W) is the same logarithm a dimension. At full rank it
    is I(W; Z_i). The bound sqrt(I/2) is on the gap of the network *with* that layer, which is
    ``GaussianMeanModel(rank, n, |P mu|)`` for a projection P, not on that of another network.

    Raises
    ------
    ValueError
        If ``rank`` does not lie in 1 .. dimension.
    """
    checks.in_interval(1, model.dimension, rank=rank)
    return rank / 2 * model.log_shrinkage


@checked
def noisy_release_information(model: GaussianMeanModel, noise: float) -> float:
    """Return I(W + noise xi; sample) = (d/2) log(1 + s^2 / (n noise^2)), xi standard Gaussian.

    It diverges as the noise vanishes: for W itself the bound sqrt(I / (2n)) of [xu2017information]
    is vacuous.

    Raises
    ------
    ValueError
        If ``noise`` is not positive and finite.
    """
    checks.positive_finite(noise=noise)
    with np.errstate(over="ignore", divide="ignore"):  # noise without end leaves nothing
        ratio = float(model.deviation**2 / (model.samples * np.square(np.float64(noise))))
    return model.dimension / 2 * math.log1p(ratio)
