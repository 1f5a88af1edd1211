"""Run cells on several processes that end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait

from runtheory.boundary import checked
from runtheory.runs.cells import Task, run_cell

CellOutcome = tuple[Task, BaseException | None]


class WorkerDied(RuntimeError):
    """The process of a cell was ended from outside, once beside others and once alone."""


@checked
def outcomes(tasks: Sequence[Task], *, workers: int) -> Iterator[CellOutcome]:
    """Run all tasks and yield each with its error, or None, as it ends.

    An error ends its own cell only, and so does the death of a process: each worker is a pool of
    its own. A cell whose process died is tried once more after the others, by itself, since it
    may have been memory that it lacked. With one worker the cells run in this process, else each
    worker is a fresh process (spawned, since CUDA does not survive a fork) that looks for modules
    where this one does.
    """
    if min(workers, len(tasks)) <= 1:
        yield from (_attempt(task) for task in tasks)
        return
    died: list[Task] = []
    for task, error in _in_parallel(tasks, min(workers, len(tasks))):
        if isinstance(error, BrokenProcessPool):
            died.append(task)
        else:
            yield task, error
    for task, error in _in_parallel(died, 1):
        again = isinstance(error, BrokenProcessPool)
        told = "its process was ended from outside twice, once while it ran alone"
        yield task, WorkerDied(told) if again else error


def _in_parallel(tasks: Sequence[Task], workers: int) -> Iterator[CellOutcome]:
    waiting = deque(tasks)
    under_way: dict[Future[None], tuple[Task, ProcessPoolExecutor]] = {}
    idle = [_process() for _ in range(workers)]
    try:
        while waiting or under_way:
            while waiting and idle:
                task = waiting.popleft()
                with sigint_blocked():
                    future, process = _handed_out(task, idle.pop())
                    under_way[future] = task, process
            ended, _ = wait_for(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                task, process = under_way.pop(future)
                error = future.exception()
                idle.append(_process() if isinstance(error, BrokenProcessPool) else process)
                yield task, error
    except BaseException:
        # An interrupt must not wait for cells that take hours; their checkpoints stay.
        for process in (*idle, *(process for _, process in under_way.values())):
            process.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    for process in idle:
        process.shutdown()


def _handed_out(
    task: Task, process: ProcessPoolExecutor
) -> tuple[Future[None], ProcessPoolExecutor]:
    """Give a process a cell, or a fresh one where it was ended while it had none."""
    try:
        return process.submit(_run, task), process
    except BrokenProcessPool:
        process = _process()
        return process.submit(_run, task), process


def _run(task: Task) -> None:
    """Run a cell; an error that no other process could read is told in words.

    Else the process would seem to have died, and the cell would run once more.
    """
    try:
        run_cell(task)
    except Exception as error:
        if _travels(error):
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


def _travels(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


def _process() -> ProcessPoolExecutor:
    """Return a pool of one process, which starts with its first cell."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_prepare_worker)


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
