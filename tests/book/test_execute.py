"""Running a notebook stores what ran, the same each time, and a failing one stays as it was."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from runtheory.explore import MIME
from tools import execute, lists, notebooks
from tools.cards import read_shelf
from tools.execute import NotebookError
from tools.widgets import VIEW

EXPLORABLE = """
from runtheory import explore
def line(height):
    axes = explore.Axis("x", (0, 1)), explore.Axis("y", (0, 1))
    marks = [explore.Line("line", [0, 1], [0, height])]
    return explore.Picture([explore.Panel(*axes, marks)], {"height": height})
explore.curves(line, controls={"height": explore.Smooth([0.0, 1.0])}, title="A line")
""".strip()


def write(folder: Path, *sources: str, name: str = "lab_one") -> Path:
    cells = [nbformat.v4.new_code_cell(text, id=f"cell-{i}") for i, text in enumerate(sources)]
    title = nbformat.v4.new_markdown_cell("# Title", id="title")
    path = folder / f"{name}.ipynb"
    notebooks.write(nbformat.v4.new_notebook(cells=[title, *cells]), path)
    return path


def test_a_stored_run_is_whole_and_repeats(tmp_path: Path) -> None:
    path = write(tmp_path, "print('a')\nprint('b')\n1 + 1", EXPLORABLE)
    execute.execute(path, "")
    first = notebooks.read(path)
    install, numbers, explorable = (cell for _, cell in notebooks.code_cells(first))
    assert install.source == notebooks.install_source("")
    assert install.metadata["jupyter"] == {"source_hidden": True}
    assert "jupyter" not in numbers.metadata
    assert [install.execution_count, numbers.execution_count] == [1, 2]
    assert [o.get("text", o.get("data")) for o in numbers.outputs] == [
        "a\nb\n",
        {"text/plain": "2"},
    ]
    stored = first.metadata["runtheory"]
    assert stored["digest"] == notebooks.digest(first)
    assert set(stored["versions"]) == {"python", "torch", "numpy", "runtheory"}
    times = ("seconds", "processor_seconds")
    assert set(stored) == {"digest", "versions", "device", "threads", *times}
    assert 0 < stored["processor_seconds"] < 180
    assert explorable.outputs[0].data[MIME]["title"] == "A line"
    assert VIEW not in explorable.outputs[0].data
    execute.execute(path, "")
    second = notebooks.read(path)
    second.metadata["runtheory"].update({name: stored[name] for name in times})
    assert second == first
    assert "widgets" not in first.metadata


def test_machine_metadata_is_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, "1")
    notebook = notebooks.read(path)
    notebook.metadata["colab"] = {"provenance": []}
    notebook.cells[1].metadata.update({"vscode": {}, "tags": ["keep"], "collapsed": True})
    notebooks.write(notebook, path)
    execute.execute(path, "")
    stored = notebooks.read(path)
    assert set(stored.metadata) == {"kernelspec", "language_info", "runtheory"}
    assert stored.cells[2].metadata == {"tags": ["keep"]}
    assert stored.cells[2].id == "cell-0"


FAILING = {
    "error": ("import math", "1 / 0", "cell 4: .*ZeroDivisionError"),
    "stderr": ("import sys", "print('careful', file=sys.stderr)", "cell 4 wrote to stderr"),
    "time": ("import time", "time.sleep(60)", "cell 4: .*timed out"),
}


@pytest.mark.parametrize(("first", "second", "reason"), FAILING.values(), ids=FAILING.keys())
def test_a_failing_notebook_stays_as_it_was(
    tmp_path: Path, first: str, second: str, reason: str
) -> None:
    path = write(tmp_path, first, second)
    before = path.read_bytes()
    with pytest.raises(NotebookError, match=f"(?s){reason}"):
        execute.execute(path, "", seconds=4)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


ANSWER = "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION"
CHECK = "from runtheory import exercises\nexercises.check('double', lambda: double(3), expected=6)"


def test_the_readers_exercises_are_made_and_run(tmp_path: Path) -> None:
    path = write(tmp_path, ANSWER, CHECK, name="solutions")
    solved = notebooks.read(path)
    solved.cells[1].metadata["tags"] = ["solution"]
    notebooks.write(solved, path)
    execute.execute(path, "")
    shown = {
        name: [cell for _, cell in notebooks.code_cells(notebooks.read(tmp_path / name))][-1]
        for name in ("solutions.ipynb", "exercises.ipynb")
    }
    texts = {name: cell.outputs[0].data["text/plain"] for name, cell in shown.items()}
    assert texts == {
        "solutions.ipynb": "✓ right: double",
        "exercises.ipynb": "✗ not yet: double (NotImplementedError: your turn)",
    }
    assert all("nbval-check-output" in notebooks.tags(cell) for cell in shown.values())


def test_a_solved_notebook_stands_for_its_exercises() -> None:
    path = notebooks.ROOT / "chapters" / "none" / "exercises.ipynb"
    assert execute._source_of(path) == path


def test_demos_are_run_like_other_notebooks_and_lists_are_written(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = notebooks.notebook_paths(book)
    assert [str(path.relative_to(book)) for path in paths] == [
        "chapters/one/exercises.ipynb",
        "chapters/one/lab_one.ipynb",
        "chapters/one/solutions.ipynb",
        "chapters/two/exercises.ipynb",
        "chapters/two/lab.ipynb",
        "chapters/two/solutions.ipynb",
        "demos/known_paper.ipynb",
    ]
    monkeypatch.setattr(execute.notebooks, "notebook_paths", lambda: paths)
    monkeypatch.setattr(execute, "read_shelf", lambda: read_shelf(book))
    monkeypatch.setattr(execute, "ProcessPoolExecutor", Here)
    (book / "_toc.yml").unlink()
    ran: list[Path] = []

    def attempt(path: Path, _: str) -> tuple[bool, str]:
        ran.append(path)
        return True, ""

    monkeypatch.setattr(execute, "attempt", attempt)
    assert execute.main([]) == 0
    assert ran == [paths[number] for number in (2, 1, 5, 4, 6)]  # exercises by their solutions
    assert list(lists.faults(read_shelf(book))) == []  # and what it made is listed


class Here:
    """A pool of no processes: what it is given runs here."""

    def __init__(self, jobs: int) -> None:
        self.map = map

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *error: object) -> None:
        return None


def test_only_the_install_cell_is_outside_the_digest(tmp_path: Path) -> None:
    notebook = notebooks.read(write(tmp_path, "1", "2"))
    with_cell = notebooks.with_install_cell(notebook, "https://github.com/a/b")
    assert notebooks.digest(with_cell) == notebooks.digest(notebook)
    joined = notebooks.read(write(tmp_path, "1\n2", name="joined"))
    assert notebooks.digest(joined) != notebooks.digest(notebook)
