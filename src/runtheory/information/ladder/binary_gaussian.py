"""One model in which every bound stands beside the exact gap.

The classifier sign(W.X), W the mean of Y_i X_i, of two Gaussian classes; zero-one loss unless it is
said otherwise; see :mod:`conditional_laws` for the one fact behind it. Everything is a quadrature
in float64, in nats, and takes some milliseconds. Bounds are on E[gap] with
gap = test error - training error; they are exact values of bounds, not estimates, and no
certificates: they need the law of the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.information.ladder.conditional_laws import (
    ConditionalLaws,
    GaussianMeanModel,
    conditional_laws,
    decision_kl,
    input_wasserstein,
    output_kl,
    output_wasserstein,
    ramp_mean,
)
from runtheory.information.ladder.loss_laws import LossLaw, centred_single_bound
from runtheory.information.supersamples.loss_information import (
    binary_bound,
    difference_bound,
    fast_rate_bound,
    interpolation_error,
    single_bound,
)


@dataclass(frozen=True)
class Ladder:
    """Errors, informations in nats, and the bounds on the gap that follow from them.

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

    @property
    def individual_sample(self) -> float:
        """sqrt(I(W; Z_i) / 2) [bu2020tightening]; the loss is 1/2-sub-Gaussian."""
        return math.sqrt(self.sample_information / 2)

    @property
    def output(self) -> float:
        """sqrt(E_W KL / 2) of the last linear layer, in the form of [he2024information]."""
        return math.sqrt(self.output_divergence / 2)

    @property
    def decision(self) -> float:
        """sqrt(E_W kl / 2) after the sign."""
        return math.sqrt(self.decision_divergence / 2)

    @property
    def loss_pair(self) -> float:
        return difference_bound(self.losses.pair_information)

    @property
    def loss_difference(self) -> float:
        return difference_bound(self.losses.difference_information)

    @property
    def single_loss(self) -> float:
        return single_bound(self.losses.single_information)

    @property
    def centred_single_loss(self) -> float:
        return centred_single_bound(self.losses.single_information)

    @property
    def fast_rate(self) -> float:
        return fast_rate_bound(self.train_error, self.losses.single_information).value

    @property
    def binary_kl(self) -> float:
        """2 (kl^-1(r, I) - r), I that of the loss pair."""
        return binary_bound(self.train_error, self.losses.pair_information)

    @property
    def test_error_bound(self) -> float:
        """The binary-kl bound on the *test error* itself; can exceed 1."""
        return self.train_error + self.binary_kl

    @property
    def from_below(self) -> float:
        """I(D; S) / log 2, a *lower* bound on the gap.

        With q = P(D = 1 | S = 0), p = P(D = -1 | S = 0) and h the entropy,
        I = (q + p)(log 2 - h(q / (q + p))) and h(x) >= 2 log(2) min(x, 1 - x), so I / log 2 is at
        most |q - p|. Where the training error is 0 it *is* the test error: the interpolation
        identity.
        """
        return interpolation_error(self.losses.difference_information)

    def upper_bounds(self) -> dict[str, float]:
        """Return every upper bound on the gap by name."""
        names = (
            "individual_sample",
            "output",
            "decision",
            "loss_pair",
            "loss_difference",
            "single_loss",
            "centred_single_loss",
            "binary_kl",
            "fast_rate",
        )
        return {name: float(getattr(self, name)) for name in names}


def solve(model: GaussianMeanModel, *, order: int = 96) -> Ladder:
    """Return every rung of the ladder; ``order`` is that of the quadrature."""
    laws = conditional_laws(model, order=order)
    return Ladder(
        model=model,
        losses=loss_law(laws),
        sample_information=representation_information(model, model.dimension),
        output_divergence=output_kl(laws),
        decision_divergence=decision_kl(laws),
    )


def loss_law(laws: ConditionalLaws) -> LossLaw:
    """Return the joint law of training and new loss: independent given W, so E_W of products."""
    train = np.stack([1 - laws.train_error, laws.train_error])
    test = np.stack([1 - laws.test_error, laws.test_error])
    table = np.array([[laws.law.expect(a * b) for b in test] for a in train])
    return LossLaw(table / table.sum())


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


def noisy_release_information(model: GaussianMeanModel, noise: float) -> float:
    """Return I(W + noise xi; sample) = (d/2) log(1 + s^2 / (n noise^2)), xi standard Gaussian.

    It diverges as the noise vanishes: for W itself the bound sqrt(I / (2n)) of [xu2017information]
    is vacuous.

    Raises
    ------
    ValueError
        If ``noise`` is not positive.
    """
    checks.positive(noise=noise)
    ratio = model.deviation**2 / (model.samples * noise**2)
    return model.dimension / 2 * math.log1p(ratio)


def supersample_information(model: GaussianMeanModel) -> float:
    """Return I(W; S given the supersample) = n log 2 [steinke2020reasoning].

    A mean of distinct points betrays which points it is the mean of, almost surely. The bound
    sqrt(2 I / n) = sqrt(2 log 2) exceeds 1, whatever the model.
    """
    return model.samples * math.log(2)


@dataclass(frozen=True)
class RampLadder:
    """The gap of a ramp loss and three bounds: by transport at the output, at the input, by KL.

    The loss clip((g - m) / (2g), 0, 1) of the margin m = Y W.X / (s |W|) has Lipschitz constant
    1 / (2g).
    """

    margin: float
    train_loss: float
    test_loss: float
    output_transport: float
    input_transport: float
    output: float

    @property
    def gap(self) -> float:
        return self.test_loss - self.train_loss


def solve_ramp(model: GaussianMeanModel, margin: float, *, order: int = 96) -> RampLadder:
    """Return the ramp loss's exact gap beside E W1 / (2g) at the output, E W2 / (2g) at the input
    and the KL bound sqrt(E_W KL / 2), which holds for every loss in [0, 1].

    The input bound uses W2 >= W1 because that has a closed form. The integrand of the output bound
    has a kink of width O(1/n), so that this value is good to about 5 digits only.

    Raises
    ------
    ValueError
        If ``margin`` is not positive.
    """
    checks.positive_finite(margin=margin)
    laws = conditional_laws(model, order=order)
    train = ramp_mean(laws.train_centre, model.shrinkage, margin)
    test = ramp_mean(laws.test_centre, 1.0, margin)
    return RampLadder(
        margin=margin,
        train_loss=laws.law.expect(train),
        test_loss=laws.law.expect(test),
        output_transport=output_wasserstein(laws) / (2 * margin),
        input_transport=input_wasserstein(laws) / (2 * margin),
        output=math.sqrt(output_kl(laws) / 2),
    )


@dataclass(frozen=True)
class MarginDraws:
    """Of every replicate one training and one new margin, U.W / (s |W|), and |W| / s."""

    train: Float64[Tensor, "draw"]
    test: Float64[Tensor, "draw"]
    weight_norm: Float64[Tensor, "draw"]


def simulate(
    model: GaussianMeanModel, draws: int, *, generator: torch.Generator, chunk: int = 2**22
) -> MarginDraws:
    """Draw ``draws`` data sets, train on each, and return margins on an old and a new example.

    Nothing of the closed forms is used: labels and inputs are drawn, W is the mean of Y_i X_i, the
    training example is the first. ``chunk`` limits how many numbers are drawn at a time. Device of
    the generator, float64.

    Raises
    ------
    ValueError
        If ``draws`` is below 1.
    """
    checks.at_least(1, draws=draws)
    size = max(1, chunk // (model.dimension * (model.samples + 1)))
    parts = [
        _replicates(model, min(size, draws - start), generator) for start in range(0, draws, size)
    ]
    train, test, norm = (torch.cat(column) for column in zip(*parts, strict=True))
    return MarginDraws(train, test, norm)


def _replicates(
    model: GaussianMeanModel, count: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    shape, device = (count, model.samples + 1, model.dimension), generator.device
    labels = 2 * torch.randint(0, 2, (*shape[:2], 1), generator=generator, device=device) - 1
    inputs = torch.randn(shape, generator=generator, device=device, dtype=torch.float64)
    inputs[..., :1] += labels * model.mean / model.deviation
    signed = labels * inputs
    weight = signed[:, :-1].mean(dim=1)
    norm = torch.linalg.vector_norm(weight, dim=1)
    train = (signed[:, 0] * weight).sum(dim=1) / norm
    test = (signed[:, -1] * weight).sum(dim=1) / norm
    return train, test, norm
