"""The command line of the runs: ``python -m runtheory.runs COMMAND --help``."""

from __future__ import annotations

import argparse
import errno
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from runtheory import comparison, records
from runtheory.recipes import find, modules, recipes
from runtheory.recipes.recipe import Recipe
from runtheory.runs import ranked, sweep
from runtheory.runs.cells import Task, stored_result
from runtheory.runs.runner import RunError, RunPlan, resolve_device, run, run_all

MOST_SEEDS = 100_000
INTERRUPTED = 130  # what a shell reports after Ctrl-C: 128 + SIGINT
FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG)

_Parser = argparse.ArgumentParser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status.

    A fault of what was asked, of a disk or of a folder ends in one sentence and status 1, and
    leaves nothing half-written. After Ctrl-C the status is 130; a second one changes nothing.
    """
    options = _parser().parse_args(arguments)
    try:
        with _one_interrupt():
            return int(options.act(options))
    except (ValueError, RunError, ImportError, OSError, MemoryError) as error:
        print(f"error: {_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OSError) and error.errno in FULL:
        return f"{text}; free some space, and the same command goes on from there"
    if isinstance(error, OSError) and error.errno in CLOSED:
        return f"{text}; choose a folder that can be written by --out, or make this one so"
    return text


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C interrupt and ignore those that follow, while the first is obeyed."""
    before = signal.getsignal(signal.SIGINT)
    main_thread = threading.current_thread() is threading.main_thread()
    if before is not signal.default_int_handler or not main_thread:  # not ours to change
        yield
        return

    def obey(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, obey)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is obey:  # after an interrupt it stays deaf, and ends
            signal.signal(signal.SIGINT, before)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that "0-4", "3" or "0,2,5-7" names.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is of another form.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", part.strip(), re.ASCII)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise argparse.ArgumentTypeError(f"seeds look like 0-4 or 0,2,5, got {text!r}")
        named = range(int(match[1]), int(match[2] or match[1]) + 1)
        if len(seeds) + len(named) > MOST_SEEDS:
            told = f"a run takes at most {MOST_SEEDS} seeds, got {text!r}"
            raise argparse.ArgumentTypeError(told)
        seeds += named
    return tuple(seeds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtheory.runs", description=__doc__)
    parser.add_argument(
        "--module", action="append", default=[], help="a module of further recipes (repeatable)"
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, act: Callable[[argparse.Namespace], int], about: str) -> _Parser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(act=act)
        return added

    command("list", _list, "name the recipes, their cost and what they expect")
    order = command("run", _run, "run a recipe, or what is left of it, and record it")
    _add_plan(order, names=1)
    order.add_argument("--workers", type=int, default=1, help="cells at a time, each a process")
    spread = command("sweep", _sweep, "as run, for several recipes, on a dask cluster")
    _add_plan(spread, names="+")
    spread.add_argument("--workers", type=int, help="processes of the cluster started here (1)")
    spread.add_argument("--scheduler", help="use the cluster at this address, say tcp://host:8786")
    spread.add_argument("--scheduler-file", type=Path, help="... or the one that wrote this file")
    _add_plan(command("status", _status, "count finished, half-done and untouched cells"), names=1)
    _add_comparison(command("compare", _compare, "compare the values of one axis of a record"))
    return parser


def _add_plan(parser: _Parser, *, names: int | str) -> None:
    parser.add_argument("names", nargs=names, metavar="NAME")
    parser.add_argument("--preset", default="tiny", help="tiny (seconds) or full (recorded)")
    parser.add_argument("--seeds", type=parse_seeds, default=(0,), help="for example 0-4 or 0,2,5")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each cell")
    parser.add_argument(
        "--out", type=Path, default=Path(), help="where runs/ and results/ are (default: here)"
    )


def _add_comparison(parser: _Parser) -> None:
    parser.add_argument("record", help="<chapter>/<name>")
    parser.add_argument("--measure", required=True, metavar="COLUMN")
    parser.add_argument("--axis", required=True, metavar="COLUMN")
    parser.add_argument("--baseline", required=True, metavar="VALUE")
    parser.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE")
    parser.add_argument(
        "--out",
        type=Path,
        help="read from results/ in this folder (default: here, or the book's if it is not here)",
    )


def _list(options: argparse.Namespace) -> int:
    named = recipes((*modules(), *options.module))
    print("\n\n".join(map(_description, named.values())) or "there are no recipes")
    return 0


def _description(recipe: Recipe[Any]) -> str:
    counts = ", ".join(
        f"{preset} {len(grid.configurations())} cells a seed"
        for preset, grid in recipe.presets.items()
    )
    about = "\n".join(f"  {line.strip()}".rstrip() for line in recipe.about.strip().splitlines())
    return f"{recipe.chapter}/{recipe.name} ({counts})\n{about}"


def _run(options: argparse.Namespace) -> int:
    if ranked.by_torchrun():
        return _run_on_ranks(options)
    (plan,) = _plans(options, resolve_device(options.device))
    return _recorded(lambda: [run(plan, options.out, workers=options.workers)], [plan], options)


def _run_on_ranks(options: argparse.Namespace) -> int:
    if options.workers != 1:
        raise ValueError(f"torchrun runs one cell at a time: --workers 1, got {options.workers}")
    with ranked.started(resolve_device(options.device)) as ranks:
        (plan,) = _plans(options, resolve_device(options.device), ranks=ranks.count)
        if ranks.index > 0:  # rank 0 hands out the cells and writes the record
            ranked.follow()
            return 0
        act = partial(run_all, [plan], options.out, executor=ranked.outcomes)
        return _recorded(act, [plan], options)


def _sweep(options: argparse.Namespace) -> int:
    named = [options.workers, options.scheduler, options.scheduler_file]
    if sum(value is not None for value in named) > 1:
        raise ValueError("--workers, --scheduler and --scheduler-file exclude each other")
    here = options.scheduler is None and options.scheduler_file is None
    if not here and options.device == "auto":
        raise ValueError("what the workers have is not known here: say --device cpu or cuda")
    plans = _plans(options, resolve_device(options.device) if here else options.device)

    def act() -> list[Path]:
        cluster = (
            sweep.started_here(1 if options.workers is None else options.workers)
            if here
            else sweep.connected(options.scheduler, file=options.scheduler_file)
        )
        with cluster as client:
            return run_all(plans, options.out, executor=partial(sweep.outcomes, client=client))

    return _recorded(act, plans, options)


def _plans(options: argparse.Namespace, device: str, *, ranks: int = 1) -> list[RunPlan]:
    chosen = [find(name, (*modules(), *options.module)) for name in options.names]
    preset, seeds, threads = options.preset, options.seeds, options.threads
    return [RunPlan(recipe, preset, seeds, device, threads, ranks) for recipe in chosen]


def _recorded(
    act: Callable[[], list[Path]], plans: Sequence[RunPlan], options: argparse.Namespace
) -> int:
    try:
        print("\n".join(map(str, act())))
        return 0
    except KeyboardInterrupt:
        # Counted from the files, since the run that knew is gone.
        tasks = _tasks(plans, options)
        done = sum(stored_result(task) is not None for task in tasks)
        print(
            f"interrupted with {done} of {len(tasks)} cells finished; "
            "the same command goes on from there",
            file=sys.stderr,
        )
        return INTERRUPTED


def _tasks(plans: Sequence[RunPlan], options: argparse.Namespace) -> list[Task]:
    return [task for plan in plans for task in plan.tasks(options.out)]


def _status(options: argparse.Namespace) -> int:
    plans = _plans(options, resolve_device(options.device))
    tasks = _tasks(plans, options)
    left = [task for task in tasks if stored_result(task) is None]
    half_done = sum(bool(task.checkpoints()) for task in left)
    print(
        f"{plans[0].title}: {len(tasks)} cells, {len(tasks) - len(left)} finished, "
        f"{half_done} half-done, {len(left) - half_done} untouched"
    )
    return 0


def _compare(options: argparse.Namespace) -> int:
    root = Path() / "results" if options.out is None else options.out / "results"
    if options.out is None and options.record not in records.names(root):
        root = None  # no record of one's own
    names = {"axis": options.axis, "baseline": options.baseline}
    differences = comparison.differences(
        records.read(options.record, root), options.measure, where=options.where, **names
    )
    print(comparison.table(differences, options.measure, **names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
