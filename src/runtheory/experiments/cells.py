"""One cell: run it, keep its result in a file of its own, find it again."""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from runtheory import durable
from runtheory.experiments import provenance
from runtheory.experiments.recipes import Cell, Recipe, digest
from runtheory.records import check_row

Result = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A cell with all that its numbers depend on, and the folder that keeps its files."""

    recipe: Recipe
    cell: Cell
    device: str
    threads: int
    folder: Path

    @property
    def path(self) -> Path:
        """The file of the finished cell; its checkpoint has the suffix ``.safetensors``."""
        kind = torch.device(self.device).type
        circumstances = (kind, f"{self.threads} threads", str(torch.__version__))
        return self.folder / f"{digest(self.recipe, self.cell, *circumstances)}.json"


def finished(task: Task) -> Result | None:
    """Return the result of a cell that has been run, or None.

    A damaged file is named in a ``RuntimeWarning`` and counts as not run.
    """
    if not task.path.exists():
        return None
    try:
        result: Result = json.loads(task.path.read_text(encoding="utf-8"))
        if result["cell"] != task.cell:
            raise ValueError("it holds another cell")
        return result
    except (ValueError, KeyError, TypeError) as error:
        message = f"the cell {task.path} is damaged ({error}); it is run again"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return None


def complete(task: Task) -> None:
    """Run a cell, going on from its checkpoint if there is one, and write its result at once."""
    checkpoint = task.path.with_suffix(".safetensors")
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    rows = task.recipe.run_cell(dict(task.cell), task.device, checkpoint)
    result = {
        "cell": task.cell,
        "rows": [_joined(task.cell, row) for row in rows],
        "seconds": time.perf_counter() - started,
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": provenance.hardware(task.device, task.threads),
        "versions": provenance.versions(),
        "commit": provenance.commit(),
    }
    durable.write(task.path, json.dumps(result, indent=1, allow_nan=False).encode())
    checkpoint.unlink(missing_ok=True)
    checkpoint.with_name(checkpoint.name + ".partial").unlink(missing_ok=True)


def _joined(cell: Cell, row: dict[str, Any]) -> Cell:
    contradicted = sorted(name for name in cell.keys() & row.keys() if cell[name] != row[name])
    if contradicted:
        raise ValueError(f"a row may not change what its cell says, got another {contradicted}")
    joined = {**cell, **row}
    check_row(joined)
    return joined
