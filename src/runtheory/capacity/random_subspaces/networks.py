r"""Networks whose parameters move in a random subspace only: $\theta = \theta_0 + Pz$.

Replicates stand side by side, each with its own start, directions and examples. In every replicate
several *runs* share them: run m trains the first ``dimensions[m]`` coordinates, so that its
subspace holds those of lower dimension.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Perceptrons

Directions = Float[Tensor, "replicate parameter direction"]
Coordinates = Float[Tensor, "replicate direction run"]
Inputs = Float[Tensor, "replicate example input"]
Labels = Int64[Tensor, "replicate example"]


@dataclass(frozen=True)
class Adam:
    """Adam on the mean cross-entropy: learning rate, steps and, or None for all, the batch.

    Raises
    ------
    ValueError
        If a count is below one or ``rate`` outside (0, 1].
    """

    rate: float = 0.1
    steps: int = 150
    batch_size: int | None = None

    def __post_init__(self) -> None:
        checks.in_interval(0, 1, ends="(]", rate=self.rate)
        checks.at_least(1, steps=self.steps)
        if self.batch_size is not None:
            checks.at_least(1, batch_size=self.batch_size)


@checked
def moved(start: Perceptrons, directions: Directions, *, coordinates: Coordinates) -> Perceptrons:
    """Return the networks at theta_0 + P z, one for each replicate and run, runs varying fastest.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    _check_directions(start, directions)
    return _at(start, directions, coordinates)


@checked
def trained(
    start: Perceptrons,
    directions: Directions,
    *,
    examples: tuple[Tensor, Tensor],
    dimensions: Sequence[int],
    settings: Adam,
    batches: Int64[Tensor, "step batch"] | None = None,
) -> Coordinates:
    """Return the coordinates z of every run after Adam from z = 0; the others stay zero.

    ``examples`` are inputs and labels, by replicate; ``batches`` names the examples of each step,
    the same places in every replicate. Nothing is drawn.

    Raises
    ------
    ValueError
        If a dimension is not between 1 and the number of directions, ``batches`` is not given
        exactly where ``settings`` has a batch, or shapes, labels or places do not fit.
    """
    _check_directions(start, directions)
    count = directions.shape[2]
    checks.in_interval(1, count, dimensions=list(dimensions))
    _check_examples(start, examples, settings, batches)
    limits = torch.tensor(list(dimensions), device=directions.device)
    mask = (torch.arange(count, device=directions.device)[:, None] < limits).to(directions)

    def network(live: Sequence[Tensor]) -> Perceptrons:
        return _at(start, directions, live[0] * mask)

    zeros = directions.new_zeros((len(directions), count, len(limits)))
    (found,) = _descended([zeros], network, examples=examples, settings=settings, batches=batches)
    return found


@checked
def trained_fully(
    start: Perceptrons,
    *,
    examples: tuple[Tensor, Tensor],
    settings: Adam,
    batches: Int64[Tensor, "step batch"] | None = None,
) -> Perceptrons:
    """Return the networks after Adam on all parameters. Raises as ``trained``."""
    _check_examples(start, examples, settings, batches)
    layers = len(start.weights)

    def network(live: Sequence[Tensor]) -> Perceptrons:
        return Perceptrons(tuple(live[:layers]), tuple(live[layers:]))

    found = _descended(
        start.parameters, network, examples=examples, settings=settings, batches=batches
    )
    return network(found)


@checked
def accuracy(nets: Perceptrons, inputs: Inputs, labels: Labels) -> Float64[Tensor, "replicate run"]:
    """Return the share of its replicate's examples that each network gets right.

    ``nets`` are those of ``moved``, or one a replicate.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no example or a label is no class.
    """
    _check_fit(nets.weights[-1].shape[2], inputs, labels)
    runs = _runs(nets, len(inputs))
    scores = nets.scores(inputs.repeat_interleave(runs, 0))
    right = scores.argmax(2) == labels.repeat_interleave(runs, 0)
    return right.double().mean(1).view(len(inputs), runs)


@checked
def threshold_dimension(
    dimensions: Sequence[int], scores: Sequence[float], *, target: float
) -> float:
    """Return the dimension at which the scores reach ``target`` first, between those given.

    Between the last dimension below the target and the first that is not, scores are joined by a
    line over the logarithm of the dimension. The smallest dimension if its score is enough;
    infinity if none is.

    Raises
    ------
    ValueError
        If there are no dimensions, they do not rise from one or more, or there are not as many
        scores.

    Example
    -------
    >>> from runtheory.capacity.random_subspaces.networks import threshold_dimension
    >>> round(threshold_dimension([10, 40, 160], [0.2, 0.6, 1.0], target=0.8), 6)
    80.0
    """
    rising = all(one < two for one, two in pairwise(dimensions))
    if not dimensions or dimensions[0] < 1 or not rising or len(scores) != len(dimensions):
        raise ValueError(
            f"dimensions must rise from 1 or more, with a score each, got {list(dimensions)} "
            f"and {len(scores)} scores"
        )
    reached = next((i for i, score in enumerate(scores) if score >= target), None)
    if reached is None:
        return math.inf
    if reached == 0:
        return float(dimensions[0])
    low, high = scores[reached - 1], scores[reached]
    share = (target - low) / (high - low)
    logarithms = [math.log(dimensions[place]) for place in (reached - 1, reached)]
    return math.exp((1 - share) * logarithms[0] + share * logarithms[1])


def _descended(
    first: Sequence[Tensor],
    network: Callable[[Sequence[Tensor]], Perceptrons],
    *,
    examples: tuple[Tensor, Tensor],
    settings: Adam,
    batches: Tensor | None,
) -> list[Tensor]:
    live = [part.detach().clone().requires_grad_() for part in first]
    adam = torch.optim.Adam(live, lr=settings.rate)
    inputs, labels = examples
    for step in range(settings.steps):
        chosen = slice(None) if batches is None else batches[step]
        some, known = inputs[:, chosen], labels[:, chosen]
        adam.zero_grad()
        with torch.enable_grad():
            nets = network(live)
            runs = _runs(nets, len(inputs))
            scores = nets.scores(some.repeat_interleave(runs, 0))
            told = known.repeat_interleave(runs, 0)
            # A sum over networks of mean losses: none sees another's gradient. Classes along the
            # middle axis are several times as fast as along the last.
            loss = cross_entropy(scores.mT, told, reduction="sum")
            (loss / known.shape[1]).backward()
        adam.step()
    return [part.detach() for part in live]


def _at(start: Perceptrons, directions: Tensor, coordinates: Tensor) -> Perceptrons:
    origin = torch.cat([part.flatten(1) for part in start.parameters], dim=1)
    # Runs by rows: the thin factor to the left, which is two to three times as fast.
    flat = origin[:, None] + torch.bmm(coordinates.mT, directions.mT)
    sizes = [part[0].numel() for part in start.parameters]
    parts = [
        rows.reshape(-1, *part.shape[1:])
        for rows, part in zip(flat.split(sizes, dim=2), start.parameters, strict=True)
    ]
    layers = len(start.weights)
    return Perceptrons(tuple(parts[:layers]), tuple(parts[layers:]))


def _runs(nets: Perceptrons, replicates: int) -> int:
    if nets.replicates % replicates:
        raise ValueError(f"{nets.replicates} networks do not share {replicates} replicates evenly")
    return nets.replicates // replicates


def _check_directions(start: Perceptrons, directions: Tensor) -> None:
    asked = (start.replicates, start.dimension)
    if tuple(directions.shape[:2]) != asked:
        raise ValueError(f"directions must begin with {asked}, got {tuple(directions.shape)}")
    tensor_checks.finite(directions=directions)


def _check_fit(classes: int, inputs: Tensor, labels: Tensor) -> None:
    if inputs.shape[:2] != labels.shape:
        raise ValueError(f"labels must be {tuple(inputs.shape[:2])}, got {tuple(labels.shape)}")
    checks.at_least(1, examples=labels.shape[1])
    tensor_checks.finite(inputs=inputs)
    if tensor_checks.readable(labels):
        checks.labels_below(labels, classes)


def _check_examples(
    start: Perceptrons,
    examples: tuple[Tensor, Tensor],
    settings: Adam,
    batches: Tensor | None,
) -> None:
    inputs, labels = examples
    _check_fit(start.weights[-1].shape[2], inputs, labels)
    if len(inputs) != start.replicates:
        raise ValueError(f"inputs must be of {start.replicates} replicates, got {len(inputs)}")
    asked = None if settings.batch_size is None else (settings.steps, settings.batch_size)
    given = None if batches is None else tuple(batches.shape)
    if asked != given:
        raise ValueError(f"batches must have the shape {asked}, got {given}")
    if batches is not None and tensor_checks.readable(batches):
        checks.labels_below(batches, labels.shape[1], name="batches")
