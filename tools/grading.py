"""A course for nbgrader: ``make course`` writes its assignments into ``course/``.

An assignment holds exercises for credit (:mod:`tools.credit`): the printed text and its change, a
stub with the solution for the teacher, a check of one case that everybody sees, and hidden cases
that hold numbers and raise. All numbers follow from a seed, which is drawn once and kept in
``course/seed.txt``. What is there is kept: a course that runs is not changed under its students.
"""

from __future__ import annotations

import argparse
import ast
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import torch
from nbformat import NotebookNode

from runtheory import durable, exercises
from tools import notebooks
from tools.cards import CardError, read_shelf
from tools.credit import Case, Task, plain_numbers, read_tasks
from tools.exercises import STUB, ExerciseError
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.plain import Plain
from tools.sphinx_runtheory.teach import read_courses

FOLDER, SEED = "course", "seed.txt"
SECONDS = 120  # that a cell of a student may take
CONFIG = f'''"""How nbgrader treats this course; https://nbgrader.readthedocs.io names more."""

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "runnable_theory"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
c.ExecutePreprocessor.timeout = {SECONDS}
c.ExecutePreprocessor.interrupt_on_timeout = True
'''
INTRODUCTION = """# For credit: {title}

Every exercise here is one of the book's, **changed**: read the line that says so, for the printed
answer is wrong here. Write your answer in place of the `raise`. The imports of the first cell are
there; whatever else a function needs belongs into its cell. The check below shows one case and
tells what came and what is wanted. Marks come from other cases, which you do not see."""
IMPORTS = "import math\n\nimport numpy as np\nimport torch\n\nfrom runtheory import exercises"
HIDDEN = "# Hidden cases run here when your work is marked."


@dataclass(frozen=True)
class Assignment:
    """What is handed out and marked at once: a name without blanks, a title and its exercises."""

    name: str
    title: str
    tasks: Sequence[Task]


def assignments(root: Path, course: str | None) -> Iterator[Assignment]:
    """Yield an assignment for the homework of each session of a course, or for each technique.

    Raises
    ------
    CardError
        If there is no such course.
    """
    shelf = read_shelf(root)
    if course is None:
        for card in shelf.cards:
            yield Assignment(card.slug, card.title, read_tasks(root / card.folder))
        return
    known = read_courses(root)
    if course not in known:
        raise CardError(f"there is no course {course!r}; there are: {', '.join(known)}")
    for at, session in enumerate(known[course].sessions, start=1):
        card = shelf.card(session.slug)
        listed = [x for x in read_tasks(root / card.folder) if x.printed.number in session.homework]
        yield Assignment(f"{at:02}_{card.slug}", f"session {at}, {card.title}", listed)


def notebook(given: Assignment, seed: str, plain: Plain) -> NotebookNode:
    """Return an assignment as nbgrader's source: with solutions, and hidden cases between marks."""
    cells = [cell for task in given.tasks for cell in _exercise(given, task, seed, plain)]
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    more = imports("\n".join(task.imports for task in given.tasks), code)
    first = [
        _text(INTRODUCTION.format(title=given.title), "introduction"),
        _code("\n".join([IMPORTS, *more]), "imports", locked=True),
    ]
    made = nbformat.v4.new_notebook(cells=[*first, *cells], nbformat_minor=5)
    made.metadata = {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    return made


def _exercise(given: Assignment, task: Task, seed: str, plain: Plain) -> Iterator[NotebookNode]:
    shown, *hidden = task.cases(f"{seed}, {given.name}")
    printed, name, points = task.printed, task.name, task.points
    worth = f"{points} point{'s' if points > 1 else ''}"
    part = f", part {printed.part}" if printed.part > 1 else ""
    text = f"## {printed.number}. {printed.title}{part}\n\n{plain(printed.text)}".rstrip()
    yield _text(f"{text}\n\n**Changed for credit ({worth}).** {task.change}", f"{name}-text")
    yield _code(task.solution(), name, solution=True)
    yield _code(_call(exercises.check, "a case to try", task, shown), f"{name}-check", locked=True)
    cases = (
        _call(exercises.require, f"hidden case {at}", task, one)
        for at, one in enumerate(hidden, start=1)
    )
    marks = "\n".join(["### BEGIN HIDDEN TESTS", *cases, "### END HIDDEN TESTS"])
    yield _code(f"{HIDDEN}\n{marks}", f"{name}-hidden", locked=True, points=points)


def _call(function: Callable[..., None], said: str, task: Task, case: Case) -> str:
    """Return the line that compares an answer with a number, both written out."""
    arguments = ", ".join(map(literal, case.arguments.values()))
    lines = [
        f"exercises.{function.__name__}(",
        f'    "{task.name}: {said}",',
        f"    lambda: {task.name}({arguments}),",
        f"    expected={literal(plain_numbers(case.wanted))},",
        *([f"    tolerance={task.tolerance!r},"] if task.tolerance != Task.tolerance else []),
        ")",
    ]
    return "\n".join(lines)


def literal(value: Any) -> str:
    """Return the code that makes a value anew.

    Raises
    ------
    ExerciseError
        If it is no number, text, tensor or array, nor a list, tuple or dictionary of them.
    """
    if isinstance(value, torch.Tensor):
        return f"torch.tensor({value.tolist()!r}, dtype={value.dtype})"
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, dtype=np.{value.dtype})"
    if isinstance(value, np.generic):
        return literal(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{literal(one)}, ' for one in value).rstrip()})"
    if isinstance(value, Mapping):
        pairs = (f"{literal(key)}: {literal(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    raise ExerciseError(f"a {type(value).__name__} cannot be written into a notebook")


def imports(pool: str, code: str) -> list[str]:
    """Return what ``code`` uses of the imports in ``pool`` and `IMPORTS` has not, each once."""
    used = {one.id for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Name)}
    known, found = _one_by_one(IMPORTS), _one_by_one(pool)
    return [line for name, line in found.items() if name in used and name not in known]


def _one_by_one(pool: str) -> dict[str, str]:
    """Return the import of each name."""
    found = {}
    for whole in ast.parse(pool).body:
        assert isinstance(whole, ast.Import | ast.ImportFrom)
        for one in whole.names:
            name = one.asname or one.name.partition(".")[0]
            found[name] = ast.unparse(type(whole)(**{**vars(whole), "names": [one]}))
    return found


def _text(source: str, name: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=name)


def _code(
    source: str, name: str, *, solution: bool = False, locked: bool = False, points: int = 0
) -> NotebookNode:
    """Return a code cell as nbgrader knows it; one with points is marked."""
    told = {"schema_version": 3, "grade_id": name, "cell_type": "code", "task": False}
    told |= {"solution": solution, "locked": locked, "grade": points > 0}
    told |= {"points": points} if points else {}
    return nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": told})


def write(root: Path, folder: Path, *, course: str | None = None, seed: str | None = None) -> None:
    """Write what is not there yet of a course into ``folder``.

    Raises
    ------
    ExerciseError
        If the folder belongs to a course of another seed.
    """
    kept = folder / SEED
    known = kept.read_text(encoding="utf-8").strip() if kept.exists() else None
    if known is not None and seed not in (None, known):
        raise ExerciseError(f"{kept} holds another seed; a new course needs a new folder: INTO=…")
    seed = known or seed or secrets.token_hex(8)
    plain = Plain(root, read_ledgers(root))
    made = {one.name: notebook(one, seed, plain) for one in assignments(root, course)}
    if known is None:
        durable.write(kept, f"{seed}\n".encode())
    if not (folder / "nbgrader_config.py").exists():
        durable.write(folder / "nbgrader_config.py", CONFIG.encode())
    new = [one for one in made if not (folder / "source" / one).exists()]
    for name in new:
        notebooks.write(made[name], folder / "source" / name / f"{name}.ipynb")
    print(f"{len(new)} new assignments, {len(made) - len(new)} kept as they are, in {folder}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the book's course and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.grading", description=__doc__)
    parser.add_argument("--course", help="a key of book/teach/courses.toml: its homework alone")
    parser.add_argument("--seed", help="what all numbers follow from; drawn where it is not given")
    parser.add_argument("--into", type=Path, default=ROOT / FOLDER, help="the course's folder")
    options = parser.parse_args(arguments)
    try:
        write(ROOT, options.into, course=options.course, seed=options.seed)
    except (ExerciseError, CardError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
