"""Plots as vectors on paper: drawn by a run of the notebook, shown where the bitmap is the same."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tools import notebooks, vectors
from tools.execute import NotebookError, run

PLOT = "import matplotlib.pyplot as plt\nplt.plot([0, 1], [0, {height}])\nplt.show()"


def lab(height: int = 1) -> NotebookNode:
    cells = [nbformat.v4.new_code_cell(PLOT.format(height=height), id="plot")]
    metadata = {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a notebook as the book stores it, with a bitmap."""
    path = tmp_path_factory.mktemp("lab") / "lab.ipynb"
    notebooks.write(run(lab(), path.parent), path)
    return path


def test_the_drawing_of_the_stored_bitmap_takes_its_place(stored: Path, tmp_path: Path) -> None:
    assert vectors.draw(stored, tmp_path) == (1, 1)
    (data,) = vectors.pictures(notebooks.read(stored))
    assert (tmp_path / vectors.name_of(data[vectors.PNG])).read_bytes().startswith(b"%PDF")
    (cell,) = notebooks.read(stored).cells
    (plot,) = (one for one in cell.outputs if vectors.PNG in one.get("data", {}))
    vectors.on_paper(plot, tmp_path)
    assert vectors.PNG not in plot.data
    assert base64.b64decode(plot.data[vectors.PDF]).startswith(b"%PDF")


def test_what_is_drawn_already_needs_no_run(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data,) = vectors.pictures(notebooks.read(stored))
    (tmp_path / vectors.name_of(data[vectors.PNG])).write_bytes(b"%PDF-1.4")
    monkeypatch.setattr(vectors, "run", None)
    assert vectors.draw(stored, tmp_path) == (1, 1)


def test_another_bitmap_stays(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that draws something else than the notebook stores gives no vector."""
    other = {vectors.name_of(base64.b64encode(b"other").decode()): b"%PDF-1.4"}
    monkeypatch.setattr(vectors, "drawn", lambda *_: other)
    assert vectors.draw(stored, tmp_path) == (1, 0)
    (cell,) = notebooks.read(stored).cells
    before = nbformat.from_dict(cell.outputs[-1])
    vectors.on_paper(cell.outputs[-1], tmp_path)
    assert cell.outputs[-1] == before


def test_a_cloud_of_very_many_points_stays_a_bitmap(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = notebooks.read(stored)
    (data,) = vectors.pictures(shown)
    data[vectors.PDF] = base64.b64encode(b"x" * (vectors.LARGEST + 1)).decode()
    monkeypatch.setattr(vectors, "run", lambda *_: shown)
    assert vectors.drawn(shown, stored.parent) == {}
    data[vectors.PDF] = base64.b64encode(b"x" * vectors.LARGEST).decode()
    assert list(vectors.drawn(shown, stored.parent)) == [vectors.name_of(data[vectors.PNG])]


def test_all_notebooks_but_the_solved_ones_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def draw(path: Path) -> tuple[int, int]:
        seen.append(path)
        return 2, 1

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(vectors, "draw", draw)
    told = vectors.draw_all()
    assert (
        told == f"{len(seen)} of {2 * len(seen)} plots are vectors; of the others the bitmap stays"
    )
    assert {path.name for path in notebooks.notebook_paths()} - {path.name for path in seen} == {
        "solutions.ipynb"
    }


def test_a_notebook_that_does_not_run_keeps_its_bitmaps_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stored: Path
) -> None:
    def draw(path: Path) -> tuple[int, int]:
        raise NotebookError("cell 1: no")

    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr(vectors, "draw", draw)
    monkeypatch.setattr(notebooks, "notebook_paths", lambda: [stored])
    assert vectors.draw_all() == "0 of 1 plots are vectors; of the others the bitmap stays"
    assert "lab.ipynb: cell 1: no" in capsys.readouterr().err
    assert os.environ["OMP_NUM_THREADS"] == "1"
