r"""Markov sources whose entropy rate is known, so that a loss can be read from its floor.

A source of order r over K symbols draws the next symbol from a row P_c that belongs to the last r
symbols, its context c. Contexts are numbered in base K, the oldest symbol first. All functions take
a stack of sources: rows (source, context, symbol). Losses are in nats.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

ROUNDING = 1e-5  # rows may come from float32
Rows = Float[Tensor, "source context symbol"]


class Tokens(NamedTuple):
    """What was drawn: each token's context, and the symbol that follows it."""

    contexts: Int64[Tensor, "source token"]
    following: Int64[Tensor, "source token"]


@checked
def draw_sources(
    symbols: int, order: int, *, sources: int, floor: float, generator: torch.Generator
) -> Rows:
    """Draw rows evenly from the simplex, each mixed with the uniform row: a share ``floor`` of it.

    So no probability lies below floor / symbols.

    Raises
    ------
    ValueError
        If there are fewer than two symbols, another count is below one, or ``floor`` lies outside
        (0, 1].
    """
    checks.at_least(2, symbols=symbols)
    checks.at_least(1, order=order, sources=sources)
    checks.in_interval(0, 1, ends="(]", floor=floor)
    shape = (sources, symbols**order, symbols)
    uniform = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
    weights = -torch.log1p(-uniform)  # exponential, so that the normalised row is even
    return (1 - floor) * weights / weights.sum(2, keepdim=True) + floor / symbols


@checked
def stationary(rows: Rows) -> Float[Tensor, "source context"]:
    """Return how often each context occurs in the long run.

    Raises
    ------
    ValueError
        If a row has an entry that is not positive or does not sum to one, or the number of contexts
        is no power of the number of symbols.
    """
    _check_rows(rows)
    sources, contexts, symbols = rows.shape
    before = torch.arange(contexts, device=rows.device)[:, None]
    after = (before * symbols + torch.arange(symbols, device=rows.device)) % contexts
    moves = torch.zeros(sources, contexts, contexts, device=rows.device, dtype=torch.float64)
    moves.scatter_add_(2, after.expand(sources, -1, -1), rows.double())
    system = moves.mT - torch.eye(contexts).to(moves)
    system[:, -1] = 1  # one balance follows from the others: the sum of all is put for it
    wanted = torch.zeros(sources, contexts).to(moves)
    wanted[:, -1] = 1
    return torch.linalg.solve(system, wanted)


@checked
def entropy_rate(rows: Rows) -> Float[Tensor, " source"]:
    """Return the least loss that any rule can have (thm-entropy-rate), in nats a token.

    Raises
    ------
    ValueError
        As :func:`stationary`.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.repeated_data.source import entropy_rate
    >>> rows = torch.tensor([[[0.8, 0.2], [0.6, 0.4]]]).double()
    >>> round(float(entropy_rate(rows)), 4)
    0.5436
    """
    often = stationary(rows)
    return -(often * torch.xlogy(rows, rows).sum(2)).sum(1)


@checked
def block_entropy(rows: Rows, length: int) -> Float[Tensor, " source"]:
    """Return the entropy of ``length`` successive symbols, by listing all blocks, in nats.

    Raises
    ------
    ValueError
        If ``length`` is below the order, or as :func:`stationary`.
    """
    chance = stationary(rows)  # of each context, a block of as many symbols as the order
    _, contexts, symbols = rows.shape
    order = round(math.log(contexts, symbols))
    checks.at_least(order, length=length)
    for _ in range(length - order):
        last = torch.arange(chance.shape[1], device=rows.device) % contexts
        chance = (chance[:, :, None] * rows[:, last]).flatten(1)
    return -torch.xlogy(chance, chance).sum(1)


@checked
def excess_loss(
    rows: Rows, predicted: Float[Tensor, "*stack source context symbol"]
) -> Float[Tensor, "*stack source"]:
    """Return how far the expected loss of predictions lies above the entropy rate.

    It is the mean divergence of the predicted rows from the true ones, infinite where a prediction
    is zero.

    Raises
    ------
    ValueError
        If a predicted row is negative or does not sum to one, or as :func:`stationary`.
    """
    often = stationary(rows)
    check_distributions(predicted, name="predicted")
    terms = torch.xlogy(rows, rows) - torch.xlogy(rows, predicted)
    return (often * terms.sum(-1)).sum(-1)


@checked
def draw_tokens(rows: Rows, tokens: int, *, generator: torch.Generator) -> Tokens:
    """Draw a path of each source, from a stationary start.

    Raises
    ------
    ValueError
        If ``tokens`` is below one, or as :func:`stationary`.
    """
    checks.at_least(1, tokens=tokens)
    sources, contexts, symbols = rows.shape
    drawn = torch.rand(
        (tokens + 1, sources, 1), generator=generator, device=generator.device, dtype=torch.float64
    )
    # The last bound is left out, so that rounding cannot draw a symbol too many.
    now = (drawn[0] >= stationary(rows).cumsum(1)[:, :-1]).sum(1)
    bounds = rows.double().cumsum(2)[:, :, :-1]
    places = torch.arange(sources, device=rows.device)
    path, following = [], []
    for uniform in drawn[1:]:
        symbol = (uniform >= bounds[places, now]).sum(1)
        path.append(now)
        following.append(symbol)
        now = (now * symbols + symbol) % contexts
    return Tokens(torch.stack(path, 1), torch.stack(following, 1))


@checked
def context_codes(symbols: int, order: int) -> Float[Tensor, "context code"]:
    """Return what a network reads of each context: its symbols, each as one of ``symbols`` places.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, symbols=symbols, order=order)
    contexts = torch.arange(symbols**order)
    digits = [contexts // symbols**place % symbols for place in reversed(range(order))]
    return torch.nn.functional.one_hot(torch.stack(digits, 1), symbols).flatten(1).float()


@checked
def check_distributions(values: Float[Tensor, "*stack symbol"], *, name: str) -> None:
    """Raise ``ValueError`` unless the last axis of ``values`` holds distributions."""
    checks.at_least(1, **{f"numbers in {name}": values.numel()})
    tensor_checks.finite(**{name: values})
    checks.not_negative(**{name: float(values.min())})
    if float((values.double().sum(-1) - 1).abs().max()) > ROUNDING:
        raise ValueError(f"{name} must sum to one along the last axis")


def _check_rows(rows: Tensor) -> None:
    _, contexts, symbols = rows.shape
    checks.at_least(2, symbols=symbols)
    power = symbols
    while power < contexts:
        power *= symbols
    if power != contexts:
        raise ValueError(
            f"rows must have a power of {symbols} symbols as contexts, got {contexts} contexts"
        )
    check_distributions(rows, name="rows")
    checks.positive(rows=float(rows.min()))
