"""Example calls of :mod:`runtheory.training`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from runtheory.randomness import Streams
from runtheory.training import Examples, RunState, Settings, classification, nesterov
from runtheory.training.checkpoint import save
from runtheory.training.loop import no_measures
from runtheory.training.ranks import Ranks
from runtheory.training.run import Run
from runtheory.training.stored import read
from tests.contract.calls.common import floats, group_of_one, labels
from tests.contract.calls.runs import FOLDER

SETTINGS = Settings(steps=2, batch_size=2, learning_rate=0.1)


def _examples() -> Examples:
    return Examples(floats(4, 3), labels(4, 2))


def _optimiser() -> dict:
    net = nn.Linear(3, 2)
    return {"net": net, "optimiser": nesterov(net, SETTINGS)}


def _state() -> RunState:
    return RunState(**_optimiser(), streams=Streams(0))


def _run() -> Run:
    return Run(nn.Linear(3, 2), _examples(), classification, SETTINGS, Streams(0))


def _saved() -> Path:
    path = FOLDER / "kept.safetensors"
    save(path, _state(), {"seed": 0})
    return path


def _on_ranks() -> dict:
    group_of_one()
    return {"net": nn.Linear(3, 2), "objective": classification, "ranks": Ranks()}


CALLS: dict = {
    "training.examples.as_data": lambda: {"data": _examples()},
    "training.identity.described": lambda: {"value": classification, "depth": 3},
    "training.identity.name_of": lambda: {"what": classification},
    "training.loop.classification": lambda: {
        "net": nn.Linear(3, 2),
        "inputs": floats(4, 3),
        "labels": labels(4, 2),
        "streams": Streams(0),
    },
    "training.loop.no_measures": lambda: {"net": nn.Linear(3, 2)},
    "training.loop.train": lambda: {
        "net": nn.Linear(3, 2),
        "data": _examples(),
        "objective": classification,
        "settings": SETTINGS,
        "streams": Streams(0),
    },
    "training.optimisers.nesterov": lambda: {"net": nn.Linear(3, 2), "settings": SETTINGS},
    "training.optimisers.decay_groups": lambda: {"net": nn.Linear(3, 2), "weight_decay": 0.1},
    "training.optimisers.parameter_names": _optimiser,
    "training.optimisers.description": lambda: {"optimiser": _optimiser()["optimiser"]},
    "training.optimisers.with_first_rates": lambda: {**_optimiser(), "settings": SETTINGS},
    "training.checkpoint.save": lambda: {
        "path": FOLDER / "saved.safetensors",
        "state": _state(),
        "identity": {"seed": 0},
    },
    "training.checkpoint.restore": lambda: {
        "path": _saved(),
        "state": _state(),
        "identity": {"seed": 0},
    },
    "training.ranks.started_by_torchrun": lambda: {"device": "cpu"},
    "training.run.wrapped": lambda: {"by": lambda run: run},
    "training.stored.read": lambda: {"path": _saved(), "state": _state()},
    "training.stored.check_parts": lambda: {
        "path": _saved(),
        "stored": read(_saved(), _state()),
        "state": _state(),
    },
    "training.ranks.loss_on_ranks": _on_ranks,
    "training.ranks.on_ranks": lambda: {"run": _run(), "ranks": Ranks()},
    "training.run.check_run": lambda: {"run": _run()},
    "training.run.named": lambda: {
        "objective": classification,
        "evaluate": no_measures,
        "name": "plain",
    },
    "training.run.whole_identity": lambda: {"run": _run(), "state": _state()},
    "training.run.wrap": lambda: {"run": _run()},
    "training.schedules.warmup_cosine": lambda: {
        "step": 1,
        "steps": 4,
        "warmup": 0.5,
        "floor": 0.1,
    },
    "training.settings.steps_per_epoch": lambda: {"examples": 4, "batch_size": 2},
    "training.stored.digest": lambda: {
        "tensors": {"a": torch.ones(2)},
        "text": "text",
        "forms": True,
    },
    "training.stored.under": lambda: {"prefix": "a/", "values": {"a/b": 1}},
}
