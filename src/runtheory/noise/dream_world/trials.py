"""Ways of dreaming tried against each other: the return in the dream beside that in reality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory.boundary import checked
from runtheory.information.supersamples.perceptrons import Perceptrons
from runtheory.noise.dream_world.evolution import (
    Dream,
    Evolution,
    dream_returns,
    evolve,
    real_returns,
)
from runtheory.randomness import stream

EPISODES = 64  # in which a finished controller is tried


@dataclass(frozen=True)
class Way:
    """One way to dream at one strength, with models that learnt under dropout at rate ``learnt``.

    The rest is as in :class:`evolution.Dream`.
    """

    learnt: float = 0.0
    rate: float = 0.0
    per_episode: bool = False
    noise: float = 0.0
    penalty: float = 0.0


@dataclass(frozen=True)
class Tried:
    """What controllers are worth, as mean rewards a step, each (way, seed); penalties left out."""

    dream: Float[Tensor, "way seed"]
    real: Float[Tensor, "way seed"]

    @checked
    def best(self, ways: slice, *, seeds: slice) -> int:
        """Return which of some ways has the best mean return in reality over some of the seeds.

        Raises
        ------
        ValueError
            If no way or no seed is chosen.
        """
        chosen = self.real[ways, seeds]
        if not chosen.numel():
            raise ValueError("ways and seeds must choose at least one of each")
        return range(len(self.real))[ways][int(chosen.mean(1).argmax())]


@checked
def tried(
    ways: Sequence[Way], models: Mapping[float, Perceptrons], settings: Evolution, *, seed: int = 0
) -> Tried:
    """Evolve a controller for each way and each replicate of the models, and try it in both worlds.

    ``models`` are by the rate under which they learnt, with the same number of replicates each.

    Raises
    ------
    ValueError
        If there are no ways, a model for one is missing, or the numbers of replicates differ.
    """
    missing = {way.learnt for way in ways} - set(models)
    if not ways or missing:
        raise ValueError(f"ways must not be empty, and need models at rates {sorted(missing)}")
    seeds = models[ways[0].learnt].replicates
    if {model.replicates for model in models.values()} != {seeds}:
        raise ValueError("models must have equal numbers of replicates")
    dream = _stacked(ways, models, seeds)
    found = evolve(dream, settings, generator=stream(seed, "evolution"))
    plan = {"episodes": EPISODES, "steps": settings.steps}
    unpunished = replace(dream, penalty=torch.zeros_like(dream.penalty))
    slept = dream_returns(unpunished, found[:, None], **plan, generator=stream(seed, "dream"))
    real = real_returns(found, **plan, generator=stream(seed, "reality"))
    return Tried(slept[:, 0].reshape(-1, seeds), real.reshape(-1, seeds))


def _stacked(ways: Sequence[Way], models: Mapping[float, Perceptrons], seeds: int) -> Dream:
    """Return all dreams side by side: replicate (way, seed)."""
    chosen = [models[way.learnt] for way in ways]
    nets = Perceptrons(
        tuple(torch.cat(parts) for parts in zip(*(net.weights for net in chosen), strict=True)),
        tuple(torch.cat(parts) for parts in zip(*(net.biases for net in chosen), strict=True)),
    )

    def each(name: str) -> Tensor:
        values = [float(getattr(way, name)) for way in ways]
        return torch.tensor(values).to(nets.weights[0]).repeat_interleave(seeds)

    return Dream(nets, each("rate"), each("noise"), each("penalty"), each("per_episode"))
