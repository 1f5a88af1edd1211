"""Example calls of :mod:`runtheory.noise`: random experts."""

from __future__ import annotations

import torch

from runtheory.noise.random_experts import mixture, trials
from tests.contract.calls.common import examples, floats, generator

EXPERTS = "noise.random_experts"


def _mixture() -> mixture.Experts:
    return mixture.draw_experts(
        3, experts=4, width=2, classes=2, replicates=2, generator=generator()
    )


def _routed() -> dict:
    start, known = _mixture(), examples()
    task = trials.Task(known, known, torch.arange(6).expand(2, 2, 6))
    return {"start": start, "task": task, "schedule": [2, 3]}


CALLS: dict = {
    f"{EXPERTS}.subsets.disagreement": lambda: {"outputs": floats(4, 3)},
    f"{EXPERTS}.subsets.subset_variance": lambda: {"outputs": floats(4, 3), "used": 3},
    f"{EXPERTS}.subsets.replacement_variance": lambda: {"outputs": floats(4, 3), "used": 3},
    f"{EXPERTS}.subsets.kept_variance": lambda: {"outputs": floats(4, 3), "used": 3},
    f"{EXPERTS}.subsets.subset_means": lambda: {"outputs": floats(4, 3), "used": 3},
    f"{EXPERTS}.mixture.draw_router": lambda: {
        "features": 3,
        "experts": 4,
        "replicates": 2,
        "generator": generator(),
    },
    f"{EXPERTS}.mixture.draw_experts": lambda: {
        "features": 3,
        "experts": 4,
        "width": 2,
        "classes": 2,
        "replicates": 2,
        "generator": generator(),
    },
    f"{EXPERTS}.mixture.chosen": lambda: {
        "router": floats(2, 3, 4),
        "inputs": floats(2, 5, 3),
        "used": 3,
    },
    f"{EXPERTS}.mixture.expert_outputs": lambda: {"net": _mixture(), "inputs": floats(2, 5, 3)},
    f"{EXPERTS}.mixture.logits": lambda: {
        "net": _mixture(),
        "inputs": floats(2, 5, 3),
        "used": 3,
    },
    f"{EXPERTS}.trials.growing": lambda: {"first": 2, "last": 5, "steps": 6},
    f"{EXPERTS}.trials.accuracy": lambda: {
        "net": _mixture(),
        "inputs": examples()[0],
        "labels": examples()[1],
        "used": 3,
    },
    f"{EXPERTS}.trials.loads": lambda: {
        "router": floats(2, 3, 4),
        "inputs": floats(2, 5, 3),
        "used": 3,
    },
    f"{EXPERTS}.trials.trained": lambda: {**_routed(), "rate": 0.1},
    f"{EXPERTS}.trials.tuned": lambda: {**_routed(), "rates": (0.1, 0.2)},
}
