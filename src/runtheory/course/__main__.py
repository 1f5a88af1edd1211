"""One table of what students handed in: ``python -m runtheory.course report FOLDER``.

The table is CSV, a row for each notebook. It tells what the stored outputs say: it runs nothing,
and whoever edits her file can make it say anything. For credit run the notebooks again, hidden
cases with them, as the book's pages for teachers show.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from runtheory import durable
from runtheory.course import reports


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m runtheory.course", description=__doc__)
    command = parser.add_subparsers(required=True, metavar="COMMAND")
    report = command.add_parser(
        "report", help="one table of executed notebooks", description=__doc__
    )
    report.add_argument("paths", nargs="+", type=Path, help="notebooks, or folders of them")
    report.add_argument("--out", type=Path, help="write the table there instead of printing it")
    options = parser.parse_args(arguments)
    try:
        found = [reports.read(path, name) for path, name in reports.notebooks(options.paths)]
        if options.out is None:
            if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal need not know every letter
                sys.stdout.reconfigure(errors="backslashreplace")
            print(reports.table(found), end="", flush=True)
        else:
            durable.write(options.out, reports.table(found).encode("utf-8", "replace"))
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
