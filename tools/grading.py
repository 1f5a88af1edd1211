"""A course for nbgrader: ``make course`` writes its assignments into ``course/``.

An assignment holds exercises for credit (:mod:`tools.credit`): the printed text and its change, a
stub with the solution for the teacher, and a cell that checks one case in sight of everybody and
then hidden cases, which hold numbers and raise. All numbers follow from a seed, which is drawn once
and kept in ``course/course.toml``. What is there is kept: a course that runs is not changed under
its students.
"""

from __future__ import annotations

import argparse
import ast
import dis
import json
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import nbformat
import numpy as np
import torch
from nbformat import NotebookNode

from runtheory import durable, exercises
from tools import notebooks
from tools.cards import CardError, read_shelf, read_toml
from tools.credit import Case, Task, plain_numbers, read_tasks
from tools.exercises import ExerciseError
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.plain import Plain
from tools.sphinx_runtheory.teach import read_courses

FOLDER, CONFIG = "course", "book/teach/nbgrader_config.py"
INTRODUCTION = """# For credit: {title}

Every exercise here is one of the book's, **changed**: read the line that says so, for the printed
answer is wrong here. Write your answer in place of the `raise`. Use what the first cell imports;
whatever else a function needs belongs in its cell, and of the book's package nothing else may be
called in an answer. The check below each answer shows one case and tells what came and what is
wanted. Marks come from other cases, which you do not see. Letters, and statements that are named,
are those of the theory page *{page}*. Questions in the printed text that ask why need no answer
here."""
GUARD = """import importlib.util

if importlib.util.find_spec("runtheory") is None:
    raise ModuleNotFoundError("the book's package is missing: your course says how to install it")
"""
IMPORTS = "import math\n\nimport numpy as np\nimport torch\n\nfrom runtheory import exercises"
LOOK_UP = ("LOAD_NAME", "LOAD_GLOBAL")


@dataclass(frozen=True)
class Assignment:
    """What is handed out and marked at once: a name without blanks, a title and its exercises."""

    name: str
    title: str
    page: str  # the title of the theory page
    tasks: Sequence[Task]


def assignments(root: Path, course: str) -> Iterator[Assignment]:
    """Yield an assignment for the homework of each session of a course, or for each technique.

    Raises
    ------
    CardError
        If there is no such course.
    """
    shelf = read_shelf(root)
    if not course:
        for card in shelf.cards:
            yield Assignment(card.slug, card.title, card.title, read_tasks(root / card.folder))
        return
    known = read_courses(root)
    if course not in known:
        raise CardError(f"there is no course {course!r}; there are: {', '.join(known)}")
    for at, session in enumerate(known[course].sessions, start=1):
        card = shelf.card(session.slug)
        listed = [x for x in read_tasks(root / card.folder) if x.printed.number in session.homework]
        title = f"session {at}, {card.title}"
        yield Assignment(f"{at:02}_{card.slug}", title, card.title, listed)


def notebook(given: Assignment, seed: str, plain: Plain) -> NotebookNode:
    """Return an assignment as nbgrader's source: with solutions, and hidden cases between marks."""
    drawn = [(task, task.cases(f"{seed}, {given.name}")) for task in given.tasks]
    library = tuple(sorted({name for task, cases in drawn for name in task.library(cases)}))
    cells = [cell for task, cases in drawn for cell in _exercise(task, cases, library, plain)]
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    more = imports("\n".join(task.imports for task in given.tasks), code)
    first = [
        _text(INTRODUCTION.format(title=given.title, page=given.page), "introduction"),
        _code("\n".join([GUARD, IMPORTS, *more]), "imports", locked=True),
    ]
    made = nbformat.v4.new_notebook(cells=[*first, *cells], nbformat_minor=5)
    made.metadata = {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    return made


def _exercise(
    task: Task, cases: Sequence[Case], library: Sequence[str], plain: Plain
) -> Iterator[NotebookNode]:
    """Yield the cells of an exercise; an answer may call what the first cell has of ``library``."""
    printed, name, points = task.printed, task.name, task.printed.points
    worth = f"{points} point{'s' if points > 1 else ''}"
    part = f", part {printed.part}" if printed.part > 1 else ""
    text = f"## {printed.number}. {printed.title}{part}\n\n{plain(printed.text)}".rstrip()
    yield _text(f"{text}\n\n**Changed for credit ({worth}).** {task.change}", f"{name}-text")
    yield _code(task.solution(), name, solution=True)
    yield _code(_tests(task, cases, library), f"{name}-tests", locked=True, points=points)


def _tests(task: Task, cases: Sequence[Case], library: Sequence[str]) -> str:
    """Return the cell that is marked: one case that everybody sees, and the hidden ones."""
    shown, *hidden = cases
    tolerance = {} if task.tolerance == Task.tolerance else {"tolerance": task.tolerance}
    more = {**tolerance, **({"library": library} if library else {})}
    seen = _compared("a case to try", task, shown, tolerance)
    told = (_compared(f"hidden case {at}", task, one, more) for at, one in enumerate(hidden, 1))
    return "\n".join(
        [
            f"exercises.{exercises.check.__name__}({seen}\n)",
            "### BEGIN HIDDEN TESTS",
            *(f"exercises.{exercises.require.__name__}({case}\n)" for case in told),
            "### END HIDDEN TESTS",
        ]
    )


def _compared(said: str, task: Task, case: Case, more: Mapping[str, Any]) -> str:
    """Return what a comparison of an answer with a number is given, all written out."""
    arguments = ", ".join(map(literal, case.arguments.values()))
    told = {"expected": plain_numbers(case.wanted), **more}
    lines = [
        f'"{task.name}: {said}",',
        f"lambda: {task.name}({arguments}),",
        *(f"{name}={literal(value)}," for name, value in told.items()),
    ]
    return "".join(f"\n    {line}" for line in lines)


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
    used = _looked_up(compile(code, "answers", "exec"))
    known, found = _one_by_one(IMPORTS), _one_by_one(pool)
    return [line for name, line in found.items() if name in used and name not in known]


def _looked_up(code: CodeType) -> set[str]:
    """Return the names that code looks up outside of its functions."""
    read = (one for one in dis.get_instructions(code) if one.opname in LOOK_UP)
    inside = (one for one in code.co_consts if isinstance(one, CodeType))
    return {str(one.argval) for one in read}.union(*map(_looked_up, inside))


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


def write(root: Path, folder: Path, *, course: str = "", seed: str = "") -> None:
    """Write what is not there yet of a course into ``folder``.

    Raises
    ------
    ExerciseError
        If the folder belongs to another course, or to one of another seed.
    """
    kept = folder / "course.toml"
    told: dict[str, str] = {"course": course, "seed": seed or secrets.token_hex(8)}
    if kept.exists():
        told = read_toml(kept, folder)
        for name, asked in (("course", course), ("seed", seed)):
            if not isinstance(told.get(name), str) or asked not in ("", told[name]):
                raise ExerciseError(f"{kept} has another {name}: name a new folder by INTO=folder")
    plain = Plain(root, read_ledgers(root))
    listed = list(assignments(root, told["course"]))
    new = [one for one in listed if not any((folder / "source" / one.name).glob("*.ipynb"))]
    made = {one.name: notebook(one, told["seed"], plain) for one in new}
    texts = {
        ".gitignore": "*\n",
        "course.toml": "".join(
            f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in told.items()
        ),
        "nbgrader_config.py": (root / CONFIG).read_text(encoding="utf-8"),
    }
    for name, text in texts.items():
        if not (folder / name).exists():
            durable.write(folder / name, text.encode())
    for name, source in made.items():
        notebooks.write(source, folder / "source" / name / f"{name}.ipynb")
    print(f"new assignments: {len(made)}; kept as they are: {len(listed) - len(made)}; in {folder}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the book's course and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.grading", description=__doc__)
    parser.add_argument("--course", default="", help="a key of book/teach/courses.toml")
    parser.add_argument("--seed", default="", help="what all numbers follow from; else drawn")
    parser.add_argument("--into", type=Path, default=ROOT / FOLDER, help="the course's folder")
    options = parser.parse_args(arguments)
    try:
        write(ROOT, options.into, course=options.course, seed=options.seed)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"next: source _build/nbgrader/bin/activate; cd '{options.into}'; nbgrader --help")
    return 0


if __name__ == "__main__":
    sys.exit(main())
