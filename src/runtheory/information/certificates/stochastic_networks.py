"""PAC-Bayes certificates of small stochastic networks.

The prior is learnt on one half of the data and the bound computed on the other; the posterior is
Gaussian around trained weights, its deviation taken from a grid, its empirical risk estimated from
drawn networks. Each of the three is paid for, see ``confidence``. Any other network has
:mod:`modules`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int, Int64
from torch import Tensor
from tqdm import tqdm

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.certificates.confidence import Confidence, best_certificate
from runtheory.information.certificates.drawn_networks import (
    Drawn,
    blocks,
    mean_drawn_loss,
    progress,
    zero_one_loss,
)
from runtheory.information.certificates.linear_classifiers import Certificate
from runtheory.information.certificates.pac_bayes import gaussian_divergence
from runtheory.information.samples import sample
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_batches,
    draw_perceptrons,
    train,
)

CHUNK = 25  # networks at a time
NUMBERS = 2**22  # activations of a layer at a time, which sets how many examples are taken


@checked
def network_certificate(
    posterior: Perceptrons,
    inputs: Float[Tensor, "example input"],
    labels: Int[Tensor, "example"],
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

    Time is that of ``confidence.draws`` forward passes over all examples for each deviation of the
    grid: some 9 minutes of one core for a network 784-600-600-10, 10,000 examples and the default
    confidence. Memory does not grow with the examples. A bar shows on a terminal what is done.

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        If there is no example, inputs or weights are not finite, labels are no class labels of the
        examples, ``posterior`` or ``prior`` holds more than one network, or the two differ in
        shape.
    """
    _check_pair(posterior, prior)
    inputs, labels = _examples(posterior, inputs, labels)
    with progress(len(confidence.deviations) * confidence.draws) as bar:
        return best_certificate(
            lambda deviation: _risk(
                _Around(posterior, deviation, generator),
                (inputs, labels),
                counts=blocks(confidence.draws, CHUNK),
                bar=bar,
            ),
            lambda deviation: _weight_divergence(posterior, prior, deviation),
            samples=len(inputs),
            confidence=confidence,
        )


@checked
def stochastic_risk(
    mean: Perceptrons,
    inputs: Float[Tensor, "example input"],
    labels: Int[Tensor, "example"],
    *,
    deviation: float,
    draws: int,
    generator: torch.Generator,
    chunk: int = CHUNK,
) -> float:
    """Return the mean error over ``draws`` networks with N(mean, deviation^2 I) weights.

    ``chunk`` networks are drawn at a time, and evaluated on so many examples that what is held
    stays bounded.

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        If there is no example, inputs or weights are not finite, labels are no class labels of the
        examples, ``deviation`` is negative or not finite, or a count is below one.
    """
    inputs, labels = _examples(mean, inputs, labels)
    checks.at_least(1, draws=draws, chunk=chunk)
    checks.in_interval(0, math.inf, ends="[)", deviation=deviation)
    law = _Around(mean, deviation, generator)
    return _risk(law, (inputs, labels), counts=blocks(draws, chunk))


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


@checked
def split_certificate(
    inputs: Float[Tensor, "example input"],
    labels: Int[Tensor, "example"],
    plan: SplitPlan,
    *,
    generator: torch.Generator,
) -> SplitCertificate:
    """Train a prior on a random half, a posterior from it on the other, and certify on the other.

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        If there are fewer than two examples, inputs are not finite, or labels are no class labels
        of the examples.
    """
    inputs = sample(inputs, "inputs", least=2)
    count = len(inputs)
    labels = tensor_checks.class_labels(labels, classes=plan.classes, batch=count)
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


@dataclass(frozen=True)
class _Around:
    """The law N(mean, deviation^2 I) of a network's weights."""

    mean: Perceptrons
    deviation: float
    generator: torch.Generator

    def draw(self, count: int) -> Perceptrons:
        """Draw networks, on the generator's device."""

        def near(parameter: Tensor) -> Tensor:
            noise = torch.randn(
                (count, *parameter.shape[1:]),
                generator=self.generator,
                device=self.generator.device,
                dtype=parameter.dtype,
            )
            return noise.mul_(self.deviation).add_(parameter)

        return Perceptrons(tuple(map(near, self.mean.weights)), tuple(map(near, self.mean.biases)))


def _risk(
    law: _Around,
    examples: tuple[Tensor, Tensor],
    *,
    counts: list[int],
    bar: tqdm | None = None,
) -> float:
    inputs, labels = examples
    widest = max(inputs.shape[1], *(weight.shape[2] for weight in law.mean.weights))

    def draw(count: int) -> Drawn:
        nets = law.draw(count)
        return lambda part: nets.scores(inputs[part].expand(count, -1, -1))

    rows = max(1, NUMBERS // (counts[0] * widest))
    with torch.no_grad():
        return mean_drawn_loss(draw, labels, counts=counts, rows=rows, loss=zero_one_loss, bar=bar)


def _examples(net: Perceptrons, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as tensors, labels as int64, if they belong to the network and together."""
    points, (first, last) = sample(inputs, "inputs"), (net.weights[0], net.weights[-1])
    if points.shape[1] != first.shape[1]:
        raise ValueError(f"inputs must have {first.shape[1]} columns, got {points.shape[1]}")
    for parameter in net.parameters:
        tensor_checks.finite(weights=parameter)
    classes = last.shape[2]
    return points, tensor_checks.class_labels(labels, classes=classes, batch=len(points))


def _check_pair(posterior: Perceptrons, prior: Perceptrons) -> None:
    if posterior.replicates != 1 or prior.replicates != 1:
        raise ValueError(
            "posterior and prior must hold one network each, "
            f"got {posterior.replicates} and {prior.replicates}"
        )
    shapes = [[tuple(part.shape) for part in net.parameters] for net in (posterior, prior)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"posterior and prior must agree in shape, got {shapes[0]}, {shapes[1]}")
    for parameter in prior.parameters:
        tensor_checks.finite(prior=parameter)


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
