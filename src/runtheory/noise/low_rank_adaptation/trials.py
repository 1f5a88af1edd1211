"""Ways of training adapters tried against each other, each at its best learning rate.

Networks that know some classes learn others. All seeds and all learning rates are trained side by
side: replicate (r, s) is rate r of seed s, and every rate of a seed sees the same network, the same
start of the adapters and the same batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Descent, Perceptrons, draw_batches
from runtheory.noise.low_rank_adaptation.adapters import (
    Adapters,
    Inputs,
    Labels,
    Steps,
    adapt,
    adapted_scores,
    draw_adapters,
)
from runtheory.randomness import stream

Examples = tuple[Tensor, Tensor]  # inputs (seed, example, feature), labels (seed, example)


@dataclass(frozen=True)
class Task:
    """A trained network for each seed, and examples to learn from, to choose the rate by, to score.

    Each of the three holds inputs (seed, example, feature) and labels (seed, example).
    """

    net: Perceptrons
    training: Examples
    validation: Examples
    test: Examples


@dataclass(frozen=True)
class Tuned:
    """What one way did after some steps; accuracies are shares of the test examples.

    ``rate`` has the best mean validation accuracy over seeds, ``accuracy`` is each seed's at it,
    and ``levels`` are the mean test accuracies at all ``rates``.
    """

    rate: float
    accuracy: Float[Tensor, " seed"]
    rates: tuple[float, ...]
    at_rates: Float[Tensor, "rate seed"]

    @property
    def levels(self) -> Float[Tensor, " rate"]:
        return self.at_rates.mean(1)


@checked
def accuracy(
    net: Perceptrons, adapters: Adapters, inputs: Inputs, labels: Labels
) -> Float[Tensor, " replicate"]:
    """Return the share of its examples on which each adapted network's largest score is the label.

    A network whose scores are not finite has no right answer.

    Raises
    ------
    ValueError
        As ``adapted_scores``, and if inputs are not finite.
    """
    tensor_checks.finite(inputs=inputs)
    scores = adapted_scores(net, adapters, inputs)
    right = (scores.argmax(2) == labels) & scores.isfinite().all(2)
    return right.double().mean(1)


@checked
def tried(
    task: Task,
    *,
    steps: Steps,
    rates: Sequence[float],
    until: Sequence[int],
    rank: int,
    batch_size: int,
    seed: int = 0,
) -> tuple[Tuned, ...]:
    """Train at every rate, and report for each number of steps the rate of the best validation.

    Raises
    ------
    ValueError
        If there are no rates or one is not positive, ``until`` does not ascend from at least 1, or
        as ``draw_adapters`` and ``adapt``.
    """
    _check_plan(rates, until)
    seeds, levels = task.net.replicates, len(rates)
    start = draw_adapters(task.net, rank=rank, generator=stream(seed, "adapters"))
    plan = draw_batches(
        task.training[0].shape[1],
        Descent(steps=until[-1], batch_size=batch_size),
        replicates=seeds,
        generator=stream(seed, "batches"),
    )
    assert plan is not None
    wide = _repeated_net(task.net, levels)
    inputs, labels = _repeated(task.training, levels)
    walk = adapt(
        wide,
        Adapters(*(_repeated(group, levels) for group in (start.down, start.up))),
        (inputs, labels),
        batches=plan.repeat(1, levels, 1),
        learning_rates=torch.tensor(rates).repeat_interleave(seeds),
        steps=steps,
        generator=stream(seed, "masks"),
    )
    kept = [adapters for step, adapters in enumerate(walk, start=1) if step in until]
    return tuple(_tuned(wide, adapters, task, rates) for adapters in kept)


def _check_plan(rates: Sequence[float], until: Sequence[int]) -> None:
    if not rates:
        raise ValueError("rates must not be empty")
    checks.positive_finite(rates=list(rates))
    places = list(until)
    if not places or places != sorted(set(places)) or places[0] < 1:
        raise ValueError(f"until must ascend from at least 1, got {places}")


def _tuned(wide: Perceptrons, adapters: Adapters, task: Task, rates: Sequence[float]) -> Tuned:
    levels = len(rates)
    validated, tested = (
        accuracy(wide, adapters, *_repeated(part, levels)).reshape(levels, -1)
        for part in (task.validation, task.test)
    )
    best = int(validated.mean(1).argmax())
    return Tuned(rates[best], tested[best], tuple(rates), tested)


def _repeated(tensors: tuple[Tensor, ...], levels: int) -> tuple[Tensor, ...]:
    return tuple(one.repeat(levels, *[1] * (one.ndim - 1)) for one in tensors)


def _repeated_net(net: Perceptrons, levels: int) -> Perceptrons:
    return Perceptrons(_repeated(net.weights, levels), _repeated(net.biases, levels))
