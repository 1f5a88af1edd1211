"""Assignments for nbgrader: what passes, what does not, and what is written."""

from __future__ import annotations

import copy
import csv
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbformat import NotebookNode

from tests.book.students import STUDENTS, perfect, score, submission
from tools import grading, notebooks
from tools.cards import CardError, read_shelf
from tools.credit import Task, read_tasks
from tools.exercises import ExerciseError, without_solution
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.plain import Plain
from tools.sphinx_runtheory.teach import read_courses

NBGRADER = ROOT / "_build" / "nbgrader" / "bin"
SLUGS = [card.slug for card in read_shelf(ROOT).cards]


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain(ROOT, read_ledgers(ROOT))


@pytest.mark.parametrize("slug", SLUGS)
def test_only_who_understood_passes(slug: str, plain: Plain) -> None:
    tasks = read_tasks(ROOT / "chapters" / slug)
    source = grading.notebook(grading.Assignment(slug, slug, slug, tasks), "autumn", plain)
    handed_out = nbformat.reads(nbformat.writes(source), as_version=4)
    for cell in handed_out.cells:
        if cell.id in {task.name for task in tasks}:
            cell.source = without_solution(cell.source)
    for name, answer in STUDENTS.items():
        answers = {task.name: answer for task in tasks if answer is not None}
        passed = score(submission(handed_out, answers, tasks), source, tasks)
        assert [one for one, right in passed.items() if right != (name == "perfect")] == []


def nbgrader(folder: Path, *command: str) -> None:
    path = f"{NBGRADER}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(NBGRADER / "nbgrader"), *command],
        cwd=folder,
        env={**os.environ, "PATH": path, "JUPYTER_CONFIG_DIR": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def careless(released: NotebookNode, tasks: list[Task]) -> str:
    """Return a right notebook in which cells were copied, changed, deleted and moved."""
    text = submission(released, {task.name: perfect for task in tasks}, tasks)
    made = nbformat.reads(text, as_version=4)
    first, second = (task.name for task in tasks)
    cells = {cell.id: cell for cell in made.cells}
    cells[f"{second}-tests"].source = "passed = True"
    again = copy.deepcopy(cells[first])
    again.id = "again"
    gone = ("imports", f"{first}-tests")
    made.cells = [cell for cell in reversed([again, *made.cells]) if cell.id not in gone]
    return nbformat.writes(made)


def stripped(released: NotebookNode, tasks: list[Task]) -> str:
    """Return a right notebook from an editor that keeps no metadata."""
    text = submission(released, {task.name: perfect for task in tasks}, tasks)
    made = nbformat.reads(text, as_version=4)
    for cell in made.cells:
        cell.metadata = NotebookNode()
    return nbformat.writes(made)


def sly(released: NotebookNode, tasks: list[Task]) -> str:
    """Return stubs whose tests are marked as not to be run, or not to be counted."""
    made = copy.deepcopy(released)
    for cell in made.cells:
        if cell.id.endswith("-tests"):
            cell.metadata["tags"] = ["skip-execution"]
            cell.metadata["nbgrader"] |= {"points": 1000, "solution": True}
    return nbformat.writes(made)


def hand_in(folder: Path, name: str, texts: dict[str, str]) -> None:
    """Lay what came in where nbgrader looks; the last one comes as a platform packs it."""
    *most, (packed, text) = texts.items()
    for student, one in most:
        path = folder / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(one, encoding="utf-8")
    archive = folder / "downloaded" / name / "archive" / "all.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as whole:
        whole.writestr(f"{packed}_123_assignsubmission_file_/{name} (1).ipynb", text)
    nbgrader(folder, "zip_collect", name)


def test_nbgrader_marks_a_class(tmp_path: Path) -> None:
    assert (NBGRADER / "nbgrader").exists(), "`make course` makes the environment of nbgrader"
    grading.write(ROOT, tmp_path, course="module", seed="spring")
    name = "01_comparing_classifiers"
    tasks = read_tasks(ROOT / "chapters" / "comparing_classifiers")
    nbgrader(tmp_path, "generate_assignment", name)
    text = (tmp_path / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "HIDDEN TESTS" not in text
    assert "SOLUTION" not in text
    released = nbformat.reads(text, as_version=4)
    texts = {
        student.replace("_", "-"): submission(
            released, {task.name: answer for task in tasks if answer is not None}, tasks
        )
        for student, answer in STUDENTS.items()
    }
    odd = {one.__name__: one(released, tasks) for one in (careless, stripped, sly)}
    hand_in(tmp_path, name, odd | texts)
    nbgrader(tmp_path, "autograde", name)
    nbgrader(tmp_path, "export")
    rows = list(csv.DictReader((tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines()))
    shares = {
        row["student_id"]: float(row["score"]) / float(row["max_score"])
        for row in rows
        if row["assignment"] == name
    }
    none = dict.fromkeys(("empty", "hard-coded", "copied", "sly"), 0.0)
    assert shares == {"perfect": 1.0, "careless": 1.0, "stripped": 1.0, **none}


def test_a_course_holds_the_homework_of_its_sessions() -> None:
    sessions = read_courses(ROOT)["six_weeks"].sessions
    found = list(grading.assignments(ROOT, "six_weeks"))
    names = [f"{at:02}_{one.slug}" for at, one in enumerate(sessions, start=1)]
    assert [one.name for one in found] == names
    for session, one in zip(sessions, found, strict=True):
        assert tuple({task.printed.number: 0 for task in one.tasks}) == session.homework
    with pytest.raises(CardError, match="there are: module"):
        list(grading.assignments(ROOT, "none"))


def sources(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("source/*/*.ipynb")}


def test_all_follows_from_the_seed_and_what_is_there_is_kept(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "other")]
    for folder, seed in zip(folders, ("7", "7", ""), strict=True):
        grading.write(ROOT, folder, course="module", seed=seed)
    one, same, other = map(sources, folders)
    assert one == same
    assert all(one[name] != other[name] for name in one)
    drawn = tomllib.loads((folders[2] / "course.toml").read_text(encoding="utf-8"))
    assert (drawn["course"], len(drawn["seed"])) == ("module", 16)

    kept, gone = sorted(folders[2].rglob("source/*/*.ipynb"))[:2]
    kept.write_text("mine", encoding="utf-8")
    gone.unlink()  # as after a run that was killed
    grading.write(ROOT, folders[2], course="module")
    assert sources(folders[2]) == other | {kept.name: b"mine"}
    for asked, told in (({"seed": "8"}, "seed"), ({"course": "six_weeks"}, "course")):
        with pytest.raises(ExerciseError, match=f"another {told}: name a new folder"):
            grading.write(ROOT, folders[2], **asked)
    (folders[2] / "course.toml").write_text("seed", encoding="utf-8")
    with pytest.raises(CardError, match=r"^course\.toml: "):
        grading.write(ROOT, folders[2])


@pytest.mark.parametrize(
    "value",
    [
        True,
        None,
        3,
        0.1 + 0.2,
        -0.0,
        float("inf"),
        "it's",
        [],
        (),
        (1,),
        [1, (2.5, "a")],
        {"a": [1]},
        torch.tensor([[1.5], [2.0]], dtype=torch.float64),
        torch.tensor([1, 2]),
        torch.tensor([True]),
        np.array([1.0, 2.0]),
        np.array([[1, 2]]),
        np.float64(0.1),
    ],
)
def test_a_value_is_written_so_that_it_comes_back(value: object) -> None:
    back = eval(grading.literal(value), {"torch": torch, "np": np})
    if isinstance(value, torch.Tensor):
        assert back.dtype == value.dtype
        assert torch.equal(back, value)
    elif isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        np.testing.assert_array_equal(back, value)
    else:
        assert repr(back) == repr(value.item() if isinstance(value, np.generic) else value)


def test_what_no_notebook_holds_is_refused() -> None:
    with pytest.raises(ExerciseError, match="a set cannot"):
        grading.literal({1, 2})


def test_only_imports_that_are_used_are_kept() -> None:
    pool = "import os.path\nfrom json import dumps as d, loads\nimport math\nimport json"
    code = "math.pi\nd(1)\nos.path.join('a')"
    assert grading.imports(pool, code) == ["import os.path", "from json import dumps as d"]


def test_notebooks_are_valid_and_every_exercise_is_worth_its_minutes(plain: Plain) -> None:
    tasks = read_tasks(ROOT / "chapters" / "multi_sample_dropout")
    source = grading.notebook(grading.Assignment("msd", "MSD", "MSD", tasks), "x", plain)
    nbformat.validate(source)
    told = {cell.id: cell.metadata["nbgrader"] for cell in source.cells if cell.metadata}
    assert told["mask_moments-tests"]["points"] == 2  # ten minutes
    assert told["dropout_regression-tests"]["points"] == 4  # twenty
    assert [name for name, one in told.items() if one["grade"]] == [
        f"{task.name}-tests" for task in tasks
    ]
    assert source.metadata["kernelspec"] == notebooks.KERNEL


def test_what_the_first_cell_imports_may_be_called_in_every_answer(plain: Plain) -> None:
    tasks = read_tasks(ROOT / "chapters" / "information_bounds")
    source = grading.notebook(grading.Assignment("ib", "IB", "IB", tasks), "x", plain)
    first, *tests = (
        cell.source for cell in source.cells if cell.id.endswith(("imports", "-tests"))
    )
    assert "import kl_inverse" in first
    assert len(tests) == len(tasks)
    assert all("'runtheory.information.measures.divergences'" in one for one in tests)
