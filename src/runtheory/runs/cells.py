"""One cell: compute it, keep its result in a file of its own, find it again."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from runtheory import durable
from runtheory.runs import provenance
from runtheory.recipes.recipe import Cell, Recipe, digest
from runtheory.records import check_row

Result = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A cell with all that its numbers depend on, and the folder that keeps its files.

    ``ranks`` is the number of processes that train on it together, each with ``threads`` threads.
    """

    recipe: Recipe
    cell: Cell
    device: str
    threads: int
    folder: Path
    ranks: int = 1

    @property
    def path(self) -> Path:
        """The file of the finished cell."""
        kind = torch.device(self.device).type
        circumstances = [kind, f"{self.threads} threads", str(torch.__version__)]
        if self.ranks > 1:
            circumstances.append(f"{self.ranks} ranks")
        return self.folder / f"{digest(self.recipe, self.cell, *circumstances)}.json"

    def checkpoint(self, attempt: str = "") -> Path:
        """Return the file of the half-done cell, or that of one ``attempt`` at it among several."""
        return self.path.with_name(f"{self.path.stem}{attempt and '-'}{attempt}.safetensors")

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints there are, those of all attempts, the newest first."""
        ages = []
        for found in self.folder.glob(f"{self.path.stem}*.safetensors"):
            with suppress(FileNotFoundError):  # another attempt may move its file at any moment
                ages.append((found.stat().st_mtime_ns, found))
        return [found for _, found in sorted(ages, reverse=True)]


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
    task.folder.mkdir(parents=True, exist_ok=True)
    keep(task, compute(task, take_over(task)))


def compute(task: Task, checkpoint: Path | None) -> Result:
    """Return the result of a cell on the task's number of threads; of files, touch the checkpoint.

    Raises
    ------
    ValueError, TypeError
        If a record could not keep the rows, besides all that the recipe itself raises.
    """
    started = time.perf_counter()
    with _threads(task.threads):
        rows = task.recipe.run_cell(dict(task.cell), task.device, checkpoint)
    return {
        "cell": task.cell,
        "rows": [_joined(task.cell, row) for row in rows],
        "seconds": time.perf_counter() - started,
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": provenance.hardware(task.device, task.threads),
        "versions": provenance.versions(),
        "commit": provenance.commit(),
    }


def keep(task: Task, result: Result) -> None:
    """Write the result of a cell durably, then remove what its attempts have left half-done."""
    durable.write(task.path, json.dumps(result, indent=1, allow_nan=False).encode())
    for left in task.folder.glob(f"{task.path.stem}*.safetensors*"):
        left.unlink(missing_ok=True)


def take_over(task: Task, attempt: str = "") -> Path:
    """Give the newest checkpoint of a cell the name of this ``attempt``, and return that name.

    Every attempt writes to a name of its own, so two that run at once (one of them on a process
    that was believed dead) never write into one file. A rename takes a whole checkpoint or none,
    and an attempt that loses its checkpoint in this way writes its next one as if nothing were.
    """
    own = task.checkpoint(attempt)
    for found in task.checkpoints():
        with suppress(FileNotFoundError):
            found.replace(own)
            break
    return own


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _joined(cell: Cell, row: dict[str, Any]) -> Cell:
    contradicted = sorted(name for name in cell.keys() & row.keys() if cell[name] != row[name])
    if contradicted:
        raise ValueError(f"a row may not change what its cell says, got another {contradicted}")
    joined = {**cell, **row}
    check_row(joined)
    return joined
