"""Run the comparisons of all parts, print their table and the verdicts, and record them."""

from __future__ import annotations

import argparse
import ctypes
import datetime
import importlib
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch

from benchmarks import peers, scaling, table
from benchmarks.targets import verdicts
from benchmarks.timing import ABSENT, Comparison, Row, rows, take_turns
from runtheory import records
from runtheory.runs import provenance

CHAPTER, NAME = "benchmarks", "peers"
PEERS = ("scipy", "POT", "timm", "torchvision")
TRIM_FROM, HEAP_FROM = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def run(chosen: argparse.Namespace) -> None:
    """Measure what ``chosen`` names and print it; write the record where it says so."""
    torch.set_num_threads(chosen.threads)
    peers.offer_folder()
    device = torch.device(chosen.device)
    began = time.perf_counter()
    modules = [importlib.import_module(f"benchmarks.{part}") for part in chosen.only]
    found = measured(
        (one for module in modules for one in module.comparisons(device)),
        rounds=chosen.rounds,
        device=device,
        clock=clock(device, chosen.threads),
    )
    record = described(found, device, threads=chosen.threads, seconds=time.perf_counter() - began)
    print(report(record))
    grown = grown_rows(modules, device=device, clock=clock(device, chosen.threads))
    seconds = time.perf_counter() - began - record.wall_seconds
    growth = described(grown, device, threads=chosen.threads, seconds=seconds, name=scaling.NAME)
    if grown:
        print("\n" + table.text(table.SCALING_HEAD, map(table.scaling_cells, growth.rows)))
    if chosen.record:
        print(f"\nwritten: {records.write(record)}, {records.write(growth)}")


def clock(device: torch.device, threads: int) -> Callable[[], float]:
    """Return the processor time where it is all that a way takes, else the time that passes."""
    alone = device.type == "cpu" and threads == 1
    return time.process_time if alone else time.perf_counter


def measured(
    comparisons: Iterable[Comparison],
    *,
    rounds: int | None,
    device: torch.device,
    clock: Callable[[], float],
) -> list[Row]:
    """Return the rows of all comparisons, each with ``rounds`` rounds or its own.

    Those that do not keep freed memory go first: there is no way back.
    """
    found: list[Row] = []
    for one in sorted(comparisons, key=lambda one: one.keeps_memory):
        if one.keeps_memory:
            keep_memory()
        print(f"measuring: {one.what}", file=sys.stderr)
        asked = one if rounds is None else replace(one, rounds=rounds)
        found += rows(asked, take_turns(asked, clock=clock, settle=settling(device)))
    return found


def grown_rows(
    modules: Iterable[object], *, device: torch.device, clock: Callable[[], float]
) -> list[Row]:
    """Return the rows of every part's questions of scaling, freed memory being kept."""
    keep_memory()
    found: list[Row] = []
    for module in modules:
        for question in getattr(module, "scaling", lambda device: [])(device):
            print(f"measuring: {question.what}", file=sys.stderr)
            found += scaling.rows(question, clock=clock, settle=settling(device))
    return found


def settling(device: torch.device) -> Callable[[], object] | None:
    """Return what waits for the queue of ``device``, or None where there is none."""
    return torch.cuda.synchronize if device.type == "cuda" else None


def keep_memory() -> bool:
    """Have the C library keep what is freed, and return whether it will: only glibc is asked."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    # An older one refuses to hand out more than 32 MiB from the heap; it is asked again for that.
    heap = any(library.mallopt(HEAP_FROM, most) for most in (1 << 30, 1 << 25))
    return bool(library.mallopt(TRIM_FROM, 1 << 30)) and heap


def described(
    found: list[Row],
    device: torch.device,
    *,
    threads: int,
    seconds: float,
    name: str = NAME,
) -> records.Record:
    """Return the rows as a record, with the machine, the versions and the clock."""
    processor = clock(device, threads) is time.process_time
    return records.Record(
        chapter=CHAPTER,
        name=name,
        preset="full",
        config={
            "device": str(device),
            "threads": threads,
            "clock": "processor time" if processor else "time that passes",
            "memory": "kept" if keep_memory() else "left to the system",
        },
        seeds=(0,),
        rows=tuple(found),
        commit=provenance.commit(),
        hardware=provenance.hardware(str(device), threads),
        versions=provenance.versions() | peer_versions(),
        wall_seconds=seconds,
        date=datetime.date.today().isoformat(),
    )


def peer_versions() -> dict[str, str]:
    """Return the versions of the peers that are installed."""
    found = {}
    for name in PEERS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def report(record: records.Record) -> str:
    """Return hardware, versions, the table and the verdicts as text for a terminal."""
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    head = f"{record.hardware}; {versions}; {record.config['clock']}, interleaved"
    absent = sorted({str(r["peer"]).partition(",")[0] for r in record.rows if r["note"] == ABSENT})
    if absent:
        head += f"\nnot measured: {', '.join(absent)}, which cannot be imported here"
    judged = [verdict for verdict in verdicts(record.rows) if verdict.quartiles is not None]
    return "\n\n".join(
        (
            head,
            table.text(table.HEAD, map(table.cells, record.rows)),
            table.text(table.TARGET_HEAD, map(table.target_cells, judged)),
        )
    )
