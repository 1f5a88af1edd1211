"""``python -m runtheory.data list`` and ``python -m runtheory.data fetch NAME``."""

from __future__ import annotations

import argparse
import sys

from runtheory.data.datasets import DATASETS
from runtheory.data.errors import DataError
from runtheory.data.fetching import inspect_cache
from runtheory.data.loading import INSTALLED, fetch, request_of


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, or 1 after one line on stderr that says why not."""
    options = _parser().parse_args(arguments)
    try:
        lines = _list(options.cache) if options.command == "list" else _fetch(options)
        sys.stdout.write("\n".join(lines) + "\n")
    except (DataError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m runtheory.data", description="The book's data sets: what is here, and more."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="make a set lie verified in the cache folder")
    fetching.add_argument("name", metavar="NAME", help="for instance mnist; see list")
    fetching.add_argument(
        "--from",
        dest="source",
        metavar="PATH",
        help="take it from this folder or tar archive alone",
    )
    listing = commands.add_parser("list", help="say which sets are here and verified")
    for command in (fetching, listing):
        command.add_argument(
            "--cache", metavar="PATH", help="cache folder (default: RUNTHEORY_DATA, else yours)"
        )
    return parser


def _fetch(options: argparse.Namespace) -> list[str]:
    fetched = fetch(options.name, options.cache, source=options.source, progress=True)
    attempts = [f"  {attempt.source}: {attempt.outcome}" for attempt in fetched.attempts]
    where = "" if fetched.folder is None else f" in {fetched.folder}"
    end = f"{fetched.name}: complete and verified{where}"
    return [f"{fetched.name}: looked in", *attempts, end]


def _list(cache: str | None) -> list[str]:
    lines = []
    for name, (_, _, where) in INSTALLED.items():
        fetch(name)
        lines.append(f"{name:14} verified, {where}")
    for name in DATASETS:
        request = request_of(name, cache)
        inspected = inspect_cache(request)
        problems = {file: i.outcome for file, i in inspected.items() if i.content is None}
        state = "; ".join(f"{file} {outcome}" for file, outcome in problems.items()) or "verified"
        if len(problems) == len(inspected) and set(problems.values()) == {"not there"}:
            state = "not fetched"
        lines.append(f"{name:14} {state}, {request.folder}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
