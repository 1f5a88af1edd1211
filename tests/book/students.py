"""Submissions of known quality, made from an assignment and its exercises."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping

import nbformat
from nbformat import NotebookNode

from tools.credit import Task

WANTED = re.compile(r"^    expected=(.*),$", re.M)
Answer = Callable[[Task, str], str]


def perfect(task: Task, _: str) -> str:
    """Answer as the teacher does."""
    return task.solution()


def copied(task: Task, _: str) -> str:
    """Paste the solution that the book prints."""
    return task.printed.source


def hard_coded(task: Task, check: str) -> str:
    """Return what the visible check wants, whatever is given."""
    found = WANTED.search(check)
    assert found is not None
    return f"def {task.name}(*given):\n    return {found[1]}"


STUDENTS: Mapping[str, Answer | None] = {
    "perfect": perfect,
    "empty": None,
    "hard_coded": hard_coded,
    "copied": copied,
}


def submission(handed_out: NotebookNode, answers: Mapping[str, Answer], tasks: list[Task]) -> str:
    """Return what is handed in: ``answers`` by the names of the exercises, the others left open."""
    made = copy.deepcopy(handed_out)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in made.cells}
    for task in tasks:
        if task.name in answers:
            check = cells[f"{task.name}-tests"].source
            cells[task.name].source = answers[task.name](task, check)
    return nbformat.writes(made)


def score(submitted: str, marked: NotebookNode, tasks: list[Task]) -> dict[str, bool]:
    """Tell which exercises pass, by the hidden cells of ``marked``; no kernel is started."""
    answers = {cell.id: cell.source for cell in nbformat.reads(submitted, as_version=4).cells}
    tests = {cell.id: cell.source for cell in marked.cells}
    return {
        task.name: _passes(tests["imports"], answers[task.name], tests[f"{task.name}-tests"])
        for task in tasks
    }


def _passes(*cells: str) -> bool:
    scope: dict[str, object] = {}
    try:
        for cell in cells:
            exec(compile(cell, "submission", "exec"), scope)
    except Exception as error:
        return _refused(error)
    return True


def _refused(error: Exception) -> bool:
    """Return that the answer does not pass; an error that is no refusal goes through."""
    if isinstance(error, AssertionError) and "hidden case" in str(error):
        return False
    raise error
