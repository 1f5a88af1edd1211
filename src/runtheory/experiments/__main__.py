"""The command line of the experiments: ``python -m runtheory.experiments list | run NAME``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from runtheory.experiments import MODULES, recipes
from runtheory.experiments.cells import finished
from runtheory.experiments.recipes import Recipe
from runtheory.experiments.runner import Plan, RunError, resolve_device, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        found = recipes((*MODULES, *options.module))
        if options.command == "list":
            print(_listing(found))
            return 0
        return _run(found, options)
    except (ValueError, RunError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that "0-4", "3" or "0,2,5-7" names.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is of another form.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise argparse.ArgumentTypeError(f"seeds look like 0-4 or 0,2,5, got {text!r}")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return tuple(seeds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runtheory.experiments", description=__doc__)
    parser.add_argument(
        "--module", action="append", default=[], help="a module of further recipes (repeatable)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the recipes, their cost and what they expect")
    order = commands.add_parser("run", help="run a recipe, or what is left of it, and record it")
    order.add_argument("name")
    order.add_argument("--preset", default="tiny", help="tiny (seconds) or full (recorded)")
    order.add_argument("--seeds", type=parse_seeds, default=(0,), help="for example 0-4 or 0,2,5")
    order.add_argument("--device", default="auto", help="auto, cpu or cuda")
    order.add_argument("--workers", type=int, default=1, help="cells at a time, each a process")
    order.add_argument("--threads", type=int, default=1, help="CPU threads of each cell")
    order.add_argument(
        "--out", type=Path, default=Path(), help="where runs/ and results/ are (default: here)"
    )
    return parser


def _listing(found: dict[str, Recipe]) -> str:
    if not found:
        return "there are no recipes"
    return "\n\n".join(_description(recipe) for recipe in found.values())


def _description(recipe: Recipe) -> str:
    counts = ", ".join(
        f"{preset} {len(grid.configurations())} cells a seed"
        for preset, grid in recipe.presets.items()
    )
    about = "\n".join(f"  {line.strip()}".rstrip() for line in recipe.about.strip().splitlines())
    return f"{recipe.chapter}/{recipe.name} ({counts})\n{about}"


def _run(found: dict[str, Recipe], options: argparse.Namespace) -> int:
    if options.name not in found:
        held = ", ".join(found) or "none"
        raise ValueError(f"there is no recipe {options.name!r}; there are: {held}")
    recipe, device = found[options.name], resolve_device(options.device)
    plan = Plan(recipe, options.preset, options.seeds, device, options.threads)
    try:
        print(run(plan, options.out, workers=options.workers))
        return 0
    except KeyboardInterrupt:
        tasks = plan.tasks(options.out)
        done = sum(finished(task) is not None for task in tasks)
        print(
            f"interrupted with {done} of {len(tasks)} cells finished; "
            "the same command goes on from there",
            file=sys.stderr,
        )
        return 130


if __name__ == "__main__":
    sys.exit(main())
