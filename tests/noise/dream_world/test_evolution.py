"""Dreams and evolution: a dream replayed in a loop, what masks do to one, a task that is solved."""

from __future__ import annotations

import pytest
import torch

from runtheory.information.supersamples.perceptrons import Perceptrons
from runtheory.noise.dream_world import evolution, pole
from runtheory.noise.dream_world.evolution import Dream, Evolution
from runtheory.randomness import stream


def still(replicates: int) -> Perceptrons:
    """Models in which nothing ever changes."""
    shapes = (5, 2), (2, 4)
    return Perceptrons(
        tuple(torch.zeros(replicates, *shape) for shape in shapes),
        tuple(torch.zeros(replicates, 1, shape[1]) for shape in shapes),
    )


def dream(nets: Perceptrons, **given: float) -> Dream:
    count = nets.replicates
    names = ("rates", "noise", "penalty", "per_episode")
    return Dream(nets, *(torch.full((count,), given.get(name, 0.0)) for name in names))


def learnt(seeds: int) -> Perceptrons:
    seen = pole.draw_steps(seeds, steps=150, noise=0.0, generator=stream(0, "steps"))
    return pole.learn_models(seen, rate=0.0, hidden=12, passes=120, generator=stream(0, "models"))


def test_a_still_dream_pays_what_it_starts_with_and_takes_the_penalty() -> None:
    plan = {"episodes": 5, "steps": 3}
    gains = torch.tensor([[[0.0, 0.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0]]])
    free, punished = (
        evolution.dream_returns(
            dream(still(1), penalty=fee), gains, **plan, generator=stream(1, "dream")
        )[0]
        for fee in (0.0, 0.5)
    )
    assert float(free[0]) == pytest.approx(float(free[1]))  # a control changes nothing here
    assert float(punished[0]) == pytest.approx(float(free[0]))
    assert 0 < float(free[1] - punished[1]) < 0.5


def test_reality_in_a_loop() -> None:
    controllers = torch.tensor([[0.1, 0.3, 2.0, 0.5], [0.0, 0.0, 0.0, 0.0]])
    plan = {"episodes": 3, "steps": 4}
    found = evolution.real_returns(controllers, **plan, generator=stream(2, "reality"))
    uniform = torch.rand((1, 3, 4), generator=stream(2, "reality"))
    starts = (2 * uniform - 1)[0] * torch.tensor(evolution.STARTS)
    for row, gains in enumerate(controllers):
        total = 0.0
        for start in starts:
            state = start
            for _ in range(4):
                state = pole.real_step(state, (gains @ state).clamp(-1, 1))
                total += float(pole.reward(state))
        assert float(found[row]) == pytest.approx(total / 12, rel=1e-5)


def one_unit(rate: float, *, per_episode: float) -> Dream:
    """A dream in which one hidden unit, if kept, moves the position by a step of fixed size."""
    first, second = torch.zeros(400, 5, 1), torch.zeros(400, 1, 4)
    second[:, 0, 0] = 1 - rate  # so that a kept unit moves by one
    nets = Perceptrons((first, second), (torch.ones(400, 1, 1), torch.zeros(400, 1, 4)))
    return dream(nets, rates=rate, per_episode=per_episode)


def test_one_mask_serves_an_episode_or_a_step() -> None:
    rate, returns = 0.3, {}
    for per_episode in (0.0, 1.0):
        returns[per_episode] = evolution.dream_returns(
            one_unit(rate, per_episode=per_episode), torch.zeros(400, 1, 4),
            episodes=1, steps=3, generator=stream(3, "dream"),
        )[:, 0]  # fmt: skip
    stayed = [float((found > 0.5).double().mean()) for found in returns.values()]
    assert stayed[0] == pytest.approx(rate**3 + 0.7 * rate**2, abs=0.07)  # at most the last step
    assert stayed[1] == pytest.approx(rate, abs=0.07)


def test_noise_blurs_a_dream_and_nothing_else_does() -> None:
    gains, plan = torch.zeros(2, 1, 4), {"episodes": 8, "steps": 5}
    calm, rough = (
        evolution.dream_returns(
            dream(still(2), noise=sd), gains, **plan, generator=stream(4, "dream")
        )
        for sd in (0.0, 0.5)
    )
    assert bool((rough < calm).all())


def test_evolution_holds_the_pole() -> None:
    nets = learnt(3)
    settings = Evolution(generations=12, members=12, episodes=4, steps=30)
    found = evolution.evolve(dream(nets), settings, generator=stream(5, "evolution"))
    plan = {"episodes": 16, "steps": 30}
    better, idle = (
        evolution.real_returns(gains, **plan, generator=stream(5, "reality")).mean()
        for gains in (found, torch.zeros(3, 4))
    )
    assert float(better) > float(idle) + 0.2
    again = evolution.evolve(dream(nets), settings, generator=stream(5, "evolution"))
    assert torch.equal(again, found)


def test_wrong_arguments_are_named() -> None:
    nets, two = still(1), torch.zeros(2)
    good = dream(nets)
    for call, text in [
        (lambda: Dream(nets, two, two, two, two), "rates"),
        (lambda: dream(nets, rates=1.0), "rates"),
        (lambda: dream(nets, noise=-1.0), "noise"),
        (lambda: dream(nets, penalty=-1.0), "penalty"),
        (lambda: dream(nets, per_episode=0.5), "per_episode"),
        (lambda: Evolution(members=3), "members"),
        (lambda: Evolution(generations=0), "generations"),
        (
            lambda: evolution.real_returns(
                torch.zeros(1, 4), episodes=0, steps=1, generator=stream(0, "x")
            ),
            "episodes",
        ),
        (
            lambda: evolution.dream_returns(
                good, torch.zeros(2, 1, 4), episodes=1, steps=1, generator=stream(0, "x")
            ),
            "controllers",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
