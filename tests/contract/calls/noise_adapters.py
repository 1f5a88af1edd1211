"""Example calls of :mod:`runtheory.noise`: low-rank adaptation."""

from __future__ import annotations

import torch

from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.noise.low_rank_adaptation import adapters
from runtheory.noise.low_rank_adaptation import trials as adapting
from tests.contract.calls.common import examples, floats, generator

LOW_RANK = "noise.low_rank_adaptation"


def _adapter() -> dict:
    return {"inputs": floats(4, 3), "targets": floats(4, 2), "change": floats(3, 2), "rate": 0.3}


def _adapted() -> dict:
    inputs, given = examples()
    net = draw_perceptrons((3, 4, 2), replicates=2, generator=generator())
    start = adapters.draw_adapters(net, rank=2, generator=generator())
    return {"net": net, "adapters": start, "inputs": inputs, "labels": given}


def _learning() -> dict:
    given = _adapted()
    return {
        "net": given["net"],
        "start": given["adapters"],
        "examples": (given["inputs"], given["labels"]),
        "batches": torch.arange(6).expand(2, 2, 6),
        "learning_rates": torch.tensor([0.1, 0.2]),
        "steps": adapters.Steps(cap=4.0),
        "generator": generator(),
    }


CALLS: dict = {
    f"{LOW_RANK}.noise.masked_errors": lambda: {
        **_adapter(),
        "masks": torch.rand(5, 4, 3, generator=generator()) < 0.7,
    },
    f"{LOW_RANK}.noise.added_penalty": lambda: {
        "inputs": floats(4, 3),
        "change": floats(3, 2),
        "rate": 0.3,
    },
    f"{LOW_RANK}.noise.error_variance": _adapter,
    f"{LOW_RANK}.noise.steps_to_settle": lambda: {**_adapter(), "share": 0.1},
    f"{LOW_RANK}.saddle.product": lambda: {"times": [0.5, 1.0], "start": 0.1, "rate": 0.3},
    f"{LOW_RANK}.saddle.saddle_time": lambda: {"start": 0.1, "share": 0.4, "rate": 0.3},
    f"{LOW_RANK}.saddle.gain": lambda: {"norm": [0.0, 0.5], "cap": 4.0},
    f"{LOW_RANK}.saddle.adapted_product": lambda: {"times": [0.5, 1.0], "start": 0.1, "cap": 4.0},
    f"{LOW_RANK}.saddle.steps_needed": lambda: {
        "learning_rates": [0.3, 0.5],
        "start": 0.1,
        "cap": 4.0,
        "most": 50,
    },
    f"{LOW_RANK}.adapters.draw_adapters": lambda: {
        "net": _adapted()["net"],
        "rank": 2,
        "generator": generator(),
    },
    f"{LOW_RANK}.adapters.adapted_scores": lambda: {
        **{name: given for name, given in _adapted().items() if name != "labels"},
        "drop": 0.3,
        "generator": generator(),
    },
    f"{LOW_RANK}.adapters.unit_gain": lambda: {"weights": floats(2, 3, 4), "cap": 4.0},
    f"{LOW_RANK}.adapters.adapt": _learning,
    f"{LOW_RANK}.trials.accuracy": _adapted,
    f"{LOW_RANK}.trials.tried": lambda: {
        "task": adapting.Task(_adapted()["net"], *[examples()] * 3),
        "steps": adapters.Steps(),
        "rates": (0.1, 0.2),
        "until": (1, 2),
        "rank": 2,
        "batch_size": 3,
    },
}
