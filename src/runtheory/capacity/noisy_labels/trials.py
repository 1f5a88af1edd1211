"""Networks that learn from partly wrong labels, in several ways, with what they memorise.

Two networks belong to each deal of the examples: replicates 0 to S - 1 are the first of the S
deals, the rest the second. They matter to each other only where batches are selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.noisy_labels.flips import memorised
from runtheory.capacity.noisy_labels.ways import Way, length_chances
from runtheory.dropout.ordered import draw_lengths, prefix_masks
from runtheory.information.supersamples.perceptrons import Perceptrons
from runtheory.randomness import stream

Inputs = Float[Tensor, "replicate example feature"]
Labels = Int64[Tensor, "replicate example"]


@dataclass(frozen=True)
class Task:
    """Examples by deal: to learn from, to choose by (both with given labels), and to score by.

    ``truth`` are the true labels of those to learn from. ``batches`` (step, deal, batch) names the
    examples of each step.
    """

    training: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    truth: Int64[Tensor, "deal example"]
    batches: Int64[Tensor, "step deal batch"]


@dataclass(frozen=True)
class Trial:
    """What one way did at one learning rate, after some steps, with some features kept.

    ``validated`` is the mean agreement with the given labels of the validation examples;
    ``accuracy`` and ``memorised`` are shares of each deal, means over its two networks.
    """

    way: Way
    learning_rate: float
    steps: int
    kept: int
    validated: float
    accuracy: Float64[Tensor, " deal"]
    memorised: Float64[Tensor, " deal"]


@checked
def scores(
    net: Perceptrons, inputs: Inputs, *, mask: Tensor | None = None
) -> Float[Tensor, "replicate example class"]:
    """Return the scores, with the last hidden features multiplied by ``mask`` if there is one.

    Raises
    ------
    ValueError
        If there is no hidden layer or inputs do not fit the networks.
    """
    if len(inputs) != net.replicates:
        raise ValueError(f"inputs must be of {net.replicates} replicates, got {len(inputs)}")
    checks.at_least(2, layers=len(net.weights))
    last = len(net.weights) - 1
    hidden = Perceptrons(net.weights[:last], net.biases[:last]).scores(inputs).relu()
    features = hidden if mask is None else hidden * mask
    return torch.baddbmm(net.biases[last], features, net.weights[last])


@checked
def small_losses(
    scores: Float[Tensor, "replicate example class"], labels: Labels, *, kept: int
) -> Int64[Tensor, "replicate kept"]:
    """Return for each replicate the places of the ``kept`` examples of the least cross-entropy.

    Raises
    ------
    ValueError
        If ``kept`` lies outside 1 to the number of examples, a label is no class, or a score is
        not finite.
    """
    tensor_checks.finite(scores=scores)
    checks.in_interval(1, labels.shape[1], kept=kept)
    if tensor_checks.readable(labels):
        checks.labels_below(labels.flatten(), scores.shape[2])
    losses = torch.nn.functional.cross_entropy(scores.transpose(1, 2), labels, reduction="none")
    return losses.argsort(dim=1, stable=True)[:, :kept]


@checked
def trained(
    start: Perceptrons,
    task: Task,
    way: Way,
    *,
    learning_rate: float,
    until: Sequence[int],
    seed: int = 0,
) -> list[Perceptrons]:
    """Return the networks after each number of Adam's steps on the cross-entropy.

    ``start`` is not changed. Where batches are selected, each loss is that of the networks as they
    are used, with no feature dropped.

    Raises
    ------
    ValueError
        If ``learning_rate`` lies outside (0, 1], ``until`` does not ascend from 1 to at most
        the number of batches, ``start`` has not two networks for each deal, or as ``scores``.
    """
    checks.in_interval(0, 1, ends="(]", learning_rate=learning_rate)
    _check_plan(start, task, until)
    inputs, labels = (_doubled(part) for part in task.training)
    rows = torch.arange(len(inputs), device=inputs.device)[:, None]
    layers, generator = len(start.weights), stream(seed, "masks", device=inputs.device)
    live = [part.detach().clone().requires_grad_() for part in start.parameters]
    net = Perceptrons(tuple(live[:layers]), tuple(live[layers:]))
    adam, found = torch.optim.Adam(live, lr=learning_rate, fused=True), []
    for step, plan in enumerate(task.batches[: until[-1]], start=1):
        batch = plan.repeat(2, 1)
        kept = way.kept(step, batch.shape[1])
        if kept < batch.shape[1]:
            chosen = _selected(net, inputs[rows, batch], labels[rows, batch], way=way, kept=kept)
            batch = batch.gather(1, chosen)
        _descend(net, adam, (inputs[rows, batch], labels[rows, batch]), way, generator=generator)
        if step in until:
            found.append(_copied(net))
    return found


@checked
def answers(net: Perceptrons, inputs: Inputs, *, kept: int) -> Int64[Tensor, "network example"]:
    """Return what both networks of each deal answer to its examples, with ``kept`` features.

    Raises
    ------
    ValueError
        If ``kept`` lies outside 1 to the number of features, inputs are not finite, or as
        ``scores``.
    """
    tensor_checks.finite(inputs=inputs)
    features = net.weights[-1].shape[1]
    checks.in_interval(1, features, kept=kept)
    mask = prefix_masks(torch.tensor(kept), features).to(net.weights[-1])
    with torch.no_grad():
        return scores(net, _doubled(inputs), mask=mask).argmax(2)


@checked
def judged(
    net: Perceptrons, task: Task, way: Way, *, learning_rate: float, steps: int, kept: int
) -> Trial:
    """Return what networks do with the first ``kept`` features.

    Raises
    ------
    ValueError
        If no training label of a deal is wrong, or as ``answers``.
    """
    right = (answers(net, task.test[0], kept=kept) == _doubled(task.test[1])).double().mean(1)
    given, true = _doubled(task.training[1]), _doubled(task.truth)
    learnt = memorised(answers(net, task.training[0], kept=kept), given=given, true=true)
    pairs = (each.unflatten(0, (2, -1)).mean(0) for each in (right, learnt))
    return Trial(way, learning_rate, steps, kept, _validated(net, task, kept), *pairs)


@checked
def tried(
    start: Perceptrons,
    task: Task,
    ways: Sequence[Way],
    *,
    learning_rates: Sequence[float],
    until: Sequence[int],
    cuts: Sequence[int],
    seed: int = 0,
) -> list[Trial]:
    """Train in each way at each learning rate; of the cuts, keep the one that validates best.

    There is one trial for each way, rate and number of steps. Networks without ordered features
    keep all of them. Raises as ``trained`` and ``judged``, and ``ValueError`` without cuts.
    """
    checks.at_least(1, cuts=len(cuts))
    features, found = start.weights[-1].shape[1], []
    for way in ways:
        places = [features] if way.width is None else cuts
        for rate in learning_rates:
            nets = trained(start, task, way, learning_rate=rate, until=until, seed=seed)
            for steps, net in zip(until, nets, strict=True):
                agreeing = [_validated(net, task, kept) for kept in places]
                kept = places[agreeing.index(max(agreeing))]
                found.append(judged(net, task, way, learning_rate=rate, steps=steps, kept=kept))
    return found


@checked
def best(trials: Sequence[Trial]) -> Trial:
    """Return the trial that agrees most with the given validation labels, the first of equals.

    Raises
    ------
    ValueError
        If there are no trials.
    """
    checks.at_least(1, trials=len(trials))
    return max(trials, key=lambda trial: trial.validated)


def _validated(net: Perceptrons, task: Task, kept: int) -> float:
    inputs, labels = task.validation
    return float((answers(net, inputs, kept=kept) == _doubled(labels)).double().mean())


def _selected(
    net: Perceptrons, inputs: Tensor, labels: Tensor, *, way: Way, kept: int
) -> Int64[Tensor, "replicate kept"]:
    with torch.no_grad():
        chosen = small_losses(scores(net, inputs), labels, kept=kept)
    return chosen.roll(len(chosen) // 2, 0) if way.exchanged else chosen


def _descend(
    net: Perceptrons,
    adam: torch.optim.Adam,
    examples: tuple[Tensor, Tensor],
    way: Way,
    *,
    generator: torch.Generator,
) -> None:
    """Take one step, in place: losses of all replicates are added, which leaves each its own."""
    inputs, labels = examples
    shape = (*labels.shape, net.weights[-1].shape[1])
    mask = _mask(way, shape, like=net.weights[-1], generator=generator)
    adam.zero_grad()
    with torch.enable_grad():
        flat = scores(net, inputs, mask=mask).flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(flat, labels.flatten(), reduction="sum")
        (loss / labels.shape[1]).backward()
    adam.step()


def _mask(
    way: Way, shape: tuple[int, ...], *, like: Tensor, generator: torch.Generator
) -> Tensor | None:
    if way.width is not None:
        chances = length_chances(shape[-1], width=way.width)
        lengths = draw_lengths(shape[:-1], chances=chances, generator=generator)
        return prefix_masks(lengths, shape[-1]).to(like)
    if way.rate:
        kept: Bool[Tensor, ...] = (
            torch.rand(shape, generator=generator, device=like.device) >= way.rate
        )
        return kept.to(like) / (1 - way.rate)
    return None


def _doubled(part: Tensor) -> Tensor:
    return part.repeat(2, *[1] * (part.ndim - 1))


def _copied(net: Perceptrons) -> Perceptrons:
    weights, biases = (
        tuple(part.detach().clone() for part in group) for group in (net.weights, net.biases)
    )
    return Perceptrons(weights, biases)


def _check_plan(start: Perceptrons, task: Task, until: Sequence[int]) -> None:
    deals = len(task.training[0])
    if start.replicates != 2 * deals:
        raise ValueError(f"start must hold {2 * deals} networks, got {start.replicates}")
    places, steps = list(until), len(task.batches)
    if not places or places != sorted(set(places)) or places[0] < 1 or places[-1] > steps:
        raise ValueError(f"until must ascend from 1 to at most {steps}, got {places}")
    if tensor_checks.readable(task.batches):
        checks.labels_below(task.training[1].flatten(), start.weights[-1].shape[2])
        checks.labels_below(task.batches, task.training[1].shape[1], name="batches")
