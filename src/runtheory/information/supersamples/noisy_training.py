"""Perceptrons trained by noisy gradient descent, and the bound that the noise pays for.

Every step takes the whole sample, and adds Gaussian noise to every weight,

    W_t = W_{t-1} - gamma (mean of the gradients g_i) + tau xi_t.

At each step the *dispersion* of the gradients is kept, V_t = sum_i |g_i - mean|^2 / (n - 1). The
theorem on noisy descent bounds the gap of a loss in [0, 1] by half the root of
(gamma / tau)^2 sum_t E V_t / (n (n - 1)); predicting each gradient by zero in place of the mean of
the others puts the mean square of the gradients in the place of V_t, as in :func:`norm_bound`.
A step of this kind is in [pensia2018generalization]; forecasting the gradient from other examples
in [negrea2019information]. The form is the chapter's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Perceptrons

MASKS = 10
StepReplicates = Float64[Tensor, "step replicate"]


@dataclass(frozen=True)
class NoisySteps:
    """T = ``steps`` full-batch steps with gamma = ``learning_rate`` and tau = ``noise``.

    Hidden features are dropped with chance ``rate``, what is kept is divided by 1 - rate, and the
    mask is fresh for every example and step.

    Raises
    ------
    ValueError
        If ``steps`` is below one, ``learning_rate`` is not positive, ``noise`` is negative or
        ``rate`` lies outside [0, 1).
    """

    steps: int
    learning_rate: float
    noise: float
    rate: float = 0.0

    def __post_init__(self) -> None:
        checks.at_least(1, steps=self.steps)
        checks.positive_finite(learning_rate=self.learning_rate)
        checks.in_interval(0, math.inf, ends="[)", noise=self.noise)
        checks.in_interval(0, 1, ends="[)", rate=self.rate)


@dataclass(frozen=True)
class NoisyRun:
    """The networks at the end, and at each step V_t and the mean square of the gradients."""

    net: Perceptrons
    dispersions: StepReplicates
    squares: StepReplicates


@dataclass(frozen=True)
class DrawnRun:
    """A run on samples of a finite population, with each network's shares of errors.

    ``train_errors`` are those on the sample, ``test_errors`` those on the population: its law is
    what the samples are drawn from, so that without dropout they are exact.
    """

    run: NoisyRun
    train_errors: Float64[Tensor, "replicate"]
    test_errors: Float64[Tensor, "replicate"]

    @property
    def gaps(self) -> Float64[Tensor, "replicate"]:
        return self.test_errors - self.train_errors


@checked
def train_on_draws(
    start: Perceptrons,
    inputs: Float[Tensor, "example input"],
    labels: Int64[Tensor, "example"],
    *,
    samples: int,
    settings: NoisySteps,
    draws: torch.Generator,
    noise: torch.Generator,
) -> DrawnRun:
    """Train each network on ``samples`` examples drawn with replacement from a population.

    Dropout stays on where errors are counted: they are means over ten masks of every example.
    ``draws`` chooses the samples and ``noise`` moves the weights; with equal generators runs of
    different settings are paired. Raises as :func:`train_noisily`, and ``ValueError`` for an empty
    population.
    """
    checks.at_least(1, examples=len(labels))
    checks.at_least(2, samples=samples)
    shape = (start.replicates, samples)
    chosen = torch.randint(len(labels), shape, generator=draws, device=draws.device)
    run = train_noisily(start, inputs[chosen], labels[chosen], settings=settings, generator=noise)
    shown = inputs.expand(start.replicates, -1, -1)
    passes = MASKS if settings.rate else 1
    wrong = torch.stack(
        [
            (_forward(run.net, shown, settings.rate, noise)[1].argmax(2) != labels).double()
            for _ in range(passes)
        ]
    ).mean(0)
    return DrawnRun(run, wrong.gather(1, chosen).mean(1), wrong.mean(1))


@checked
def train_noisily(
    start: Perceptrons,
    inputs: Float[Tensor, "replicate sample input"],
    labels: Int64[Tensor, "replicate sample"],
    *,
    settings: NoisySteps,
    generator: torch.Generator,
) -> NoisyRun:
    """Return networks after noisy descent on the mean cross-entropy of each one's own sample.

    The noise of a step is drawn whatever its size, so that runs with another ``noise`` and the
    same generator share their directions.

    Raises
    ------
    ValueError
        If a sample has fewer than two examples, inputs are not finite or do not fit the networks,
        or a label is none of their classes.
    """
    width, classes = start.weights[0].shape[1], start.weights[-1].shape[2]
    if inputs.shape[2] != width:
        raise ValueError(f"inputs must have {width} columns, got {inputs.shape[2]}")
    checks.at_least(2, samples=inputs.shape[1])
    tensor_checks.finite(inputs=inputs)
    if tensor_checks.readable(labels):
        checks.labels_below(labels, classes)
    net, rows = start, []
    for _ in range(settings.steps):
        shown, scores = _forward(net, inputs, settings.rate, generator)
        gradients, square = _gradients(shown, scores, labels)
        norm = sum(gradient.double().square().sum((1, 2)) for gradient in gradients)
        rows.append((square, square - norm))
        net = _stepped(net, gradients, settings, generator)
    squares, centred = (torch.stack(column) for column in zip(*rows, strict=True))
    count = inputs.shape[1]
    return NoisyRun(net, centred * count / (count - 1), squares)


@checked
def dispersion_information(run: NoisyRun, *, settings: NoisySteps, samples: int) -> float:
    """Return J, the theorem's bound on the mean of I(W; Z_i): twice the square of the bound.

    Raises as :func:`dispersion_bound`.
    """
    return 2 * dispersion_bound(run, settings=settings, samples=samples) ** 2


@checked
def dispersion_bound(run: NoisyRun, *, settings: NoisySteps, samples: int) -> float:
    """Return the bound on the gap of a loss in [0, 1], E V_t estimated by the replicates' mean.

    Half the root of (gamma / tau)^2 sum_t V_t / (n (n - 1)); infinite without noise. An estimate of
    a bound, and no certificate: E V_t is a mean over samples.

    Raises
    ------
    ValueError
        If ``samples`` is below two.
    """
    checks.at_least(2, samples=samples)
    return _half_root(run.dispersions, settings) / math.sqrt(samples * (samples - 1))


@checked
def norm_bound(run: NoisyRun, *, settings: NoisySteps, samples: int) -> float:
    """Return the same bound with every gradient predicted by zero, not by the mean of the others.

    Half the root of (gamma / tau)^2 sum_t E|g_i|^2, over n. Raises as :func:`dispersion_bound`.
    """
    checks.at_least(2, samples=samples)
    return _half_root(run.squares, settings) / samples


def _half_root(values: Tensor, settings: NoisySteps) -> float:
    if settings.noise == 0:
        return math.inf
    total = float(values.mean(1).sum())
    return settings.learning_rate / settings.noise * math.sqrt(total) / 2


def _stepped(
    net: Perceptrons,
    gradients: tuple[Tensor, ...],
    settings: NoisySteps,
    generator: torch.Generator,
) -> Perceptrons:
    moved = []
    for parameter, gradient in zip(net.parameters, gradients, strict=True):
        normal = torch.randn(parameter.shape, generator=generator, device=generator.device)
        noise = settings.noise * normal.to(parameter)
        moved.append(parameter - settings.learning_rate * gradient + noise)
    layers = len(net.weights)
    return Perceptrons(tuple(moved[:layers]), tuple(moved[layers:]))


Layer = tuple[Tensor, Tensor]  # what a layer is shown, and what it gives before it is rectified


def _forward(
    net: Perceptrons, inputs: Tensor, rate: float, generator: torch.Generator
) -> tuple[list[Layer], Tensor]:
    hidden, layers = inputs, []
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        given = torch.baddbmm(bias, hidden, weight).requires_grad_()
        layers.append((hidden, given))
        hidden = given
        if layer + 1 < len(net.weights):
            hidden = _dropped(given.relu(), rate, generator)
    return layers, hidden


def _dropped(features: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    if rate == 0:
        return features
    keys = torch.rand(features.shape, generator=generator, device=generator.device)
    return features * (keys.to(features.device) >= rate) / (1 - rate)


def _gradients(
    layers: list[Layer], scores: Tensor, labels: Tensor
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the mean gradients and, for each replicate, the mean |g_i|^2 of single examples.

    An example's gradient in a layer is the outer product of what the layer is shown and the
    gradient of the loss at what it gives, so that its square is a product of two squares.
    """
    loss = cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="sum")
    errors = torch.autograd.grad(loss, [given for _, given in layers])
    count = labels.shape[1]
    with torch.no_grad():
        pairs = [(shown, error) for (shown, _), error in zip(layers, errors, strict=True)]
        weights = tuple(shown.mT @ error / count for shown, error in pairs)
        biases = tuple(error.mean(1, keepdim=True) for error in errors)
        square = sum(
            (shown.double().square().sum(2) + 1) * error.double().square().sum(2)
            for shown, error in pairs
        )
    return (*weights, *biases), torch.as_tensor(square).mean(1)
