"""Run cells on the workers of a dask cluster, started here or there already.

A worker computes a cell and returns its result; only this process writes results, so workers need
no shared folder. What is guaranteed:

- Every cell occurs once in the record. However often it was attempted, the first result that
  arrives is kept under the cell's one name, and results of one cell agree (timing apart).
- A worker that ends in the middle, by SIGKILL or with its machine, loses nothing that was finished:
  dask gives its cell to another worker. Where that worker sees the folder of the runs under the
  same path, the cell goes on from its checkpoint; where it does not, the cell starts afresh.
- Two attempts at one cell (the worker of one was believed dead, but works on) do not touch each
  other's files: see ``cells.adopt_checkpoint``.
- A worker with any other code of this package, other code of the recipe's modules, another Python
  or another PyTorch than this process refuses, and names both.

On a cluster that is there already, cells under way when this process is killed run to their end on
their workers and leave checkpoints; the same command then goes on from those.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import platform
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch
from tqdm import tqdm

import runtheory
from runtheory.boundary import checked
from runtheory.recipes.source import code_digest, package_digest
from runtheory.runs.cells import (
    Result,
    Task,
    adopt_checkpoint,
    compute_result,
    store_result,
)
from runtheory.runs.pool import CellOutcome, sigint_blocked

PATIENCE = 20.0
"""Seconds in which a scheduler has to answer, and after which one without a worker is named."""

MAX_WORKER_DEATHS = 10
"""How many workers of a cluster started here may end under a cell before the cell is given up."""

# The threads of one worker take turns: the number of threads that PyTorch uses is the process's.
_turn = threading.Lock()


@checked
def outcomes(tasks: Sequence[Task], *, client: Any) -> Iterator[CellOutcome]:
    """Hand all tasks to the workers of ``client`` and yield each with its error, or None.

    The results are stored by this process as they arrive. An error ends its own cell only, and so
    does the death of more workers under one cell than the scheduler allows (``KilledWorker``).

    Raises
    ------
    TypeError
        If ``client`` is no client of a cluster.
    """
    if not (hasattr(client, "submit") and hasattr(client, "scheduler_info")):
        raise TypeError(f"client must be that of a cluster, got {type(client).__name__}")
    ended = import_module("distributed").as_completed
    tasks_of = {client.submit(_attempt, *_order(task), pure=False): task for task in tasks}
    with _watched(client):
        for future in ended(list(tasks_of)):
            task = tasks_of.pop(future)
            try:
                store_result(task, future.result())
            except Exception as error:
                yield task, error
            else:
                yield task, None


@checked
@contextmanager
def started_here(workers: int) -> Iterator[Any]:
    """Start that many worker processes of one thread each; yield their client, then end them.

    They listen on this machine alone and end with this process. They find modules where it does.

    Raises
    ------
    ValueError
        If ``workers`` is below one.
    ImportError
        If dask is not installed.
    """
    if workers < 1:
        raise ValueError(f"workers start at 1, got {workers}")
    distributed, config = _imported("distributed"), _imported("dask.config")
    settings = {
        "distributed.scheduler.allowed-failures": MAX_WORKER_DEATHS,
        # No cell waits behind another one while there is an idle worker.
        "distributed.scheduler.worker-saturation": 1.0,
    }
    with config.set(settings):
        with sigint_blocked():
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,  # what a cell holds cannot be spilt, so no limit could help it
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
            )
        with cluster, distributed.Client(cluster) as client:
            yield client


@checked
@contextmanager
def connected(address: str | None = None, *, file: Path | None = None) -> Iterator[Any]:
    """Yield a client of the scheduler at ``address`` or of the one that wrote ``file``.

    Raises
    ------
    ConnectionError
        If none answers.
    FileNotFoundError
        If there is no such file.
    ImportError
        If dask is not installed.
    """
    distributed = _imported("distributed")
    where = address if file is None else _address_in(file)
    try:
        # In a thread of its own: a notebook's thread has a running loop already.
        _imported("distributed.utils").LoopRunner().run_sync(_ask, where)
        client = distributed.Client(where, timeout=PATIENCE)
    except (OSError, ValueError, RuntimeError) as error:  # a silent one: TimeoutError, an OSError
        reason = str(error) or f"nothing was said in {PATIENCE:g} seconds"
        raise ConnectionError(f"no scheduler answers at {where}: {reason}") from error
    with client:
        yield client


async def _ask(address: str | None) -> None:
    """Shake hands with a scheduler and leave; what listens and is silent has ``PATIENCE``."""
    distributed = _imported("distributed")
    arguments = distributed.Security().get_connection_args("client")
    asked = distributed.comm.connect(address, timeout=PATIENCE, **arguments)
    comm = await asyncio.wait_for(asked, PATIENCE)
    await comm.close()


def _address_in(file: Path) -> str:
    if not file.is_file():
        raise FileNotFoundError(f"there is no scheduler file {file}")
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["address"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        told = "the scheduler file {} names no address: {}: {}"
        raise ValueError(told.format(file, type(error).__name__, error)) from None


@contextmanager
def _watched(client: Any) -> Iterator[None]:
    """Name a scheduler that has no worker, at the start or in the middle, each time once."""
    over = threading.Event()
    threading.Thread(target=_watch, args=(client, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(client: Any, over: threading.Event) -> None:
    idle = False
    while not over.wait(PATIENCE):  # a cluster may start its workers when there is work
        try:
            told = client.scheduler_info()
        except OSError:  # the scheduler is gone: the cells say so
            continue
        if not told["workers"] and not idle and not over.is_set():
            message = "the scheduler at {} has no worker; the cells wait for one (Ctrl-C ends this)"
            tqdm.write(message.format(told["address"]), file=sys.stderr)
        idle = not told["workers"]


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f'a sweep needs dask; install it with: pip install "runtheory[sweep]" ({error})'
        ) from None


def _order(task: Task) -> tuple[bytes, str, str]:
    """Return the task, the code that it needs and the name of its result's file.

    The task travels pickled, so that the scheduler need not import the module of its recipe.
    """
    return pickle.dumps(replace(task, folder=task.folder.resolve())), _code(), task.path.name


def _code() -> str:
    """Name the code of this process: the package to the letter, and what it stands on."""
    package = f"runtheory {runtheory.__version__} (sources {package_digest()[:12]})"
    return f"{package}, torch {torch.__version__}, Python {platform.python_version()}"


def _attempt(order: bytes, code: str, name: str) -> Result:
    """Compute a cell on a worker, with a checkpoint where the folder of the runs is seen."""
    if _code() != code:
        raise RuntimeError(f"the worker has other code: {_code()}, this sweep {code}")
    try:
        task: Task = pickle.loads(order)
    except ImportError as error:
        raise ImportError(f"{error} on the worker: add its folder to PYTHONPATH there") from error
    if task.path.name != name:
        module = task.recipe.module
        found = f"its modules from {module} on have the digest {code_digest(module)[:12]} there"
        raise RuntimeError(f"the worker has other code of the recipe than this sweep: {found}")
    with _turn:
        shared = task.folder.is_dir()
        checkpoint = adopt_checkpoint(task, uuid4().hex[:8]) if shared else None
        return compute_result(task, checkpoint)
