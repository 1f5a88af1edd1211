"""Example calls of :mod:`runtheory.runs`: cells of a recipe of this module, in a folder lent."""

from __future__ import annotations

import atexit
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from runtheory.recipes.recipe import Cell, Grid, recipe
from runtheory.runs.cells import Task, sealed
from runtheory.runs.runner import RunPlan
from tests.contract.calls.common import group_of_one

_lent = TemporaryDirectory()
atexit.register(_lent.cleanup)
FOLDER = Path(_lent.name)


@dataclass(frozen=True, kw_only=True)
class SquareCell(Cell):
    value: int = 2


SQUARES = Grid(SquareCell(), {"value": (1, 2)})


@recipe(full=SQUARES, tiny=SQUARES)
def squares(cell: SquareCell, device: str, checkpoint: Path | None) -> Iterable[dict]:
    """Square a number. Source, cost: none. Expected: its square."""
    return [{"square": cell.value**2}]


RESULT = {
    "cell": {"value": 2, "seed": 0},
    "rows": [{"value": 2, "seed": 0, "square": 4}],
    "seconds": 0.1,
    "date": "2026-01-01",
    "hardware": "none",
    "versions": {},
    "commit": "unknown",
}


def _task() -> Task:
    return Task(squares, SquareCell(), "cpu", 1, FOLDER)


def _one() -> dict:
    return {"task": _task()}


def _plan() -> RunPlan:
    return RunPlan(squares, "tiny", (0,))


def _executor(tasks):
    from runtheory.runs.pool import outcomes

    return outcomes(tasks, workers=1)


@cache
def _client() -> Any:
    """A client of a cluster that is a thread of this process."""
    from distributed import Client

    client = Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None)
    atexit.register(client.close)
    return client


def _swept() -> dict:
    return {"tasks": [_task()], "client": _client()}


def _ranked() -> dict:
    group_of_one()
    return {"tasks": [_task()]}


def _following() -> dict:
    group_of_one()
    return {}


CALLS: dict = {
    "runs.cells.adopt_checkpoint": lambda: {**_one(), "attempt": "one"},
    "runs.cells.cell_digest": lambda: {"recipe": squares, "cell": SquareCell()},
    "runs.cells.compute_result": lambda: {**_one(), "checkpoint": FOLDER / "none"},
    "runs.cells.joined_row": lambda: {"cell": {"value": 2}, "row": {"square": 4.0}},
    "runs.cells.opened": lambda: {"content": sealed(RESULT)},
    "runs.cells.remove_leftovers": _one,
    "runs.cells.run_cell": _one,
    "runs.cells.sealed": lambda: {"result": RESULT},
    "runs.cells.store_result": lambda: {**_one(), "result": RESULT},
    "runs.cells.stored_result": _one,
    "runs.pool.outcomes": lambda: {"tasks": [_task()], "workers": 1},
    "runs.pool.sigint_blocked": dict,
    "runs.provenance.commit": dict,
    "runs.provenance.commit_of": lambda: {"files": [Path(__file__)]},
    "runs.provenance.hardware": lambda: {"device": "cpu", "threads": 1},
    "runs.provenance.versions": lambda: {"module": __name__},
    "runs.ranked.by_torchrun": dict,
    "runs.ranked.follow": _following,
    "runs.ranked.outcomes": _ranked,
    "runs.ranked.started": lambda: {"device": "cpu"},
    "runs.runner.folder_lock": lambda: {"folder": FOLDER},
    "runs.runner.live": lambda: {
        "recipe": squares,
        "preset": "tiny",
        "seeds": (0,),
        "device": "cpu",
        "where": {"value": 2},
    },
    "runs.runner.resolve_device": lambda: {"name": "cpu"},
    "runs.runner.run": lambda: {"plan": _plan(), "root": FOLDER, "workers": 1},
    "runs.runner.run_all": lambda: {"plans": [_plan()], "root": FOLDER, "executor": _executor},
    "runs.runner.with_progress_bar": lambda: {
        "outcomes": iter([(_task(), None)]),
        "tasks": [_task()],
        "waiting": [_task()],
    },
    "runs.sweep.connected": lambda: {"file": FOLDER / "scheduler.json"},
    "runs.sweep.outcomes": _swept,
    "runs.sweep.started_here": lambda: {"workers": 1},
}
