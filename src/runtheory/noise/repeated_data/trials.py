"""Small networks that read the same tokens again and again, several ways of training side by side.

Replicate (a, s) trains way a on the tokens of source s. All ways of a source start from the same
network and see the same batches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from runtheory.noise.repeated_data.source import Rows, Tokens, context_codes, excess_loss
from runtheory.randomness import stream

Batches = Int64[Tensor, "step source batch"]  # numbers of tokens
LEARNING_RATE = 0.006  # constant: a rate that falls would hide a loss that turns up


@dataclass(frozen=True)
class Way:
    """How to train: rate of dropout on hidden units, weight decay, amount of label smoothing.

    Decay is decoupled: each step multiplies weights, not biases, by 1 - learning rate * decay.

    Raises
    ------
    ValueError
        If ``dropout`` lies outside [0, 1), ``decay`` is negative or ``smoothing`` outside [0, 1].
    """

    dropout: float = 0.0
    decay: float = 0.0
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        checks.in_interval(0, 1, ends="[)", dropout=self.dropout)
        checks.not_negative(decay=self.decay)
        checks.in_interval(0, 1, smoothing=self.smoothing)


@checked
def repeated_batches(
    tokens: int, *, passes: int, batch: int, sources: int, generator: torch.Generator
) -> Batches:
    """Draw the batches of several passes over the same tokens, in a new order for each pass.

    Raises
    ------
    ValueError
        If a count is below one, or ``batch`` does not divide ``tokens``.
    """
    checks.at_least(1, tokens=tokens, passes=passes, batch=batch, sources=sources)
    if tokens % batch:
        raise ValueError(f"batch must divide tokens, got {batch} and {tokens}")
    keys = torch.rand((passes, sources, tokens), generator=generator, device=generator.device)
    return keys.argsort(2).unflatten(2, (-1, batch)).transpose(1, 2).flatten(0, 1)


@checked
def fresh_batches(tokens: int, *, batch: int, sources: int) -> Batches:
    """Return the batches of one pass over tokens, each token once, in the order of the path.

    Raises
    ------
    ValueError
        If a count is below one, or ``batch`` does not divide ``tokens``.
    """
    checks.at_least(1, tokens=tokens, batch=batch, sources=sources)
    if tokens % batch:
        raise ValueError(f"batch must divide tokens, got {batch} and {tokens}")
    return torch.arange(tokens).reshape(-1, 1, batch).expand(-1, sources, -1)


@checked
def trained(
    rows: Rows,
    tokens: Tokens,
    *,
    ways: Sequence[Way],
    batches: Batches,
    until: Sequence[int],
    hidden: Sequence[int] = (64, 64),
    seed: int = 0,
) -> Float[Tensor, "place way source"]:
    """Train by Adam, and return the loss above the entropy rate after each number of steps.

    On the CPU. The loss is the exact one of the source, in nats: all contexts are asked, weighted
    by how often they occur.

    Raises
    ------
    ValueError
        If there are no ways, ``until`` does not ascend from at least one to at most the number of
        batches, counts of sources differ, a batch asks for a token that is not there, a context or
        symbol is none of the rows', or as :func:`source.stationary`.
    """
    checks.at_least(1, ways=len(ways))
    _check_plan(rows, tokens, batches, until)
    sources, contexts, symbols = rows.shape
    codes = context_codes(symbols, round(math.log(contexts, symbols)))
    widths = (codes.shape[1], *hidden, symbols)
    start = draw_perceptrons(widths, replicates=sources, generator=stream(seed, "start"))
    net = _copied(start, len(ways))
    knobs = _Knobs.of(ways, sources)
    adam = torch.optim.Adam(net.parameters, lr=LEARNING_RATE)
    masks, found = stream(seed, "masks"), []
    places = torch.arange(sources)[:, None]
    for step, chosen in enumerate(batches[: until[-1]], start=1):
        read = codes[tokens.contexts[places, chosen]].repeat(len(ways), 1, 1)
        answers = tokens.following[places, chosen].repeat(len(ways), 1)
        _descend(net, adam, knobs, (read, answers), generator=masks)
        if step in until:
            with torch.no_grad():
                scores = net.scores(codes.expand(net.replicates, -1, -1)).double()
            found.append(excess_loss(rows, scores.softmax(2).unflatten(0, (len(ways), sources))))
    return torch.stack(found)


@dataclass(frozen=True)
class _Knobs:
    """The ways' numbers, one for each replicate, with two axes to broadcast over."""

    dropout: Tensor
    decay: Tensor
    smoothing: Tensor

    @classmethod
    def of(cls, ways: Sequence[Way], sources: int) -> _Knobs:
        columns = ([getattr(w, name) for w in ways] for name in ("dropout", "decay", "smoothing"))
        return cls(*(torch.tensor(c).repeat_interleave(sources)[:, None, None] for c in columns))


def _descend(
    net: Perceptrons,
    adam: torch.optim.Adam,
    knobs: _Knobs,
    examples: tuple[Tensor, Tensor],
    *,
    generator: torch.Generator,
) -> None:
    """Take one step, in place: losses of all replicates are added, which leaves each its own."""
    read, answers = examples
    logarithms = _dropped_scores(net, read, knobs.dropout, generator).log_softmax(2)
    hit = logarithms.gather(2, answers[..., None])
    smoothed = (1 - knobs.smoothing) * hit + knobs.smoothing * logarithms.mean(2, keepdim=True)
    adam.zero_grad()
    (-smoothed.sum() / answers.shape[1]).backward()
    with torch.no_grad():
        for weight in net.weights:
            weight *= 1 - LEARNING_RATE * knobs.decay
    adam.step()


def _dropped_scores(
    net: Perceptrons, inputs: Tensor, rate: Tensor, generator: torch.Generator
) -> Tensor:
    hidden, dropped = inputs, bool((rate > 0).any())
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        hidden = torch.baddbmm(bias, hidden, weight)
        if layer + 1 < len(net.weights):
            hidden = hidden.relu()
            if dropped:
                kept = torch.rand(hidden.shape, generator=generator) >= rate
                hidden = hidden * kept / (1 - rate)
    return hidden


def _copied(net: Perceptrons, ways: int) -> Perceptrons:
    parts = (
        [one.repeat(ways, 1, 1).requires_grad_() for one in p] for p in (net.weights, net.biases)
    )
    return Perceptrons(*(tuple(part) for part in parts))


def _check_plan(rows: Tensor, tokens: Tokens, batches: Tensor, until: Sequence[int]) -> None:
    shape = (len(rows), tokens.contexts.shape[1])
    if {tuple(part.shape) for part in tokens} != {shape}:
        got = " and ".join(str(tuple(part.shape)) for part in tokens)
        raise ValueError(f"tokens must have shape {shape} for these rows, got {got}")
    _check_tokens(tokens, batches, contexts=rows.shape[1], symbols=rows.shape[2])
    places = list(until)
    if not places or places != sorted(set(places)) or places[0] < 1 or places[-1] > len(batches):
        raise ValueError(f"until must ascend from 1 to at most {len(batches)}, got {places}")


def _check_tokens(tokens: Tokens, batches: Tensor, *, contexts: int, symbols: int) -> None:
    checks.at_least(1, batch=batches.shape[2])
    checks.labels_below(batches, tokens.contexts.shape[1], name="batches")
    checks.labels_below(tokens.contexts, contexts, name="contexts")
    checks.labels_below(tokens.following, symbols, name="following")
