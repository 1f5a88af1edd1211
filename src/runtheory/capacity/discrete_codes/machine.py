"""Machines of few states, as inputs for networks that must compute the state.

A state allows some of the symbols, each with a chance of its own; a symbol leads to a next state.
An *input* is a state with an allowed symbol, and is worth knowing only for the state that follows,
whose symbol is to be foretold. All laws are float64 and exact: nothing is sampled but the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked


@dataclass(frozen=True)
class Machines:
    """Some machines of one size: the inputs of each, the law of the inputs, and what follows.

    ``inputs`` spell the state before in two digits and the symbol, each digit as one of several
    places; ``states`` are the states that follow, ``targets`` the laws of the next symbol there.
    """

    inputs: Float[Tensor, "machine input feature"]
    law: Float64[Tensor, "machine input"]
    states: Int64[Tensor, "machine input"]
    targets: Float64[Tensor, "machine input symbol"]


@checked
def draw_machines(
    states: int, symbols: int, *, allowed: int, machines: int, generator: torch.Generator
) -> Machines:
    """Draw machines: which symbols a state allows, their chances, and where they lead.

    An allowed symbol has at least the chance 1 / (5 allowed). Next states are uniform, so that
    some may never be reached; inputs have their law in the long run of a machine that stays where
    it is in every second step, which takes nothing from it but periods.

    Raises
    ------
    ValueError
        If there are fewer than two states or symbols, no machine, or ``allowed`` is outside 1 to
        the number of symbols.
    """
    checks.at_least(2, states=states, symbols=symbols)
    checks.at_least(1, machines=machines)
    checks.in_interval(1, symbols, allowed=allowed)
    shape = (machines, states, symbols)
    device = generator.device
    order = torch.rand(shape, generator=generator, device=device, dtype=torch.float64).argsort(2)
    kept = order[..., :allowed].sort(2).values
    uniform = torch.rand(kept.shape, generator=generator, device=device, dtype=torch.float64)
    weights = -torch.log1p(-uniform)  # exponential, so that their shares are even
    chances = 0.8 * weights / weights.sum(2, keepdim=True) + 0.2 / allowed
    follow = torch.randint(states, shape, generator=generator, device=device)
    emitted = torch.zeros(shape, dtype=torch.float64, device=device)
    emitted = emitted.scatter(2, kept, chances)
    law = (long_run(follow, emitted)[..., None] * chances).flatten(1)
    after = follow.gather(2, kept).flatten(1)
    rows = torch.arange(machines, device=device)[:, None]
    before = torch.arange(states, device=device).repeat_interleave(allowed)
    spelt = _spelt(before.expand(machines, -1), kept.flatten(1), states, symbols)
    return Machines(spelt, law, after, emitted[rows, after])


@checked
def long_run(
    follow: Int64[Tensor, "machine state symbol"], emitted: Float64[Tensor, "machine state symbol"]
) -> Float64[Tensor, "machine state"]:
    """Return how often each state occurs in the long run, from an even start.

    Raises
    ------
    ValueError
        If a next state is no state.
    """
    machines, states, _ = follow.shape
    checks.labels_below(follow, states, name="follow")
    moves = torch.zeros(machines, states, states, dtype=torch.float64, device=follow.device)
    moves.scatter_add_(2, follow, emitted)
    lazy = (moves + torch.eye(states).to(moves)) / 2
    for _ in range(16):  # 2^16 steps
        lazy = lazy @ lazy
        lazy = lazy / lazy.sum(2, keepdim=True)
    return lazy.mean(1)


@checked
def draw_counts(
    machines: Machines, tokens: int, *, generator: torch.Generator
) -> Float64[Tensor, "machine input symbol"]:
    """Draw ``tokens`` inputs, each with its next symbol, and count; shares of all tokens.

    Raises
    ------
    ValueError
        If ``tokens`` is below one.
    """
    checks.at_least(1, tokens=tokens)
    joint = (machines.law[..., None] * machines.targets).flatten(1)
    drawn = torch.multinomial(joint, tokens, replacement=True, generator=generator)
    found = torch.zeros_like(joint).scatter_add(1, drawn, torch.ones_like(drawn).to(joint))
    return found.unflatten(1, machines.targets.shape[1:]) / tokens


def _spelt(before: Tensor, symbol: Tensor, states: int, symbols: int) -> Tensor:
    """The state before in two digits of the least base that is enough, then the symbol."""
    base = next(base for base in range(2, states + 1) if base * base >= states)
    hot = torch.nn.functional.one_hot
    digits = hot(before // base, base), hot(before % base, base), hot(symbol, symbols)
    return torch.cat(digits, 2).float()
