"""Controllers evolved in dreams, and what they are worth in the dream and in the real world.

A controller is linear, u = g . s. Each replicate has its own network to dream with and evolves its
own controller by a strategy of antithetic steps: of the members tried, the best quarter's mean is
the next centre, and the spread shrinks. All members of a generation meet the same starts and masks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Perceptrons
from runtheory.noise.dream_world.pole import FAR, STATES, predicted_change, real_step, reward

Controllers = Float[Tensor, "replicate 4"]
Step = Callable[[Tensor, Tensor, int], Tensor]  # states, controls, the step's number
STARTS = (0.5, 0.2, 0.2, 0.2)  # half sides of the box of starts
REACH = (1.0, 1.0, 4.0, 1.0)  # how far a first controller may be, gain by gain


@dataclass(frozen=True)
class Dream:
    """How each replicate dreams.

    ``rates`` of dropout on states and hidden units; with ``per_episode`` one mask is kept for a
    whole episode, else a fresh one is drawn at each step. ``noise`` is the standard deviation of
    normal noise on every coordinate of the next state, ``penalty`` is taken off the reward for each
    unit of the squared control. All but the networks are numbers a replicate.

    Raises
    ------
    ValueError
        If the lengths differ, a rate lies outside [0, 1) or another number is negative or infinite.
    """

    nets: Perceptrons
    rates: Float[Tensor, " replicate"]
    noise: Float[Tensor, " replicate"]
    penalty: Float[Tensor, " replicate"]
    per_episode: Float[Tensor, " replicate"]  # one or zero

    def __post_init__(self) -> None:
        tensor_checks.equal_lengths(
            nets=self.nets.weights[0], rates=self.rates, noise=self.noise, penalty=self.penalty,
            per_episode=self.per_episode,
        )  # fmt: skip
        checks.in_interval(0, 1, ends="[)", rates=self.rates.tolist())
        for name in ("noise", "penalty"):
            checks.in_interval(0, float("inf"), ends="[)", **{name: getattr(self, name).tolist()})
        if not bool(((self.per_episode == 0) | (self.per_episode == 1)).all()):
            raise ValueError("per_episode must be zero or one for each replicate")


@dataclass(frozen=True)
class Evolution:
    """How controllers are evolved: generations of members, each tried in some episodes.

    Raises
    ------
    ValueError
        If a count is below one, or fewer than four members are tried.
    """

    generations: int = 30
    members: int = 16
    episodes: int = 4
    steps: int = 50

    def __post_init__(self) -> None:
        checks.at_least(1, generations=self.generations, episodes=self.episodes, steps=self.steps)
        checks.at_least(4, members=self.members)


@checked
def evolve(dream: Dream, settings: Evolution, *, generator: torch.Generator) -> Controllers:
    """Return the controllers that evolve in each replicate's dream, on the generator's device."""
    replicates, quarter = len(dream.rates), settings.members // 4
    device, half_shape = generator.device, (replicates, settings.members // 2, STATES)
    reach = torch.tensor(REACH, device=device)
    centre = torch.zeros((replicates, STATES), device=device)
    for generation in range(settings.generations):
        half = torch.randn(half_shape, generator=generator, device=device)
        spread = reach * 0.1 ** (generation / settings.generations)
        tried = centre[:, None] + spread * torch.cat([half, -half], 1)
        returns = dream_returns(
            dream, tried, episodes=settings.episodes, steps=settings.steps, generator=generator
        )
        best = returns.topk(quarter, dim=1).indices
        centre = tried.gather(1, best[..., None].expand(-1, -1, STATES)).mean(1)
    return centre


@checked
def dream_returns(
    dream: Dream,
    controllers: Float[Tensor, "replicate member 4"],
    *,
    episodes: int,
    steps: int,
    generator: torch.Generator,
) -> Float[Tensor, "replicate member"]:
    """Return each member's mean reward a step in its replicate's dream, penalty taken off.

    Raises
    ------
    ValueError
        If a count is below one or the replicates do not fit.
    """
    checks.at_least(1, episodes=episodes, steps=steps)
    tensor_checks.equal_lengths(controllers=controllers, rates=dream.rates)
    tensor_checks.finite(controllers=controllers)
    replicates, members, _ = controllers.shape
    shape = (replicates, episodes)
    fixed = _drawn(dream, shape, generator)

    def step(states: Tensor, controls: Tensor, _: int) -> Tensor:
        fresh = _drawn(dream, shape, generator)
        kept = dream.per_episode[:, None, None] == 1
        on_states, on_hidden = (
            torch.where(kept, one, other) for one, other in zip(fixed, fresh, strict=True)
        )
        change = predicted_change(
            dream.nets, states, controls, on_states=on_states, on_hidden=on_hidden
        )
        blurred = torch.randn((*shape, STATES), generator=generator, device=generator.device)
        blurred = (dream.noise[:, None, None] * blurred)[:, None]
        after = (states + change).unflatten(1, (members, episodes)) + blurred
        return after.flatten(1, 2).clamp(-FAR, FAR)

    starts = _starts(shape, generator).repeat(1, members, 1)
    wide = controllers.repeat_interleave(episodes, 1)
    rewards = _rollout(step, wide, starts, steps=steps, penalty=dream.penalty[:, None])
    return rewards.unflatten(1, (members, episodes)).mean(2)


@checked
def real_returns(
    controllers: Controllers, *, episodes: int, steps: int, generator: torch.Generator
) -> Float[Tensor, " replicate"]:
    """Return each controller's mean reward a step in the real world, all from the same starts.

    Raises
    ------
    ValueError
        If a count is below one or a gain is not finite.
    """
    checks.at_least(1, episodes=episodes, steps=steps)
    tensor_checks.finite(controllers=controllers)
    starts = _starts((1, episodes), generator).repeat(len(controllers), 1, 1)
    wide = controllers[:, None].expand(-1, episodes, -1)

    def step(states: Tensor, controls: Tensor, _: int) -> Tensor:
        return real_step(states, controls)

    return _rollout(step, wide, starts, steps=steps, penalty=torch.zeros(())).mean(1)


def _rollout(
    step: Step, controllers: Tensor, states: Tensor, *, steps: int, penalty: Tensor
) -> Tensor:
    total = torch.zeros_like(states[..., 0])
    for number in range(steps):
        controls = (states * controllers).sum(-1).clamp(-1, 1)
        states = step(states, controls, number)
        total = total + reward(states) - penalty * controls.square()
    return total / steps


def _starts(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    uniform = torch.rand((*shape, STATES), generator=generator, device=generator.device)
    return (2 * uniform - 1) * torch.tensor(STARTS).to(generator.device)


def _drawn(dream: Dream, shape: tuple[int, int], generator: torch.Generator) -> list[Tensor]:
    """Draw factors of dropout on the states and on the hidden units."""
    hidden, rates = dream.nets.weights[0].shape[2], dream.rates[:, None, None]
    drawn = []
    for width in (STATES, hidden):
        uniform = torch.rand((*shape, width), generator=generator, device=generator.device)
        drawn.append((uniform >= rates) / (1 - rates))
    return drawn
