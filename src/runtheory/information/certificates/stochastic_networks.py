"""PAC-Bayes certificates of small stochastic networks.

The prior is learnt on one half of the data and the bound computed on the other; the posterior is
Gaussian around trained weights, its deviation taken from a grid, its empirical risk estimated from
drawn networks. Each of the three is paid for, see ``certificates``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks
from runtheory.information.certificates.linear_classifiers import Certificate, check_grid
from runtheory.information.certificates.pac_bayes import (
    gaussian_divergence,
    kl_bound,
    monte_carlo_bound,
)
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_batches,
    draw_perceptrons,
    train,
)


@dataclass(frozen=True)
class Confidence:
    """The grid of weight deviations and how the confidence is spent.

    ``monte_carlo_delta`` is the share of ``delta`` for the Monte-Carlo estimate over ``draws``
    networks; the rest goes to the PAC-Bayes bound. Both are divided by the size of the grid.

    Raises
    ------
    ValueError
        If the grid is empty or not positive, ``draws`` is below one, or not
        0 < monte_carlo_delta < delta < 1.
    """

    deviations: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    draws: int = 500
    delta: float = 0.05
    monte_carlo_delta: float = 0.01

    def __post_init__(self) -> None:
        check_grid(self.deviations, "deviations")
        checks.at_least(1, draws=self.draws)
        if not 0 < self.monte_carlo_delta < self.delta < 1:
            raise ValueError(
                "monte_carlo_delta must lie in (0, delta) and delta in (0, 1), "
                f"got {self.monte_carlo_delta} and {self.delta}"
            )


def network_certificate(
    posterior: Perceptrons,
    inputs: Float[Tensor, "example input"],
    labels: Int64[Tensor, "example"],
    *,
    prior: Perceptrons,
    confidence: Confidence,
    generator: torch.Generator,
) -> Certificate:
    """Return the best certificate over Q = N(w, s^2 I), P = N(w0, s^2 I), s in the grid.

    w are the weights of ``posterior``, which may depend on the examples, w0 those of ``prior``,
    which must not. The empirical risk is the mean over drawn networks, raised by
    :func:`pac_bayes.monte_carlo_bound`; then the kl bound is inverted.
    The approach is that of [dziugaite2017computing] and [perezortiz2021tighter], with a grid in
    place of trained deviations.

    Raises
    ------
    ValueError
        If there is no example, or ``posterior`` or ``prior`` holds more than one network.
    """
    if posterior.replicates != 1 or prior.replicates != 1:
        raise ValueError(
            "posterior and prior must hold one network each, "
            f"got {posterior.replicates} and {prior.replicates}"
        )
    if len(inputs) == 0:
        raise ValueError("a certificate needs at least one example, got none")
    grid, draws = confidence.deviations, confidence.draws
    errors = [
        stochastic_risk(
            posterior, inputs, labels, deviation=deviation, draws=draws, generator=generator
        )
        for deviation in grid
    ]
    raised = monte_carlo_bound(errors, draws=draws, delta=confidence.monte_carlo_delta / len(grid))
    divergences = [_weight_divergence(posterior, prior, deviation) for deviation in grid]
    share = (confidence.delta - confidence.monte_carlo_delta) / len(grid)
    bounds = kl_bound(raised, divergences, samples=len(inputs), delta=share)
    best = int(bounds.argmin())
    return Certificate(
        bound=float(bounds[best]),
        train_error=errors[best],
        train_error_bound=float(raised[best]),
        divergence=divergences[best],
        scale=grid[best],
        samples=len(inputs),
        delta=confidence.delta,
    )


def stochastic_risk(
    mean: Perceptrons,
    inputs: Float[Tensor, "example input"],
    labels: Int64[Tensor, "example"],
    *,
    deviation: float,
    draws: int,
    generator: torch.Generator,
    chunk: int = 25,
) -> float:
    """Return the mean error over ``draws`` networks with N(mean, deviation^2 I) weights.

    ``chunk`` networks are evaluated at once; it bounds the memory.
    """
    wrong = 0.0
    for low in range(0, draws, chunk):
        nets = _perturbed(mean, deviation, draws=min(chunk, draws - low), generator=generator)
        with torch.no_grad():
            predicted = nets.scores(inputs.expand(nets.replicates, -1, -1)).argmax(-1)
        wrong += float((predicted != labels).to(torch.float64).mean(1).sum())  # over networks
    return wrong / draws


@dataclass(frozen=True)
class SplitPlan:
    """How :func:`split_certificate` trains: the network, the prior, the posterior, the confidence.

    ``posterior`` None leaves the posterior at the prior, with divergence zero.
    """

    hidden: tuple[int, ...]
    classes: int
    prior: Descent = field(default_factory=Descent)
    posterior: Descent | None = None
    confidence: Confidence = field(default_factory=Confidence)


@dataclass(frozen=True)
class SplitCertificate:
    """A certificate, the mean of its posterior, and the examples that trained the prior."""

    certificate: Certificate
    posterior: Perceptrons
    prior_examples: Int64[Tensor, "prior"]


def split_certificate(
    inputs: Float[Tensor, "example input"],
    labels: Int64[Tensor, "example"],
    plan: SplitPlan,
    *,
    generator: torch.Generator,
) -> SplitCertificate:
    """Train a prior on a random half, a posterior from it on the other, and certify on the other.

    Raises
    ------
    ValueError
        If there are fewer than two examples, or on the terms of :func:`network_certificate`.
    """
    count = len(inputs)
    if count < 2:
        raise ValueError(f"a split needs at least two examples, got {count}")
    order = torch.randperm(count, generator=generator, device=generator.device)
    first, second = order[: count // 2], order[count // 2 :]
    widths = (inputs.shape[1], *plan.hidden, plan.classes)
    start = draw_perceptrons(widths, replicates=1, generator=generator, dtype=inputs.dtype)
    prior = _fit(start, inputs[first], labels[first], settings=plan.prior, generator=generator)
    posterior = prior
    if plan.posterior is not None:
        posterior = _fit(
            prior, inputs[second], labels[second], settings=plan.posterior, generator=generator
        )
    certificate = network_certificate(
        posterior,
        inputs[second],
        labels[second],
        prior=prior,
        confidence=plan.confidence,
        generator=generator,
    )
    return SplitCertificate(certificate, posterior, first)


def _fit(
    start: Perceptrons,
    inputs: Tensor,
    labels: Tensor,
    *,
    settings: Descent,
    generator: torch.Generator,
) -> Perceptrons:
    batches = draw_batches(len(inputs), settings, replicates=1, generator=generator)
    return train(start, inputs[None], labels[None], settings=settings, batches=batches)


def _perturbed(
    mean: Perceptrons, deviation: float, *, draws: int, generator: torch.Generator
) -> Perceptrons:
    def around(parameter: Tensor) -> Tensor:
        shape = (draws, *parameter.shape[1:])
        noise = torch.randn(
            shape, generator=generator, device=generator.device, dtype=parameter.dtype
        )
        return parameter + deviation * noise

    return Perceptrons(tuple(map(around, mean.weights)), tuple(map(around, mean.biases)))


def _weight_divergence(posterior: Perceptrons, prior: Perceptrons, deviation: float) -> float:
    pairs = zip(posterior.parameters, prior.parameters, strict=True)
    distance = math.fsum(float(((q - p).to(torch.float64) ** 2).sum()) for q, p in pairs)
    return float(
        gaussian_divergence(
            distance,
            dimension=posterior.dimension,
            deviation=deviation,
            prior_deviation=deviation,
        )
    )
