"""Example calls of :mod:`runtheory.capacity`: ordered dropout."""

from __future__ import annotations

import torch

from runtheory.capacity.ordered_dropout import linear, networks
from tests.contract.calls.common import doubles, examples, floats, generator

ORDERED = "capacity.ordered_dropout"


def _task() -> dict:
    return {"task": linear.LinearTask(doubles(3, 4), torch.eye(4, dtype=torch.float64))}


def _factors() -> linear.Factors:
    return linear.Factors(doubles(2, 3, 2), doubles(2, 4, 2, seed=1))


def _chances() -> torch.Tensor:
    return torch.tensor([0.5, 0.5], dtype=torch.float64)


def _net() -> networks.Factored:
    return networks.draw_factored((3, 4, 2), rank=2, replicates=2, generator=generator())


def _training() -> dict:
    known = examples()
    task = networks.Task(known, known, torch.arange(6).expand(2, 2, 6))
    return {"start": _net(), "task": task, "lengths": torch.tensor([1, 2])}


CALLS: dict = {
    f"{ORDERED}.linear.draw_factors": lambda: {
        **_task(),
        "rank": 2,
        "scale": 0.1,
        "replicates": 2,
        "generator": generator(),
    },
    f"{ORDERED}.linear.prefix_errors": lambda: {"factors": _factors(), **_task()},
    f"{ORDERED}.linear.least_errors": lambda: {**_task(), "rank": 2},
    f"{ORDERED}.linear.ordered_factors": lambda: {
        "target": doubles(3, 4),
        "moments": torch.eye(4, dtype=torch.float64),
        "rank": 2,
    },
    f"{ORDERED}.linear.joint_chances": lambda: {"chances": _chances()},
    f"{ORDERED}.linear.mean_error": lambda: {
        "factors": _factors(),
        **_task(),
        "chances": _chances(),
    },
    f"{ORDERED}.linear.minimised": lambda: {
        "start": _factors(),
        **_task(),
        "chances": _chances(),
        "rounds": 2,
    },
    f"{ORDERED}.linear.descended": lambda: {
        "start": _factors(),
        **_task(),
        "masks": torch.ones(3, 2, 2, dtype=torch.bool),
        "rate": 0.01,
    },
    f"{ORDERED}.linear.rotated_cut_error": lambda: {"values": doubles(3).abs(), "kept": 1},
    f"{ORDERED}.maps.draw_map": lambda: {
        "values": doubles(2).abs(),
        "outputs": 3,
        "inputs": 4,
        "generator": generator(),
    },
    f"{ORDERED}.maps.observed_task": lambda: {
        "target": doubles(3, 4),
        "examples": 6,
        "noise": 0.5,
        "generator": generator(),
    },
    f"{ORDERED}.tails.tail_norms": lambda: {"matrix": doubles(3, 2)},
    f"{ORDERED}.tails.shrunk_tails": lambda: {
        "matrix": doubles(2, 3, 2),
        "amounts": torch.tensor([0.1, 0.2], dtype=torch.float64),
    },
    f"{ORDERED}.tails.kept_size": lambda: {"value": 2.0, "strength": 0.5, "weight": 1.0},
    f"{ORDERED}.tails.penalised": lambda: {
        "start": _factors(),
        **_task(),
        "chances": _chances(),
        "strengths": torch.tensor([0.1, 0.2], dtype=torch.float64),
        "rate": 0.01,
        "steps": 2,
    },
    f"{ORDERED}.tails.columns_left": lambda: {"factors": _factors()},
    f"{ORDERED}.networks.draw_factored": lambda: {
        "widths": (3, 4, 2),
        "rank": 2,
        "replicates": 2,
        "generator": generator(),
    },
    f"{ORDERED}.networks.accuracy": lambda: {
        "net": _net().cut(2),
        "inputs": examples()[0],
        "labels": examples()[1],
    },
    f"{ORDERED}.networks.resolved": lambda: {"net": _net(), "moments": floats(2, 3, 3)},
    f"{ORDERED}.networks.trained": lambda: {**_training(), "rate": 0.1},
    f"{ORDERED}.networks.tuned": lambda: {**_training(), "rates": (0.1, 0.2)},
}
