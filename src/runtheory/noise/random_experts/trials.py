"""Ways of training experts tried against each other, each at its own best learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.noise.random_experts.mixture import Experts, Inputs, Labels, chosen, logits

MOMENTS = (0.9, 0.999)  # of Adam, as usual
FLOOR = 1e-8


@dataclass(frozen=True)
class Task:
    """Examples to learn from and to choose the learning rate by: inputs and labels, by replicate.

    ``batches`` (step, replicate, batch) names the examples of each step.
    """

    training: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    batches: Int64[Tensor, "step replicate batch"]


@dataclass(frozen=True)
class Tuned:
    """A trained layer, the learning rate that it was trained at and all rates' validation."""

    net: Experts
    rate: float
    validated: tuple[float, ...]


@checked
def growing(first: int, last: int, *, steps: int) -> list[int]:
    """Return how many experts to use at each step: from ``first`` to ``last`` in a line, rounded.

    Raises
    ------
    ValueError
        If ``first`` is below one or above ``last``, or there are fewer than two steps.

    Example
    -------
    >>> from runtheory.noise.random_experts.trials import growing
    >>> growing(2, 5, steps=6)
    [2, 3, 3, 4, 4, 5]
    """
    checks.at_least(2, steps=steps)
    checks.at_least(1, first=first)
    checks.at_least(first, last=last)
    # Whole numbers throughout: twice the place, plus a half, divided down.
    return [
        (2 * (first * (steps - 1) + (last - first) * step) + steps - 1) // (2 * (steps - 1))
        for step in range(steps)
    ]


@checked
def accuracy(
    net: Experts, inputs: Inputs, labels: Labels, *, used: int
) -> Float64[Tensor, " replicate"]:
    """Return the share of its examples that each replicate gets right with ``used`` experts.

    Raises
    ------
    ValueError
        As ``mixture.logits``, and if a label is no class.
    """
    if tensor_checks.readable(labels):
        checks.labels_below(labels, net.out_biases.shape[2])
    scores = logits(net, inputs, used=used)
    right = (scores.argmax(2) == labels) & scores.isfinite().all(2)
    return right.double().mean(1)


@checked
def loads(
    router: Float[Tensor, "replicate feature expert"], inputs: Inputs, *, used: int
) -> Float64[Tensor, "replicate expert"]:
    """Return the share of all choices that falls on each expert; the shares sum to one.

    Raises as ``mixture.chosen``, and ``ValueError`` without examples.
    """
    checks.at_least(1, examples=inputs.shape[1])
    return chosen(router, inputs, used=used).double().mean(1) / used


@checked
def trained(start: Experts, task: Task, *, schedule: Sequence[int], rate: float) -> Experts:
    """Return the layer after Adam's steps on the cross-entropy, ``schedule[t]`` experts at step t.

    ``start`` is not changed; nothing is drawn. Replicates do not see each other's gradients.

    Raises
    ------
    ValueError
        If ``schedule`` is empty or longer than the batches, ``rate`` is outside (0, 1], a
        label is no class, a batch names an example that is not there, or as ``mixture.logits``.
    """
    checks.at_least(1, steps=len(schedule))
    checks.in_interval(1, len(task.batches), steps=len(schedule))
    checks.in_interval(0, 1, ends="(]", rate=rate)
    inputs, labels = task.training
    if tensor_checks.readable(labels):
        checks.labels_below(labels, start.out_biases.shape[2])
        checks.labels_below(task.batches, labels.shape[1], name="batches")
    live = [part.detach().clone().requires_grad_() for part in start.trained]
    adam = torch.optim.Adam(live, lr=rate, betas=MOMENTS, eps=FLOOR)
    rows = torch.arange(len(inputs), device=inputs.device)[:, None]
    for used, batch in zip(schedule, task.batches, strict=False):
        adam.zero_grad()
        with torch.enable_grad():
            scores = logits(start.replaced(live), inputs[rows, batch], used=used)
            # The sum over replicates of mean losses: none sees another's gradient.
            loss = torch.nn.functional.cross_entropy(
                scores.flatten(0, 1), labels[rows, batch].flatten(), reduction="sum"
            )
            (loss / batch.shape[1]).backward()
        adam.step()
    return start.replaced([part.detach() for part in live])


@checked
def tuned(start: Experts, task: Task, *, schedule: Sequence[int], rates: Sequence[float]) -> Tuned:
    """Train at every learning rate and keep the one of the best mean validation accuracy.

    Validated with as many experts as the last step used. Raises as ``trained``, and ``ValueError``
    without rates.
    """
    checks.at_least(1, rates=len(rates))
    nets = [trained(start, task, schedule=schedule, rate=rate) for rate in rates]
    used = schedule[-1]
    validated = [float(accuracy(net, *task.validation, used=used).mean()) for net in nets]
    best = validated.index(max(validated))
    return Tuned(nets[best], rates[best], tuple(validated))
