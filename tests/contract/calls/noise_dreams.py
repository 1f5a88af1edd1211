"""Example calls of :mod:`runtheory.noise.dream_world`."""

from __future__ import annotations

import torch

from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from runtheory.noise.dream_world import evolution, linear, pole, trials
from tests.contract.calls.common import doubles, floats, generator

DREAM = "noise.dream_world"


def _linear() -> dict:
    eye = torch.eye(2).double()
    system = linear.System(0.9 * eye, eye[:, :1], eye, eye[:1, :1])
    return {"system": system, "gains": doubles(3, 1, 2)}


def _models() -> Perceptrons:
    return draw_perceptrons((5, 3, 4), replicates=2, generator=generator())


def _dream() -> evolution.Dream:
    return evolution.Dream(_models(), *(torch.zeros(2) for _ in range(4)))


def _brief() -> evolution.Evolution:
    return evolution.Evolution(generations=1, members=4, episodes=1, steps=1)


CALLS: dict = {
    f"{DREAM}.linear.mask_variance": lambda: {"rate": 0.3},
    f"{DREAM}.linear.expected_cost": _linear,
    f"{DREAM}.linear.best_gains": lambda: {"system": _linear()["system"], "horizon": 2},
    f"{DREAM}.linear.worlds_cost": lambda: {**_linear(), "rate": 0.3},
    f"{DREAM}.linear.simulated_costs": lambda: {
        **_linear(),
        "start": doubles(2),
        "factors": doubles(4, 3, 2).abs(),
        "control_factors": doubles(4, 3, 1).abs(),
    },
    f"{DREAM}.pole.real_step": lambda: {"states": floats(3, 4), "controls": floats(3)},
    f"{DREAM}.pole.reward": lambda: {"states": floats(3, 4)},
    f"{DREAM}.pole.draw_steps": lambda: {
        "seeds": 2,
        "steps": 3,
        "noise": 0.1,
        "generator": generator(),
    },
    f"{DREAM}.pole.predicted_change": lambda: {
        "nets": _models(),
        "states": floats(2, 6, 4),
        "controls": floats(2, 6),
        "on_states": floats(2, 3, 4).abs(),
        "on_hidden": floats(2, 3, 3).abs(),
    },
    f"{DREAM}.pole.learn_models": lambda: {
        "seen": pole.draw_steps(2, steps=3, noise=0.1, generator=generator()),
        "rate": 0.3,
        "hidden": 3,
        "passes": 1,
        "generator": generator(),
    },
    f"{DREAM}.evolution.evolve": lambda: {
        "dream": _dream(),
        "settings": _brief(),
        "generator": generator(),
    },
    f"{DREAM}.evolution.dream_returns": lambda: {
        "dream": _dream(),
        "controllers": floats(2, 3, 4),
        "episodes": 2,
        "steps": 2,
        "generator": generator(),
    },
    f"{DREAM}.evolution.real_returns": lambda: {
        "controllers": floats(2, 4),
        "episodes": 2,
        "steps": 2,
        "generator": generator(),
    },
    f"{DREAM}.trials.tried": lambda: {
        "ways": [trials.Way()],
        "models": {0.0: _models()},
        "settings": _brief(),
    },
}
