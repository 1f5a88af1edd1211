"""Explorables for the tests: a parabola over two sliders, one of them smooth, and its picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from runtheory import explore
from runtheory.explore.grid import stored_grid

X = np.linspace(0, 2, 11)
CONTROLS: dict = {"height": explore.Smooth([0.0, 1.0, 2.0]), "kind": ("plain", "double")}
TITLE = "A parabola"


def parabola(height: float, kind: str) -> explore.Picture:
    factor = 2 if kind == "double" else 1
    y = factor * (height + X**2)
    axes = explore.Axis("x (m)", (0, 2)), explore.Axis("y (m)", (0, 12))
    marks = [explore.Line("curve", X, y), explore.Points("end", [2], y[-1:])]
    return explore.Picture([explore.Panel(*axes, marks)], {"end (m)": float(y[-1])})


def stored(**changes: Any) -> dict:
    return stored_grid(parabola, CONTROLS, title=TITLE, **{"start": (1, 0), **changes})


def every_kind() -> explore.Picture:
    upright = explore.Panel(
        explore.Axis("place", names=("a", "b")),
        explore.Axis("loss", (0.01, 10), log=True, ticks=(0.1, 1)),
        [
            explore.Step("steps", [0, 1], [0.1, 1.0]),
            explore.Line("line", [0, 1], [0.2, 2.0], style="dashed"),
            explore.Points("hollow", [0], [3.0], hollow=True),
            explore.Rule("aim", y=0.5, colour=explore.GREY),
        ],
        title="kinds",
    )
    matrix = [[1.0, -1.0], [0.25, np.nan]]
    cells = explore.Axis("row", (-0.5, 1.5), ticks=(0, 1)), explore.Axis("column", (-0.5, 1.5))
    heat = explore.Panel(*cells, [explore.Heat("cosine", matrix)])
    return explore.Picture([upright, heat], {"loss": 0.5})


def bars() -> explore.Picture:
    x, y = explore.Axis("share", (0, 1)), explore.Axis("", names=("data", "masks"))
    lying = explore.Panel(x, y, [explore.Bars("share", [0.4, 0.6], [0, 1], flat=True)])
    upright = explore.Panel(y, x, [explore.Bars("share", [0, 1], [0.4, 0.6])], equal=True)
    return explore.Picture([lying, upright], {"share": 0.4})
