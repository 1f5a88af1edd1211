"""Run one cell: compute its result, store it in a file of its own, find it again."""

from __future__ import annotations

import hashlib
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
from runtheory.boundary import checked
from runtheory.plain import check_row, plain_row
from runtheory.recipes.recipe import Cell, Recipe, columns
from runtheory.recipes.source import code_digest
from runtheory.records import Row
from runtheory.runs import provenance

Result = dict[str, Any]

FORMAT = 2  # of a cell's file: 1 had no digest
PARTS = {"cell", "rows", "seconds", "date", "hardware", "versions", "commit"}
DIVERGED = "diverged"
"""The column that says why a training came to no number; only the last row of such a cell has it.
"""


@dataclass(frozen=True)
class Task:
    """A cell with all that its numbers depend on, and the folder that keeps its files.

    ``ranks`` is the number of processes that train on it together, each with ``threads`` threads.
    """

    recipe: Recipe[Any]
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
        return self.folder / f"{cell_digest(self.recipe, self.cell, *circumstances)}.json"

    def checkpoint(self, attempt: str = "") -> Path:
        """Return the file of the half-done cell, or that of one ``attempt`` at it among several."""
        return self.path.with_name(f"{self.path.stem}{attempt and '-'}{attempt}.safetensors")

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints there are, those of all attempts, the newest first."""
        ages = []
        for path in self.folder.glob(f"{self.path.stem}*.safetensors"):
            with suppress(FileNotFoundError):  # another attempt may move its file at any moment
                ages.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(ages, reverse=True)]


@checked
def cell_digest(recipe: Recipe[Any], cell: Cell, *circumstances: str) -> str:
    """Return the name of a cell's file: sixteen hexadecimal digits.

    They depend on the cell, the ``circumstances`` (what else the numbers depend on) and the code of
    all modules that the recipe runs: when an instrument changes, its cells run again.
    """
    # Sorted, so that the order of the fields is no part of the name.
    code, values = code_digest(recipe.module), sorted(columns(cell).items())
    parts = [recipe.chapter, recipe.name, code, values, circumstances]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@checked
def stored_result(task: Task) -> Result | None:
    """Return the result of a cell that has been run, or None.

    A file that is damaged, or of the form without a digest, is named in a ``RuntimeWarning`` and
    counts as not run.
    """
    if not task.path.exists():
        return None
    try:
        result = opened(task.path.read_bytes())
        if result["cell"] != columns(task.cell):
            raise ValueError("it holds another cell")
        return result
    except (ValueError, RecursionError) as error:
        message = f"the cell {task.path} is damaged ({error}); it is run again"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return None


@checked
def sealed(result: Result) -> bytes:
    """Return the content of a cell's file: the result with a format number and its SHA-256."""
    head = {"format": FORMAT, "sha256": _digest(result)}
    return json.dumps({**head, **result}, indent=1, allow_nan=False).encode()


@checked
def opened(content: bytes) -> Result:
    """Return the result that :func:`sealed` wrote.

    Raises
    ------
    ValueError
        If the content is of another format, or not what was written.
    """
    stored = json.loads(content.decode("utf-8"))
    if not isinstance(stored, dict) or stored.pop("format", None) != FORMAT:
        raise ValueError("it is of an older or another form, which has no digest")
    if stored.pop("sha256", None) != _digest(stored):
        raise ValueError("its content is not what its digest says")
    result: Result = stored
    rows = result.get("rows")
    whole = isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)
    if stored.keys() != PARTS or not whole:
        raise ValueError(f"a cell has {sorted(PARTS)} and at least one row")
    return result


def _digest(result: Result) -> str:
    return hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()


@checked
def run_cell(task: Task) -> None:
    """Run a cell, going on from its checkpoint if there is one, and write its result at once."""
    task.folder.mkdir(parents=True, exist_ok=True)
    store_result(task, compute_result(task, adopt_checkpoint(task)))


@checked
def compute_result(task: Task, checkpoint: Path | None) -> Result:
    """Return the result of a cell on the task's number of threads; of files, touch the checkpoint.

    A training that diverges (``FloatingPointError``) is a result: after the rows up to there comes
    one more, in which all that was measured is None, and ``diverged`` says what happened. On
    several ranks it is an error, since the others cannot know of it.

    Raises
    ------
    ValueError, TypeError
        If a record could not keep the rows, or there is none, besides all that the recipe raises.
    """
    started, cell = time.perf_counter(), columns(task.cell)
    with _threads(task.threads):
        rows = list(_rows(task, cell, checkpoint))
    if not rows:
        raise ValueError("a cell must give at least one row, got none")
    return {
        "cell": cell,
        "rows": rows,
        "seconds": time.perf_counter() - started,
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": provenance.hardware(task.device, task.threads),
        "versions": provenance.versions(task.recipe.module),
        "commit": provenance.commit(),
    }


def _rows(task: Task, cell: Row, checkpoint: Path | None) -> Iterator[Row]:
    row: Row = {}
    try:
        for measured in task.recipe.run(task.cell, task.device, checkpoint):
            row = joined_row(cell, measured)
            yield row
    except FloatingPointError as error:
        if task.ranks > 1:
            raise
        yield {**dict.fromkeys(row), **cell, DIVERGED: str(error)}


@checked
def store_result(task: Task, result: Result) -> None:
    """Write the result of a cell durably, then remove what its attempts have left half-done."""
    durable.write(task.path, sealed(result))
    remove_leftovers(task)


@checked
def remove_leftovers(task: Task) -> None:
    """Remove what attempts at a finished cell have left half-done."""
    # The first star: what a killed attempt was writing bears a name that begins with a dot.
    for leftover in task.folder.glob(f"*{task.path.stem}*.safetensors*"):
        leftover.unlink(missing_ok=True)


@checked
def adopt_checkpoint(task: Task, attempt: str = "") -> Path:
    """Give the newest checkpoint of a cell the name of this ``attempt``, and return that name.

    Every attempt writes to a name of its own, so two that run at once (one of them on a process
    that was believed dead) never write into one file. A rename takes a whole checkpoint or none,
    and an attempt that loses its checkpoint in this way writes its next one as if nothing were.
    """
    own = task.checkpoint(attempt)
    for checkpoint in task.checkpoints():
        with suppress(FileNotFoundError):
            checkpoint.replace(own)
            break
    return own


@checked
def joined_row(cell: Row, row: Row) -> Row:
    """Return the columns of a cell and those that were measured, as a record keeps them.

    A measured number that is not finite becomes None (``plain.plain_row``).

    Raises
    ------
    ValueError, TypeError
        If the row changes a column of the cell, or a record could not keep it.
    """
    row = plain_row(row)
    contradicted = sorted(name for name in cell.keys() & row.keys() if cell[name] != row[name])
    if contradicted:
        raise ValueError(f"a row may not change what its cell says, got another {contradicted}")
    joined = {**cell, **row}
    check_row(joined)
    return joined


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
