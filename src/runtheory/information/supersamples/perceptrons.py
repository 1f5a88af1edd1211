"""Many small perceptrons trained at once, every replicate its own network.

The parameters of all replicates are stacked, so that one layer of all of them is one batched
matrix product. Replicates do not interact: trained one by one they end with the same weights, up
to the order of floating-point sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy

from runtheory import checks, tensor_checks
from runtheory.boundary import checked


@dataclass(frozen=True)
class Perceptrons:
    """Fully connected networks with rectified hidden layers, one per replicate.

    ``weights[l]`` has shape (replicate, inputs, outputs) and ``biases[l]`` (replicate, 1, outputs).
    """

    weights: tuple[Float[Tensor, "replicate _ _"], ...]
    biases: tuple[Float[Tensor, "replicate 1 _"], ...]

    @property
    def replicates(self) -> int:
        return self.weights[0].shape[0]

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        return (*self.weights, *self.biases)

    @property
    def dimension(self) -> int:
        """The number of weights and biases of one replicate."""
        return sum(parameter[0].numel() for parameter in self.parameters)

    def select(self, replicates: slice) -> Perceptrons:
        """Return some of the replicates."""
        return Perceptrons(
            tuple(weight[replicates] for weight in self.weights),
            tuple(bias[replicates] for bias in self.biases),
        )

    def scores(
        self, inputs: Float[Tensor, "replicate batch input"]
    ) -> Float[Tensor, "replicate batch class"]:
        """Return the scores of every replicate on its own batch.

        Raises
        ------
        ValueError
            If inputs do not fit the networks.
        """
        width = self.weights[0].shape[1]
        if inputs.shape[2] != width:
            raise ValueError(f"inputs must have {width} columns, got {inputs.shape[2]}")
        hidden = inputs
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if layer + 1 < len(self.weights):
                hidden = hidden.relu()
        return hidden


@dataclass(frozen=True)
class Descent:
    """Gradient descent with momentum: v <- momentum v + gradient, w <- w - learning_rate v.

    ``batch_size`` None takes the whole training set at every step.

    Raises
    ------
    ValueError
        If ``steps`` or ``batch_size`` is below one, ``learning_rate`` is not positive or
        ``momentum`` lies outside [0, 1).
    """

    steps: int = 300
    learning_rate: float = 0.1
    momentum: float = 0.9
    batch_size: int | None = None

    def __post_init__(self) -> None:
        checks.at_least(1, steps=self.steps)
        if self.batch_size is not None:
            checks.at_least(1, batch_size=self.batch_size)
        checks.positive(learning_rate=self.learning_rate)
        checks.in_interval(0, 1, ends="[)", momentum=self.momentum)


@checked
def draw_perceptrons(
    widths: Sequence[int],
    *,
    replicates: int,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
) -> Perceptrons:
    """Draw networks of the given widths, from inputs to classes, on the generator's device.

    Weights are normal with mean 0 and variance 2 / inputs, biases zero.

    Raises
    ------
    ValueError
        If there are fewer than two widths, or a width or ``replicates`` is below one.
    """
    if len(widths) < 2 or min(*widths, replicates) < 1:
        raise ValueError(
            "widths needs inputs and classes and all counts must be positive, "
            f"got {tuple(widths)} and {replicates} replicates"
        )
    weights, biases = [], []
    for inputs, outputs in pairwise(widths):
        shape = (replicates, inputs, outputs)
        # Drawn in float64 and rounded, so that both precisions start from the same networks.
        normal = torch.randn(
            shape, generator=generator, device=generator.device, dtype=torch.float64
        )
        weights.append((normal * math.sqrt(2 / inputs)).to(dtype))
        biases.append(torch.zeros(replicates, 1, outputs, device=generator.device, dtype=dtype))
    return Perceptrons(tuple(weights), tuple(biases))


@checked
def draw_batches(
    count: int, settings: Descent, *, replicates: int, generator: torch.Generator
) -> Int64[Tensor, "step replicate batch"] | None:
    """Draw the minibatches of every step, each a random subset; None for the whole set.

    Raises
    ------
    ValueError
        If ``settings.batch_size`` exceeds ``count``, or a count is below one.
    """
    checks.at_least(1, count=count, replicates=replicates)
    if settings.batch_size is None:
        return None
    if settings.batch_size > count:
        raise ValueError(f"batch_size must be at most {count}, got {settings.batch_size}")
    keys = torch.rand(
        (settings.steps, replicates, count), generator=generator, device=generator.device
    )
    return keys.argsort(-1)[:, :, : settings.batch_size]  # without replacement


@checked
def train(
    start: Perceptrons,
    inputs: Float[Tensor, "replicate sample input"],
    labels: Int64[Tensor, "replicate sample"],
    *,
    settings: Descent,
    batches: Int64[Tensor, "step replicate batch"] | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Perceptrons:
    """Return the networks after descent on the mean loss of each one's own samples.

    Nothing is drawn here and ``start`` is not changed. The losses of all replicates are added,
    which leaves each its own gradient. ``loss`` takes scores (replicate, batch, class) and labels
    (replicate, batch) and returns the loss of each example (replicate, batch): the cross-entropy
    if it is not given.

    Raises
    ------
    ValueError
        If ``batches`` is missing where ``settings`` asks for minibatches, or the other way round,
        inputs do not fit the networks or are not finite, or a label is none of their classes.
    """
    tensor_checks.finite(inputs=inputs)
    if tensor_checks.readable(labels):
        checks.labels_below(labels, start.weights[-1].shape[2])
    if (batches is None) is not (settings.batch_size is None):
        raise ValueError(
            f"batches must be given exactly where batch_size is, got batch_size "
            f"{settings.batch_size} and {'no ' if batches is None else ''}batches"
        )
    layers = len(start.weights)
    parameters = [parameter.detach().clone() for parameter in start.parameters]
    velocities = [torch.zeros_like(parameter) for parameter in parameters]
    rows = torch.arange(start.replicates, device=inputs.device)[
        :, None
    ]  # beside (replicate, batch)
    for step in range(settings.steps):
        chosen = (rows, batches[step]) if batches is not None else ...
        live = [parameter.requires_grad_() for parameter in parameters]
        net = Perceptrons(tuple(live[:layers]), tuple(live[layers:]))
        losses = (loss or _cross_entropies)(net.scores(inputs[chosen]), labels[chosen])
        gradients = torch.autograd.grad(losses.sum() / losses.shape[1], net.parameters)
        with torch.no_grad():
            torch._foreach_mul_(velocities, settings.momentum)
            torch._foreach_add_(velocities, gradients)
            torch._foreach_add_(parameters, velocities, alpha=-settings.learning_rate)
    parameters = [parameter.detach() for parameter in parameters]
    return Perceptrons(tuple(parameters[:layers]), tuple(parameters[layers:]))


def _cross_entropies(scores: Tensor, labels: Tensor) -> Tensor:
    flat = cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="none")
    return flat.view_as(labels)
