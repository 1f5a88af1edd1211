"""The exercises as the book prints them: what the solved notebook of a technique holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tools.notebooks import INSTALL, SOLUTION, tags

HEADING = re.compile(r"^## (?P<number>\d+)\. (?P<title>[^\n]*)(?P<text>.*)", re.S | re.M)
FOLDED = re.compile(r"<details>.*?</details>", re.S)
LEVEL = re.compile(r"\*Level: (?:first steps|a little harder|with some thought), (\d+) minutes\.\*")


@dataclass(frozen=True)
class Exercise:
    """A part of an exercise: what is printed before its answer cell, that cell, and its minutes.

    Most exercises have one part. The minutes of an exercise are shared evenly by its parts.
    """

    number: str
    title: str
    text: str
    source: str
    minutes: float
    part: int = 1

    @property
    def points(self) -> int:
        """What it is worth for credit: a point for every five minutes, at least one."""
        return max(1, round(self.minutes / 5))


def exercises(solved: NotebookNode) -> Iterator[Exercise]:
    """Yield the parts of the exercises of a solved notebook, one for each answer cell."""
    found: list[Exercise] = []
    text = ""
    for cell in solved.cells:
        if cell.cell_type == "markdown":
            heading = HEADING.search(cell.source)
            if heading is not None:
                yield from _shared(found)
                found, text = [], heading["text"]
                number, title = heading["number"], heading["title"].strip()
                minutes = LEVEL.search(text)
            else:
                text += f"\n\n{cell.source}"
        elif SOLUTION in tags(cell):
            said = FOLDED.sub("", text).strip()
            told = int(minutes[1]) if minutes else 0
            found.append(Exercise(number, title, said, cell.source, told, len(found) + 1))
            text = ""
    yield from _shared(found)


def _shared(parts: list[Exercise]) -> Iterator[Exercise]:
    yield from (replace(one, minutes=one.minutes / len(parts)) for one in parts)


def answers(solved: NotebookNode) -> dict[str, Any]:
    """Run the imports and the answers of a solved notebook, no check; return what they define."""
    scope: dict[str, Any] = {}
    for cell in solved.cells:
        if SOLUTION in tags(cell) or _only_imports(cell):
            exec(compile(cell.source, "solutions.ipynb", "exec"), scope)
    return scope


def imports(solved: NotebookNode, file: Path) -> str:
    """Return the imports of the solved notebook and of ``credit.py``, what answers can need."""
    sources = [cell.source for cell in solved.cells if _only_imports(cell)]
    parsed = [ast.parse(one) for one in [*sources, file.read_text("utf-8")]]
    found = (one for tree in parsed for one in tree.body)
    return "\n".join(
        ast.unparse(one)
        for one in found
        if isinstance(one, ast.Import)
        or (isinstance(one, ast.ImportFrom) and one.module not in ("__future__", "tools.credit"))
    )


def _only_imports(cell: NotebookNode) -> bool:
    """Tell whether a cell holds imports alone; the install cell need not be Python."""
    if cell.cell_type != "code" or INSTALL in tags(cell):
        return False
    return all(isinstance(one, ast.Import | ast.ImportFrom) for one in ast.parse(cell.source).body)
