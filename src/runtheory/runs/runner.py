"""Run a plan: skip finished cells, go on with half-done ones, merge all in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from runtheory import durable, records
from runtheory.boundary import checked
from runtheory.recipes.recipe import Recipe, columns
from runtheory.records import Record, Row
from runtheory.runs.cells import Result, Task, joined_row, remove_leftovers, stored_result
from runtheory.runs.pool import CellOutcome, outcomes

Executor = Callable[[Sequence[Task]], Iterator[CellOutcome]]


class RunError(RuntimeError):
    """Some cells failed, or the run could not start; what is finished is kept."""


@dataclass(frozen=True)
class RunPlan:
    """What a run's numbers depend on; where it is kept and on how many processes it runs do not.

    ``threads`` is the number of CPU threads of each cell. It is one unless asked for: sums are
    split among threads, so a number taken from the free cores would let the result depend on them.
    ``ranks`` is the number of processes that share the batches of each cell (``ranked``); their
    record's name tells how many they were.
    """

    recipe: Recipe[Any]
    preset: str
    seeds: tuple[int, ...]
    device: str = "cpu"
    threads: int = 1
    ranks: int = 1

    @property
    def title(self) -> str:
        """The record's name: that of the recipe, with the preset added unless it is "full"."""
        parts = [self.recipe.name]
        parts += [self.preset] if self.preset != "full" else []
        parts += [f"{self.ranks}_ranks"] if self.ranks > 1 else []
        return "_".join(parts)

    def tasks(self, root: Path) -> list[Task]:
        """Return the cells in order, with their places under ``root``."""
        recipe = self.recipe
        folder = root / "runs" / recipe.chapter / recipe.name / self.preset
        return [
            Task(recipe, cell, self.device, self.threads, folder, self.ranks)
            for cell in recipe.cells(self.preset, self.seeds)
        ]


@checked
def resolve_device(name: str) -> str:
    """Return ``name``, or for "auto" the GPU where there is one and else the CPU.

    Raises
    ------
    ValueError
        If a GPU is asked for and there is none, or PyTorch knows no such device.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(name).type
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise ValueError(f"device must be auto, cpu or cuda, got {name!r}: {first}") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {name} was asked for, but PyTorch finds no GPU here")
    return name


@checked
def run(plan: RunPlan, root: Path, *, workers: int = 1) -> Path:
    """Run what is not finished under ``root/runs``, write the record, return its path.

    The record, timing columns and provenance apart, depends on the plan alone: not on ``workers``,
    not on interruptions, not on the order in which cells end.

    Raises
    ------
    RunError
        If a cell failed or if another run of the same recipe is under way in ``root``. The other
        cells are run first, and those that finished have a record of their own, named
        ``<title>_partial``; it lists the failures, and goes when the whole record is written.
    """
    if workers < 1 or plan.threads < 1:
        raise ValueError(f"workers and threads start at 1, got {workers} and {plan.threads}")
    return run_all((plan,), root, executor=partial(outcomes, workers=workers))[0]


@checked
def run_all(plans: Sequence[RunPlan], root: Path, *, executor: Executor) -> list[Path]:
    """Do as :func:`run` for several plans whose cells are handed out together.

    ``executor`` runs the cells that are left and yields each as it ends, as ``pool.outcomes``
    and ``sweep.outcomes`` do. A plan without a failed cell gets its record whatever the others do,
    one with some failed cells a partial record.

    Raises
    ------
    ValueError
        If two plans are for one folder, or the number of threads is below one.
    RunError
        As :func:`run` does.
    """
    _check(plans)
    tasks = [plan.tasks(root) for plan in plans]
    every = [task for listed in tasks for task in listed]
    with ExitStack() as locks:
        for listed in tasks:
            locks.enter_context(folder_lock(listed[0].folder))
        waiting = _left(every)
        failed = _errors(with_progress_bar(executor(waiting), every, waiting))
        written = [
            _recorded(plan, listed, failed, root / "results")
            for plan, listed in zip(plans, tasks, strict=True)
            if any(task.path not in failed for task in listed)
        ]
    if failed:
        record = " and ".join(map(str, written)) or "no record"
        raise RunError(
            f"{len(failed)} of {len(every)} cells failed and {record} was written; "
            f"the first: {next(iter(failed.values()))}. The others are kept."
        )
    return written


def _left(tasks: Sequence[Task]) -> list[Task]:
    """Return the cells without a result, half-done ones too; tidy up behind the others."""
    left = []
    for task in tasks:
        if stored_result(task) is None:
            left.append(task)
        else:
            remove_leftovers(task)  # of a process that was killed just before it would have done so
    for folder in {task.folder for task in tasks}:
        durable.remove_abandoned(folder)
    return left


def _recorded(
    plan: RunPlan, tasks: Sequence[Task], failed: Mapping[Path, str], results: Path
) -> Path:
    """Write the record of a plan, or that of its cells that did not fail."""
    finished = [_result(task) for task in tasks if task.path not in failed]
    record = _merged(plan, finished)
    partial_name = f"{plan.title}_partial"
    if len(finished) == len(tasks):
        path = records.write(record, results)
        path.with_name(f"{partial_name}.json").unlink(missing_ok=True)
        return path
    errors = [failed[task.path] for task in tasks if task.path in failed]
    config = {**record.config, "failed": errors}
    return records.write(replace(record, name=partial_name, config=config), results)


def _check(plans: Sequence[RunPlan]) -> None:
    names = [(plan.recipe.chapter, plan.recipe.name, plan.preset) for plan in plans]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"a recipe is needed and none twice, got {[name for _, name, _ in names]}")
    for plan in plans:
        if plan.threads < 1:
            raise ValueError(f"threads start at 1, got {plan.threads}")


@checked
def live(
    recipe: Recipe[Any],
    preset: str,
    *,
    seeds: Sequence[int],
    device: str = "cpu",
    where: Mapping[str, Any] | None = None,
) -> list[Row]:
    """Run the cells whose columns equal ``where`` here and now, and return their rows.

    Nothing is written and the number of threads is left as it is. The rows are those of a record
    of the same preset and seeds.

    Raises
    ------
    ValueError
        If no cell fits ``where``.
    """
    return [
        joined_row(columns(cell), row)
        for cell in recipe.cells(preset, seeds, where=where)
        for row in recipe.run(cell, device, None)
    ]


@checked
def with_progress_bar(
    outcomes: Iterator[CellOutcome], tasks: Sequence[Task], waiting: Sequence[Task]
) -> Iterator[CellOutcome]:
    """Yield the outcomes and show how many of all ``tasks`` are done; name each that failed."""
    # A log file gets a line now and then, a terminal a bar that moves.
    interval = 0.1 if sys.stderr.isatty() else 30.0
    done = len(tasks) - len(waiting)
    with tqdm(total=len(tasks), initial=done, unit="cell", mininterval=interval) as bar:
        for task, error in outcomes:
            bar.update()
            if error is not None:
                bar.write(f"failed: {_diagnosis(task, error)}", file=sys.stderr)
            yield task, error


def _errors(outcomes: Iterator[CellOutcome]) -> dict[Path, str]:
    """Return what the cells that failed said, by the files they would have written."""
    return {task.path: _diagnosis(task, error) for task, error in outcomes if error is not None}


def _diagnosis(task: Task, error: BaseException) -> str:
    return f"{columns(task.cell)}: {type(error).__name__}: {error}"


def _result(task: Task) -> Result:
    result = stored_result(task)
    if result is None:
        raise RunError(
            f"the result of {columns(task.cell)} vanished from {task.path} while the run went on"
        )
    return result


def _merged(plan: RunPlan, results: Sequence[Result]) -> Record:
    packages = dict.fromkeys(name for result in results for name in result["versions"])
    return Record(
        chapter=plan.recipe.chapter,
        name=plan.title,
        preset=plan.preset,
        config={
            "grid": plan.recipe.presets[plan.preset].plain(),
            "device": torch.device(plan.device).type,
            "threads": plan.threads,
            **({"ranks": plan.ranks} if plan.ranks > 1 else {}),
        },
        seeds=plan.seeds,
        rows=tuple(row for result in results for row in result["rows"]),  # in the plan's order
        commit=_all(result["commit"] for result in results),
        hardware=_all(result["hardware"] for result in results),
        versions={
            name: _all(result["versions"].get(name, "unknown") for result in results)
            for name in packages
        },
        wall_seconds=sum(result["seconds"] for result in results),
        date=max(result["date"] for result in results),
    )


def _all(values: Iterator[str]) -> str:
    """Join what the cells say: one text where they agree, all of them where they do not."""
    return ", ".join(sorted(set(values)))


@checked
@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock a folder; the system releases the lock even when the process is killed.

    Raises
    ------
    RunError
        If another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        if os.name != "nt":  # Windows has no fcntl; there, two runs in one folder are not stopped
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails at once, never waits
            except BlockingIOError:
                raise RunError(f"another run is under way in {folder}") from None
        yield
