"""Example calls of what judges claims, and of what writes and shows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from runtheory import explore
from runtheory.intervals import Paired
from runtheory.ledger import Claim
from runtheory.records import Record
from tests.contract.calls.common import array
from tests.contract.calls.runs import FOLDER
from tests.example_claims import RECORD

ROWS = [{"masks": 8, "seed": 3, "step": 20, "accuracy": 50.1}]


def _claim(kind: str) -> Claim:
    twin = "" if kind == "effect" else "The nearest slip."
    return Claim("masks/some", "Something is so.", "thm-some", kind, twin=twin)


def _record() -> Record:
    return RECORD


def _frame(value: int) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, value])
    return figure


def _curve(value: int) -> explore.Picture:
    axes = explore.Axis("x", (0, 1)), explore.Axis("y", (0, 2))
    marks = [explore.Line("line", [0, 1], [0, value])]
    return explore.Picture([explore.Panel(*axes, marks)], {"value": float(value)})


CALLS: dict = {
    "claims.bound": lambda: {
        "claim": _claim("bound"),
        "measured": 0.5,
        "at_most": 1.0,
        "tolerance": 0.1,
        "twin": 0.1,
    },
    "claims.effect": lambda: {
        "claim": _claim("effect"),
        "pair": Paired(np.array([1.0, 1.2, 1.1]), np.array([0.0, 0.1, 0.2])),
    },
    "claims.identity": lambda: {
        "claim": _claim("identity"),
        "measured": 1.0,
        "expected": 1.0,
        "tolerance": 1e-6,
        "twin": 2.0,
    },
    "claims.law": lambda: {
        "claim": _claim("law"),
        "measured": 0.51,
        "expected": 0.5,
        "standard_error": 0.01,
        "degrees": 100.0,
        "twin": 0.9,
    },
    "claims.live_slice": lambda: {
        "claim": _claim("live_slice"),
        "record": _record(),
        "rows": ROWS,
        "columns": ["accuracy"],
        "like": {"masks": 8},
        "unlike": {"masks": 1},
        "change": np.asarray,
    },
    "explore.figures.curves": lambda: {
        "compute": _curve,
        "controls": {"value": (1, 2)},
        "title": "A line",
        "start": (0,),
    },
    "explore.stills.frames": lambda: {
        "draw": _frame,
        "controls": {"value": (1, 2)},
        "alt": str,
        "start": (0,),
    },
    "intervals.real": lambda: {"values": array(3)},
    "interplay.pair_bound.pair_bound": lambda: {"counts": {"pairs": 9, "gained": 3, "lost": 1}},
    "records.of_rows": lambda: {"name": "paper/widths", "rows": [{"seed": 0, "loss": 0.5}]},
    "records.write": lambda: {"record": _record(), "root": FOLDER},
}
