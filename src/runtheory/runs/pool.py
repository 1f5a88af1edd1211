"""Run cells on several processes that end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.connection import wait

from runtheory.runs.cells import Task, run_cell

CellOutcome = tuple[Task, BaseException | None]


def outcomes(tasks: Sequence[Task], *, workers: int) -> Iterator[CellOutcome]:
    """Run all tasks and yield each with its error, or None, as it ends.

    An error ends its own cell only. With one worker the cells run in this process, else each
    worker is a fresh process (spawned, since CUDA does not survive a fork) that looks for modules
    where this one does.
    """
    if min(workers, len(tasks)) <= 1:
        yield from (_attempt(task) for task in tasks)
        return
    executor = ProcessPoolExecutor(
        max_workers=min(workers, len(tasks)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare_worker,
    )
    try:
        with sigint_blocked():
            futures = {executor.submit(run_cell, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.exception()
    except BaseException:
        # An interrupt must not wait for cells that take hours; their checkpoints stay.
        executor.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    executor.shutdown()


def _attempt(task: Task) -> CellOutcome:
    try:
        run_cell(task)
    except Exception as error:
        return task, error
    return task, None


@contextmanager
def sigint_blocked() -> Iterator[None]:
    """Deliver Ctrl-C only afterwards, and never to the processes that are started meanwhile.

    A worker inherits the blocked signal; without that, one that is still importing would print a
    traceback of its own.
    """
    if os.name == "nt":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # now one that came is delivered


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and end at once when the parent is gone, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        wait([parent.sentinel])  # ready when the parent ends, killed or not
        os._exit(1)  # from a thread, where an exception would end the thread alone

    threading.Thread(target=follow, daemon=True).start()
