"""Example calls of :mod:`runtheory.capacity`: relevant axes."""

from __future__ import annotations

import torch

from runtheory.capacity.relevant_axes import networks, trials
from tests.contract.calls.common import doubles, floats, generator, shares

AXES = "capacity.relevant_axes"
ARMS = [(2, 0.0), (2, 1.0)]
OPTIONS = trials.Options(hidden=4, noise=0.5, held_out=2)


def _net() -> networks.Autoencoder:
    return networks.draw_autoencoder(3, hidden=4, axes=[2, 2], generator=generator())


def _task() -> trials.Task:
    learnt = torch.tensor([True, False])
    return trials.Task(floats(2, 6, 3), floats(2, 5, 3), 0.5, torch.ones(2, 2), learnt)


def _linear() -> dict:
    root = doubles(3, 3)
    return {"covariance": root @ root.T, "prior": shares(2).double(), "noise": 0.5}


def _solved() -> dict:
    return {**_linear(), "decoder": doubles(3, 2)}


def _score(loss: float) -> trials.Score:
    row, blank = torch.full((2,), loss).double(), torch.zeros(2, 2).double()
    return trials.Score(row, blank, blank, chosen_by=row)


def _compared() -> dict:
    return {
        "examples": tuple(floats(2, 6, 3, seed=seed) for seed in range(3)),
        "arms": ARMS,
        "options": OPTIONS,
        "rates": (0.1,),
        "at": [1],
        "generator": generator(),
    }


CALLS: dict = {
    f"{AXES}.counting.axes_for_share": lambda: {"relevances": shares(2, 4)},
    f"{AXES}.counting.active_axes": lambda: {"divergences": shares(2, 4)},
    f"{AXES}.counting.gaussian_divergences": lambda: {
        "means": floats(2, 5, 3),
        "variances": shares(2, 5, 3),
        "prior": shares(2, 3),
    },
    f"{AXES}.linear.factor_data": lambda: {
        "variances": shares(2),
        "features": 3,
        "noise": 0.1,
        "shape": (2, 5),
        "generator": generator(),
    },
    f"{AXES}.linear.relevances": lambda: {"eigenvalues": shares(4), "axes": 3, "noise": 0.5},
    f"{AXES}.linear.best_bound": lambda: {"eigenvalues": shares(4), "axes": 3, "noise": 0.5},
    f"{AXES}.linear.best_decoder": _linear,
    f"{AXES}.linear.bound": _solved,
    f"{AXES}.linear.evidence": _solved,
    f"{AXES}.linear.encoder": _solved,
    f"{AXES}.linear.refreshed": _solved,
    f"{AXES}.linear.ascended": lambda: {
        "covariance": torch.eye(3).double(),
        "axes": 2,
        "noise": 0.5,
        "learnt": True,
        "generator": generator(),
    },
    f"{AXES}.networks.draw_autoencoder": lambda: {
        "features": 3,
        "hidden": 4,
        "axes": [2, 1],
        "generator": generator(),
    },
    f"{AXES}.networks.encoded": lambda: {"net": _net(), "inputs": floats(2, 5, 3)},
    f"{AXES}.networks.decoded": lambda: {"net": _net(), "codes": floats(2, 5, 2)},
    f"{AXES}.networks.negative_bound": lambda: {
        "net": _net(),
        "inputs": floats(2, 5, 3),
        "normal": floats(2, 5, 2),
        "prior": shares(2, 2),
        "noise": 0.5,
    },
    f"{AXES}.networks.scaled": lambda: {"net": _net(), "factors": shares(2, 2)},
    f"{AXES}.networks.sensitivities": lambda: {"net": _net(), "codes": floats(2, 5, 2)},
    f"{AXES}.trials.prepared": lambda: {
        "examples": floats(2, 6, 3),
        "arms": ARMS,
        "options": OPTIONS,
        "generator": generator(),
    },
    f"{AXES}.trials.trained": lambda: {
        "start": _net(),
        "task": _task(),
        "rate": 0.1,
        "at": [2],
        "generator": generator(),
    },
    f"{AXES}.trials.refreshed": lambda: {
        "net": _net(),
        "task": _task(),
        "prior": torch.ones(2, 2),
        "generator": generator(),
    },
    f"{AXES}.trials.score": lambda: {
        "snapshot": trials.Snapshot(_net(), torch.ones(2, 2)),
        "examples": floats(2, 5, 3),
        "noise": 0.5,
        "generator": generator(),
    },
    f"{AXES}.trials.compared": _compared,
    f"{AXES}.trials.best_setting": lambda: {
        "found": {((2, 0.0), 0.1, 5): _score(1.0), ((2, 1.0), 0.1, 5): _score(2.0)},
        "arms": ARMS,
        "step": 5,
    },
}
