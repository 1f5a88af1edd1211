"""Ways side by side: each as if alone, the best of some, refusals."""

from __future__ import annotations

import pytest
import torch

from runtheory.noise.dream_world import evolution, pole, trials
from runtheory.noise.dream_world.evolution import Evolution
from runtheory.noise.dream_world.trials import Tried, Way
from runtheory.randomness import stream

SETTINGS = Evolution(generations=2, members=4, episodes=2, steps=5)


def models(seeds: int = 2) -> dict:
    seen = pole.draw_steps(seeds, steps=20, noise=0.0, generator=stream(0, "steps"))
    return {
        rate: pole.learn_models(seen, rate=rate, hidden=3, passes=5, generator=stream(0, "models"))
        for rate in (0.0, 0.2)
    }


def test_a_way_has_its_own_networks_and_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[evolution.Dream] = []

    def idle(dream: evolution.Dream, *_: object, **__: object) -> torch.Tensor:
        seen.append(dream)
        return torch.zeros(4, 4)

    monkeypatch.setattr(trials, "evolve", idle)
    learnt = models()
    ways = [Way(noise=0.1), Way(learnt=0.2, rate=0.3, per_episode=True, penalty=0.4)]
    trials.tried(ways, learnt, SETTINGS)
    (dream,) = seen
    for layer in range(2):
        told = [learnt[0.0].weights[layer], learnt[0.2].weights[layer]]
        assert torch.equal(dream.nets.weights[layer], torch.cat(told))
        told = [learnt[0.0].biases[layer], learnt[0.2].biases[layer]]
        assert torch.equal(dream.nets.biases[layer], torch.cat(told))
    assert dream.rates.tolist() == pytest.approx([0, 0, 0.3, 0.3])
    assert dream.noise.tolist() == pytest.approx([0.1, 0.1, 0, 0])
    assert dream.penalty.tolist() == pytest.approx([0, 0, 0.4, 0.4])
    assert dream.per_episode.tolist() == [0, 0, 1, 1]


def test_returns_are_those_of_the_evolved_controllers_without_a_penalty() -> None:
    learnt = models()
    ways = [Way(), Way(penalty=0.5)]
    found = trials.tried(ways, learnt, SETTINGS, seed=3)
    dream = trials._stacked(ways, learnt, 2)
    gains = evolution.evolve(dream, SETTINGS, generator=stream(3, "evolution"))
    plan = {"episodes": trials.EPISODES, "steps": 5}
    real = evolution.real_returns(gains, **plan, generator=stream(3, "reality"))
    assert torch.equal(found.real, real.reshape(2, 2))
    free = trials._stacked([Way(), Way()], learnt, 2)
    slept = evolution.dream_returns(free, gains[:, None], **plan, generator=stream(3, "dream"))
    assert torch.equal(found.dream, slept[:, 0].reshape(2, 2))


def test_the_best_of_some_ways_on_some_seeds() -> None:
    real = torch.tensor([[9.0, 9.0, 9.0], [1.0, 5.0, 5.0], [2.0, 4.0, 4.0]])
    found = Tried(-real, real)
    assert found.best(slice(1, None), seeds=slice(1)) == 2
    assert found.best(slice(1, None), seeds=slice(1, None)) == 1
    with pytest.raises(ValueError, match="at least one"):
        found.best(slice(3, None), seeds=slice(1))


def test_wrong_arguments_are_named() -> None:
    learnt = models()
    with pytest.raises(ValueError, match=r"models at rates \[0.5\]"):
        trials.tried([Way(learnt=0.5)], learnt, SETTINGS)
    with pytest.raises(ValueError, match="empty"):
        trials.tried([], learnt, SETTINGS)
    with pytest.raises(ValueError, match="equal numbers"):
        trials.tried([Way()], {**learnt, 0.2: models(3)[0.2]}, SETTINGS)
