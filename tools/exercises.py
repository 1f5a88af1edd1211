"""The reader's exercises, made from the solved notebook: one source, two notebooks."""

from __future__ import annotations

import copy

import nbformat
from nbformat import NotebookNode

from tools.notebooks import SOLUTION, tags

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
STUB = 'raise NotImplementedError("your turn")'
CHECKED = "nbval-check-output"


class ExerciseError(ValueError):
    """A solved notebook from which no reader's notebook can be made."""


def without_solution(source: str) -> str:
    """Return an answer cell as the reader finds it: a stub in the place of each solution."""
    lines: list[str] = []
    inside = False
    for line in source.splitlines():
        mark = line.strip()
        if mark in (BEGIN, END):
            if inside == (mark == BEGIN):
                raise ExerciseError(f"{BEGIN} and {END} must take turns")
            inside = mark == BEGIN
            if inside:
                lines.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif not inside:
            lines.append(line)
    if inside or lines == source.splitlines():
        raise ExerciseError(f"an answer cell needs lines between {BEGIN} and {END}")
    return "\n".join(lines)


def folded_solution(source: str) -> str:
    """Return the Markdown that shows an answer cell once the reader unfolds it."""
    shown = "\n".join(line for line in source.splitlines() if line.strip() not in (BEGIN, END))
    return f"<details><summary>Solution</summary>\n\n```python\n{shown}\n```\n\n</details>"


def with_checked_outputs(solved: NotebookNode) -> NotebookNode:
    """Return a copy in which the cell after each answer is compared with its stored output.

    So the tests run both notebooks and see every answer right in one and not yet in the other.
    """
    result = copy.deepcopy(solved)
    for answer, check in _pairs(result):
        if check is None:
            raise ExerciseError(f"no check cell follows the answer cell {answer.id!r}")
        check.metadata["tags"] = sorted({*tags(check), CHECKED})
    return result


def reader_notebook(solved: NotebookNode) -> NotebookNode:
    """Return the reader's notebook: stubs for answers, folded solutions after the checks."""
    cells: list[NotebookNode] = []
    pending: NotebookNode | None = None
    for original in with_checked_outputs(solved).cells:
        cell = copy.deepcopy(original)
        answer = pending
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            pending = copy.deepcopy(cell) if SOLUTION in tags(cell) else None
        if SOLUTION in tags(cell):
            cell.source = without_solution(cell.source)
            cell.metadata["tags"] = [tag for tag in tags(cell) if tag != SOLUTION]
        cells.append(cell)
        if answer is not None and cell.cell_type == "code":
            folded = folded_solution(answer.source)
            cells.append(nbformat.v4.new_markdown_cell(folded, id=f"{answer.id}-solution"))
    return nbformat.v4.new_notebook(cells=cells, nbformat_minor=5)


def _pairs(notebook: NotebookNode) -> list[tuple[NotebookNode, NotebookNode | None]]:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        (cell, following)
        for cell, following in zip(code, [*code[1:], None], strict=True)
        if SOLUTION in tags(cell)
    ]
