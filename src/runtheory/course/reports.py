"""What executed notebooks say of their checks, and one table of it.

It runs nothing: whoever edits her file can make it say anything.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtheory.boundary import checked
from runtheory.exercises import MIME

COLUMNS = ("notebook", "title", "right", "checks", "not_yet", "missing", "code", "fault")
FORMULA = tuple("=+-@＝＋－＠")  # a spreadsheet would run a cell that begins so


@dataclass(frozen=True)
class Report:
    """What one notebook says: its checks by name, a digest of its code, what is wrong with it."""

    notebook: str
    title: str = ""
    checks: Mapping[str, bool] = field(default_factory=dict)
    code: str = ""
    fault: str = ""


@checked
def read(path: Path, name: str) -> Report:
    """Return what the notebook at ``path`` says; one that cannot be read has a fault.

    A check that ran several times counts once, by its last run, as in the notebook's own tally.
    """
    try:
        if not path.is_file():
            raise OSError("it is no file")
        cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
        code = [_text(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        shown = [_text(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        checks = dict(_checks(cells))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Report(name, fault=f"no notebook: {type(error).__name__}: {error}")
    headings = (line for text in shown for line in text.splitlines() if line.startswith("# "))
    title = next(headings, "").removeprefix("# ").strip()
    digest = hashlib.sha256("\n".join(code).encode("utf-8", "replace")).hexdigest()[:12]
    told = "" if checks else "no check has run: run all cells, save, and hand in again"
    return Report(name, title, checks, digest, told)


def _checks(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    for cell in cells:
        for output in cell.get("outputs", []):
            stored = output.get("data", {}).get(MIME)
            if stored is not None:
                yield str(stored["name"]), stored["right"] is True


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


@checked
def notebooks(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the notebooks at and below ``paths`` with their names, without Jupyter's copies.

    Linked folders are not entered, and a notebook's name ends in ``.ipynb``.

    Raises
    ------
    FileNotFoundError
        If one of the paths is not there.
    """
    listed, seen = list(paths), set()
    for given in listed:
        if not given.exists():
            raise FileNotFoundError(f"there is no {given}")
        below = sorted(given.rglob("*.ipynb")) if given.is_dir() else [given]
        for path in below:
            alone = given.is_dir() and len(listed) == 1
            if ".ipynb_checkpoints" not in path.parts and path.absolute() not in seen:
                seen.add(path.absolute())
                yield path, str(path.relative_to(given) if alone else path)


@checked
def table(reports: Sequence[Report]) -> str:
    """Return the reports as CSV.

    ``missing`` names the checks that other notebooks of the same title have and this one has not;
    equal ``code`` means that two notebooks hold the same code, letter by letter.
    """
    known: dict[str, dict[str, bool]] = {}
    for one in reports:
        known.setdefault(one.title, {}).update(one.checks)
    known[""] = {}  # a notebook without a title belongs to no others
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for one in reports:
        not_yet = "; ".join(name for name, right in one.checks.items() if not right)
        missing = "; ".join(name for name in known[one.title] if name not in one.checks)
        right, checks = sum(one.checks.values()), len(known[one.title] or one.checks)
        row = (one.notebook, one.title, right, checks, not_yet, missing, one.code, one.fault)
        writer.writerow([_harmless(str(cell)) for cell in row])
    return text.getvalue()


def _harmless(cell: str) -> str:
    line = " ".join(cell.replace("\ufeff", "").split())
    return f"'{line}" if line.startswith(FORMULA) else line
