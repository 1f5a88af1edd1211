"""Losses tried against each other on two normal classes or given images, each at its best rate.

Networks of all replicates are trained side by side (:mod:`runtheory.information.supersamples`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import softplus

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_batches,
    draw_perceptrons,
    train,
)
from runtheory.noise.random_losses.derivatives import margins
from runtheory.randomness import stream

MarginLoss = Callable[[Tensor], Tensor]  # of margins (replicate, batch), the loss of each


@dataclass(frozen=True)
class Task:
    """Examples to train on, to choose the rate by and to be scored by, for each replicate.

    Each of the three holds inputs (replicate, example, feature) and labels (replicate, example).
    """

    training: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Trial:
    """What a loss did at its best rate: shares in [0, 1] and nats, one for each replicate."""

    rate: float
    test_error: Float[Tensor, " replicate"]
    training_loss: Float[Tensor, " replicate"]
    nets: Perceptrons


@checked
def normal_classes(
    examples: int, *, replicates: int, features: int, shift: float, generator: torch.Generator
) -> tuple[Float[Tensor, "replicate example feature"], Int64[Tensor, "replicate example"]]:
    """Draw fair labels, and inputs N(+-shift e_1, I): class 1 has the plus.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, examples=examples, replicates=replicates, features=features)
    labels = torch.randint(2, (replicates, examples), generator=generator)
    inputs = torch.randn((replicates, examples, features), generator=generator)
    inputs[..., 0] += shift * (2 * labels - 1)
    return inputs, labels


@checked
def errors(
    nets: Perceptrons,
    inputs: Float[Tensor, "replicate example feature"],
    labels: Int64[Tensor, "replicate example"],
) -> Float[Tensor, " replicate"]:
    """Return the share of its examples that each network gets wrong.

    A tie is wrong, and so is every answer of a network that has diverged.

    Raises
    ------
    ValueError
        If inputs do not fit the networks or are not finite, or a label is neither 0 nor 1.
    """
    return (~(_margins(nets, inputs, labels) > 0)).float().mean(1)


@checked
def logistic_losses(
    nets: Perceptrons,
    inputs: Float[Tensor, "replicate example feature"],
    labels: Int64[Tensor, "replicate example"],
) -> Float[Tensor, " replicate"]:
    """Return each network's mean logistic loss on its examples, in nats.

    Raises
    ------
    ValueError
        As :func:`errors`.
    """
    return softplus(-_margins(nets, inputs, labels).double()).mean(1)


@checked
def tried(
    loss: MarginLoss,
    task: Task,
    *,
    rates: Sequence[float],
    settings: Descent,
    hidden: Sequence[int] = (64,),
    seed: int = 0,
) -> Trial:
    """Train with ``loss`` at each rate, and report the rate of the least mean validation error.

    Every loss starts from the same networks and sees the same batches, those of ``seed``.

    Raises
    ------
    ValueError
        If there are no rates, or as :func:`perceptrons.train`.
    """
    if not rates:
        raise ValueError("rates must not be empty")
    inputs, labels = task.training
    start = draw_perceptrons(
        (inputs.shape[2], *hidden, 2), replicates=len(inputs), generator=stream(seed, "start")
    )
    batches = draw_batches(
        inputs.shape[1], settings, replicates=len(inputs), generator=stream(seed, "batches")
    )
    found = []
    for rate in rates:
        nets = train(
            start,
            inputs,
            labels,
            settings=replace(settings, learning_rate=rate),
            batches=batches,
            loss=lambda scores, labels: loss(margins(scores, labels)),
        )
        found.append((float(errors(nets, *task.validation).mean()), rate, nets))
    _, rate, nets = min(found, key=lambda one: one[:2])
    return Trial(rate, errors(nets, *task.test), logistic_losses(nets, *task.training), nets)


@checked
def nearest_mean_errors(task: Task) -> Float[Tensor, " replicate"]:
    """Return the test errors of the rule that takes the nearer of the two class means."""
    inputs, labels = task.training
    signs = (2 * labels - 1).float()
    of_class = [(signs == sign).float()[..., None] for sign in (-1.0, 1.0)]
    low, high = ((inputs * chosen).sum(1) / chosen.sum(1) for chosen in of_class)
    weight, centre = high - low, (high + low) / 2
    tests, tested = task.test
    scores = ((tests - centre[:, None]) * weight[:, None]).sum(2)
    return ((scores * (2 * tested - 1)) <= 0).float().mean(1)


def _margins(nets: Perceptrons, inputs: Tensor, labels: Tensor) -> Tensor:
    tensor_checks.finite(inputs=inputs)
    return margins(nets.scores(inputs), labels)
