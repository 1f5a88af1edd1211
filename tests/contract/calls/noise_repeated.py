"""Example calls of :mod:`runtheory.noise`: repeated data."""

from __future__ import annotations

import torch

from runtheory.noise.repeated_data import source, trials
from tests.contract.calls.common import generator

REPEATED = "noise.repeated_data"


def _rows() -> torch.Tensor:
    return source.draw_sources(2, 1, sources=2, floor=0.3, generator=generator())


def _tokens() -> source.Tokens:
    return source.draw_tokens(_rows(), 6, generator=generator())


def _counts() -> torch.Tensor:
    return torch.arange(1, 9).reshape(2, 2, 2)


def _row() -> dict:
    return {"row": torch.tensor([0.7, 0.3]).double(), "draws": 3}


CALLS: dict = {
    f"{REPEATED}.source.draw_sources": lambda: {
        "symbols": 2,
        "order": 1,
        "sources": 2,
        "floor": 0.3,
        "generator": generator(),
    },
    f"{REPEATED}.source.stationary": lambda: {"rows": _rows()},
    f"{REPEATED}.source.entropy_rate": lambda: {"rows": _rows()},
    f"{REPEATED}.source.block_entropy": lambda: {"rows": _rows(), "length": 3},
    f"{REPEATED}.source.excess_loss": lambda: {"rows": _rows(), "predicted": _rows()},
    f"{REPEATED}.source.check_distributions": lambda: {"values": _rows(), "name": "rows"},
    f"{REPEATED}.source.draw_tokens": lambda: {
        "rows": _rows(),
        "tokens": 6,
        "generator": generator(),
    },
    f"{REPEATED}.source.context_codes": lambda: {"symbols": 2, "order": 2},
    f"{REPEATED}.tables.transition_counts": lambda: {
        "tokens": _tokens(),
        "contexts": 2,
        "symbols": 2,
    },
    f"{REPEATED}.tables.table": lambda: {"counts": _counts(), "share": 0.2},
    f"{REPEATED}.tables.training_loss": lambda: {"counts": _counts(), "predicted": _rows()},
    f"{REPEATED}.tables.first_order_excess": lambda: {"symbols": 2, "order": 1, "tokens": 6},
    f"{REPEATED}.tables.row_distance": lambda: {**_row(), "share": 0.2},
    f"{REPEATED}.tables.best_share": _row,
    f"{REPEATED}.tables.row_excess": lambda: {**_row(), "share": 0.2},
    f"{REPEATED}.trials.repeated_batches": lambda: {
        "tokens": 6,
        "passes": 2,
        "batch": 3,
        "sources": 2,
        "generator": generator(),
    },
    f"{REPEATED}.trials.fresh_batches": lambda: {"tokens": 6, "batch": 3, "sources": 2},
    f"{REPEATED}.trials.trained": lambda: {
        "rows": _rows(),
        "tokens": _tokens(),
        "ways": (trials.Way(),),
        "batches": trials.fresh_batches(6, batch=3, sources=2),
        "until": (2,),
        "hidden": (3,),
    },
}
