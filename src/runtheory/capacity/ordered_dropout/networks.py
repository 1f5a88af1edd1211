"""Small networks whose first layer is a product of two factors, cut at every rank.

A network has one hidden layer: inputs, ``right`` to the columns, ``left`` to the hidden units,
which are rectified, then classes. All replicates are trained side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.ordered_dropout.linear import Factors, ordered_factors
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons

Inputs = Float[Tensor, "replicate example feature"]
Labels = Int64[Tensor, "replicate example"]


@dataclass(frozen=True)
class Factored:
    """Networks of one hidden layer whose first weights are the product of ``factors``.

    ``factors`` are a stack of maps from inputs to hidden units.
    """

    factors: Factors
    bias: Float[Tensor, "replicate 1 hidden"]
    out_weight: Float[Tensor, "replicate hidden class"]
    out_bias: Float[Tensor, "replicate 1 class"]

    @property
    def parts(self) -> tuple[Tensor, ...]:
        own = (self.bias, self.out_weight, self.out_bias)
        return (self.factors.left, self.factors.right, *own)

    def cut(self, kept: int) -> Perceptrons:
        """Return the networks with the first ``kept`` columns, multiplied out."""
        weight = self.factors.cut(kept).product.mT
        return Perceptrons((weight, self.out_weight), (self.bias, self.out_bias))


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
    """The networks at the learning rate of the best validation, which is given, and all rates'."""

    net: Factored
    rate: float
    validated: tuple[float, ...]


@checked
def draw_factored(
    widths: Sequence[int], *, rank: int, replicates: int, generator: torch.Generator
) -> Factored:
    """Draw networks of the widths (inputs, hidden units, classes), float32; biases are zero.

    The entries of V have variance 1 / inputs and those of U 2 / rank, so that a hidden unit has the
    variance of one behind a full matrix of variance 2 / inputs.

    Raises
    ------
    ValueError
        If there are not three widths, or a count is below one.
    """
    if len(widths) != 3:
        raise ValueError(f"widths must be inputs, hidden units and classes, got {tuple(widths)}")
    checks.at_least(1, rank=rank)
    net = draw_perceptrons(
        (widths[0], rank, *widths[1:]), replicates=replicates, generator=generator
    )
    right, left, out_weight = net.weights
    _, bias, out_bias = net.biases
    return Factored(Factors(left.mT, right / math.sqrt(2)), bias, out_weight, out_bias)


@checked
def accuracy(net: Perceptrons, inputs: Inputs, labels: Labels) -> Float64[Tensor, " replicate"]:
    """Return the share of its examples that each replicate gets right.

    A row of scores that are not finite is no right answer.

    Raises
    ------
    ValueError
        If there are no examples, inputs do not fit the networks or are not finite, or a label is
        no class.
    """
    checks.at_least(1, examples=inputs.shape[1])
    tensor_checks.finite(inputs=inputs)
    if tensor_checks.readable(labels):
        checks.labels_below(labels.flatten(), net.weights[-1].shape[2])
    scores = net.scores(inputs)
    right = (scores.argmax(2) == labels) & scores.isfinite().all(2)
    return right.double().mean(1)


@checked
def resolved(
    net: Factored, moments: Float[Tensor, "replicate feature feature"] | None = None
) -> Factored:
    """Return the same networks with their first weights taken apart anew, the best columns first.

    Without ``moments`` by the singular value decomposition of the weights; with the second moments
    of the inputs, so that each cut errs least before the hidden units (``linear.ordered_factors``).

    Raises
    ------
    ValueError
        If the rank exceeds the hidden units, or a number is not finite.
    """
    weights = net.factors.product.double()
    if moments is None:
        moments = torch.eye(weights.shape[2], dtype=torch.float64, device=weights.device)
        moments = moments.expand(len(weights), -1, -1)
    anew = ordered_factors(weights, moments.double(), rank=net.factors.rank)
    kind = net.bias.dtype
    factors = Factors(anew.left.to(kind), anew.right.to(kind))
    return Factored(factors, net.bias, net.out_weight, net.out_bias)


@checked
def trained(
    start: Factored, task: Task, *, lengths: Int64[Tensor, " step"], rate: float
) -> Factored:
    """Return the networks after Adam's steps on the cross-entropy, one for each length.

    At step t all replicates keep their first ``lengths[t]`` columns; the optimiser sees a gradient
    of zero for the others. ``start`` is not changed, nothing is drawn.

    Raises
    ------
    ValueError
        If there are no lengths or more than batches, a length is outside 1 to the rank, ``rate`` is
        outside (0, 1], a label is no class, a batch names an example that is not there, or inputs
        are not finite.
    """
    checks.in_interval(1, len(task.batches), steps=len(lengths))
    checks.in_interval(0, 1, ends="(]", rate=rate)
    kept = lengths.tolist()
    checks.in_interval(1, start.factors.rank, lengths=kept)
    inputs, labels = task.training
    tensor_checks.finite(inputs=inputs)
    if tensor_checks.readable(labels):
        checks.labels_below(labels.flatten(), start.out_bias.shape[2])
        checks.labels_below(task.batches.flatten(), labels.shape[1], name="batches")
    live = [part.detach().clone().requires_grad_() for part in start.parts]
    adam = torch.optim.Adam(live, lr=rate)
    rows = torch.arange(len(inputs), device=inputs.device)[:, None]
    for length, batch in zip(kept, task.batches, strict=False):
        adam.zero_grad()
        with torch.enable_grad():
            scores = _placed(live).cut(length).scores(inputs[rows, batch])
            # The sum over replicates of mean losses: none sees another's gradient.
            loss = torch.nn.functional.cross_entropy(
                scores.flatten(0, 1), labels[rows, batch].flatten(), reduction="sum"
            )
            (loss / batch.shape[1]).backward()
        adam.step()
    return _placed([part.detach() for part in live])


@checked
def tuned(
    start: Factored, task: Task, *, lengths: Int64[Tensor, " step"], rates: Sequence[float]
) -> Tuned:
    """Train at every learning rate and keep the one of the best mean validation accuracy.

    The accuracy is that of all lengths that occur, averaged as often as they do. Raises as
    ``trained``, and ``ValueError`` without rates.
    """
    checks.at_least(1, rates=len(rates))
    nets = [trained(start, task, lengths=lengths, rate=rate) for rate in rates]
    occurring, counts = lengths.unique(return_counts=True)
    shares = counts.double() / len(lengths)
    validated = [
        sum(
            float(share * accuracy(net.cut(kept), *task.validation).mean())
            for kept, share in zip(occurring.tolist(), shares, strict=True)
        )
        for net in nets
    ]
    best = validated.index(max(validated))
    return Tuned(nets[best], rates[best], tuple(validated))


def _placed(parts: Sequence[Tensor]) -> Factored:
    left, right, *own = parts
    return Factored(Factors(left, right), *own)
