"""Run cells one after another, each on all processes (ranks) that torchrun started.

Rank 0 runs the plan, keeps the results and prints; the other ranks follow it. Inside a cell every
run of the training loop shares out its batches (``training.ranks``); a cell that trains nothing is
computed by every rank. An error of any rank ends the run, since the others cannot know of it:
torchrun then stops them all. What was finished is kept, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from torch import distributed

from runtheory.boundary import checked
from runtheory.runs.cells import Task, compute_result, run_cell
from runtheory.runs.pool import CellOutcome
from runtheory.training.ranks import Ranks, on_ranks, started_by_torchrun
from runtheory.training.run import wrapped


def by_torchrun() -> bool:
    """Return whether torchrun started this process."""
    return distributed.is_available() and distributed.is_torchelastic_launched()


@checked
@contextmanager
def started(device: str) -> Iterator[Ranks]:
    """Join the ranks that torchrun started; inside the block every training run is shared out."""
    with started_by_torchrun(device) as ranks, wrapped(partial(on_ranks, ranks=ranks)):
        yield ranks


@checked
def outcomes(tasks: Sequence[Task]) -> Iterator[CellOutcome]:
    """Run all tasks together with the ranks that follow; rank 0 calls it."""
    distributed.broadcast_object_list([list(tasks)])
    for task in tasks:
        run_cell(task)
        yield task, None


def follow() -> None:
    """Compute the cells that rank 0 works on, and leave their results to it."""
    received: list[list[Task]] = [[]]
    distributed.broadcast_object_list(received)
    for task in received[0]:
        # Rank 0 has named the checkpoint before it meets this rank, and writes it alone.
        compute_result(task, task.checkpoint())
