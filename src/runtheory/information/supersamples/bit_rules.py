"""Networks that learn a rule on bits whose labels are soft, so that both axes of a plane are exact.

All 2^b inputs can be listed, and the chance of the label 1 is known at each: what a layer holds of
input and label needs no estimate of the law. Many networks learn at once, each from its own sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as coin_loss

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Descent, Perceptrons

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class BitRule:
    """All rows of b signs, and the chance of the label 1 at each."""

    inputs: Float64[Tensor, "input bit"]
    chances: Float64[Tensor, "input"]


@dataclass(frozen=True)
class Samples:
    """Numbers of the inputs of a rule that each replicate has, and a label drawn for each."""

    rule: BitRule
    inputs: Int64[Tensor, "replicate sample"]
    labels: Int64[Tensor, "replicate sample"]

    def part(self, chosen: Any) -> Samples:
        """Return some of the examples, by an index of both axes."""
        return Samples(self.rule, self.inputs[chosen], self.labels[chosen])


@checked
def symmetric_rule(bits: int, *, steepness: float, middle: float) -> BitRule:
    """Return the rule of chance sigmoid(steepness (|sum of the signs| - middle)).

    Raises
    ------
    ValueError
        If ``bits`` is below 1, or a number is not finite.
    """
    checks.at_least(1, bits=bits)
    checks.in_interval(-1e6, 1e6, steepness=steepness, middle=middle)
    inputs = torch.tensor(list(product((-1.0, 1.0), repeat=bits)), dtype=torch.float64)
    return BitRule(inputs, torch.sigmoid(steepness * (inputs.sum(1).abs() - middle)))


@checked
def draw_bit_samples(
    rule: BitRule, count: int, *, replicates: int, generator: torch.Generator
) -> Samples:
    """Draw inputs with replacement and a label for each, on the device of the generator.

    Raises
    ------
    ValueError
        If a count is below 1.
    """
    checks.at_least(1, count=count, replicates=replicates)
    shape, device = (replicates, count), generator.device
    inputs = torch.randint(len(rule.inputs), shape, generator=generator, device=device)
    coins = torch.rand(shape, generator=generator, device=device, dtype=torch.float64)
    return Samples(rule, inputs, (coins < rule.chances[inputs]).long())


@checked
def layer_values(
    net: Perceptrons, inputs: Float[Tensor, "replicate sample bit"], activation: Activation
) -> list[Tensor]:
    """Return the values of every hidden layer and the logits, with this activation.

    Raises
    ------
    ValueError
        If there are not as many rows of inputs as networks, or they have another width.
    """
    asked = net.weights[0].shape[:2]
    if (inputs.shape[0], inputs.shape[2]) != asked:
        raise ValueError(f"inputs must fit {tuple(asked)}, got shape {tuple(inputs.shape)}")
    values = [inputs]
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        sums = torch.baddbmm(bias, values[-1], weight)
        values.append(activation(sums) if layer + 1 < len(net.weights) else sums)
    return values[1:]


@checked
def learn_rule(
    start: Perceptrons,
    samples: Samples,
    *,
    settings: Descent,
    batches: Int64[Tensor, "step replicate batch"] | None,
    activation: Activation,
    noise: float,
    generator: torch.Generator,
) -> Iterator[Perceptrons]:
    """Yield the networks before the first step and after each, trained on the log loss.

    ``batches`` are those of ``perceptrons.draw_batches``, None for whole samples. ``noise`` is the
    standard deviation of the factors, of mean one, by which the last hidden layer is multiplied in
    training; they are drawn from the generator.

    Raises
    ------
    ValueError
        If ``noise`` is negative, there are fewer batches than steps, or they number other examples.
    """
    checks.not_negative(noise=noise)
    if batches is not None:
        checks.at_least(settings.steps, batches=len(batches))
        checks.labels_below(batches, samples.labels.shape[1], name="batches")
    replicates = len(samples.inputs)
    speeds = [torch.zeros_like(one) for one in start.parameters]
    yield (net := start)
    for step in range(settings.steps):
        chosen = ... if batches is None else (torch.arange(replicates)[:, None], batches[step])
        width = (replicates, samples.labels[chosen].shape[1], net.weights[-1].shape[1])
        kick = torch.randn(width, generator=generator, dtype=net.weights[0].dtype)
        factors, part = 1 + noise * kick, samples.part(chosen)
        slopes = rule_gradients(net, part, activation=activation, factors=factors)
        speeds = [settings.momentum * v + g for v, g in zip(speeds, slopes, strict=True)]
        moved = [
            w - settings.learning_rate * v for w, v in zip(net.parameters, speeds, strict=True)
        ]
        layers = len(net.weights)
        yield (net := Perceptrons(tuple(moved[:layers]), tuple(moved[layers:])))


@checked
def rule_gradients(
    net: Perceptrons,
    samples: Samples,
    *,
    activation: Activation,
    factors: Float[Tensor, "replicate sample unit"] | None = None,
) -> tuple[Tensor, ...]:
    """Return the gradients of each replicate's mean log loss, the last hidden layer multiplied."""
    live = [one.detach().requires_grad_() for one in net.parameters]
    layers = len(net.weights)
    own = Perceptrons(tuple(live[:layers]), tuple(live[layers:]))
    inputs = samples.rule.inputs.to(live[0])[samples.inputs]
    last = layer_values(own, inputs, activation)[-2]
    multiplied = last if factors is None else last * factors
    logits = torch.baddbmm(own.biases[-1], multiplied, own.weights[-1])[..., 0]
    loss = coin_loss(logits, samples.labels.to(logits), reduction="sum")
    return torch.autograd.grad(loss / samples.labels.shape[1], live)


@checked
def signal_to_noise(
    net: Perceptrons,
    samples: Samples,
    *,
    activation: Activation,
    parts: int,
) -> Float[Tensor, "layer replicate"]:
    """Return |mean gradient| over its deviation between disjoint parts, for the weights of a layer.

    The deviation is the root of the summed variances of the entries, with the divisor
    ``parts`` - 1.

    Raises
    ------
    ValueError
        If ``parts`` is below 2 or above the number of samples.
    """
    count = samples.labels.shape[1]
    checks.in_interval(2, count, parts=parts)
    size = count // parts
    pieces: Sequence[tuple[Tensor, ...]] = [
        rule_gradients(
            net, samples.part((slice(None), slice(low, low + size))), activation=activation
        )
        for low in range(0, parts * size, size)
    ]
    found = []
    for layer in range(len(net.weights)):
        stack = torch.stack([piece[layer].flatten(1) for piece in pieces])
        found.append(stack.mean(0).norm(dim=1) / stack.var(0).sum(1).sqrt())
    return torch.stack(found)
