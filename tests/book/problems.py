"""What make check says of the tiny book, before and after an edit of one of its notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from tests.book import tiny_book
from tests.book.tiny_book import Edit
from tools import check

LAB, DEMO = "chapters/one/lab_one.ipynb", "demos/known_paper.ipynb"


@pytest.fixture(autouse=True)
def no_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the linters, which have nothing to read in the tiny book."""
    monkeypatch.setattr(check, "COMMANDS", ())


def found(book: Path) -> list[str]:
    return [str(problem) for problem in check.problems(book)]


def edit(book: Path, change: Edit, *, rerun: bool = True, file: str = LAB) -> list[str]:
    tiny_book.edit(book / file, change, rerun=rerun)
    return found(book)


def output(new: NotebookNode) -> Edit:
    return lambda notebook: notebook.cells[2].outputs.append(new)
