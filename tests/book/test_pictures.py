"""Pictures of theory pages: stored as the code draws them, with words, legible on a telephone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.tiny_book import replace
from tools import pictures
from tools.notebooks import ROOT

FOLDERS = sorted(path.parent for path in (ROOT / "chapters").glob("*/picture.py"))
PAGE = """# Page

```{figure} picture_one.svg
:name: fig-one
:alt: a line that rises
:figclass: book-map

A line.
```
"""
CODE = """
from runtheory import plot


def one():
    canvas, (axes,) = plot.figure(width=3.0, height=2.0)
    axes.plot([0, 1], [0, 2])
    return canvas


PICTURES = {"picture_one": one}
"""


@pytest.fixture
def chapter(tmp_path: Path) -> Path:
    folder = tmp_path / "chapters" / "one"
    folder.mkdir(parents=True)
    (folder / "theory.md").write_text(PAGE)
    (folder / "picture.py").write_text(CODE)
    pictures.write(folder)
    return folder


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_stored_is_what_the_code_draws(folder: Path) -> None:
    assert pictures.stale(folder) == []


def test_a_good_chapter_has_no_fault(chapter: Path) -> None:
    assert list(pictures.faults(chapter.parents[1])) == []
    assert pictures.stale(chapter) == []


def test_a_number_that_changed_is_noticed(chapter: Path) -> None:
    replace(chapter / "picture.py", "[0, 2]", "[0.05, 2]")
    assert pictures.stale(chapter) == ["picture_one.svg"]


def test_another_rounding_is_not(chapter: Path) -> None:
    replace(chapter / "picture.py", "[0, 2]", "[1e-9, 2]")
    assert pictures.stale(chapter) == []


def test_a_picture_that_nothing_draws_is_noticed(chapter: Path) -> None:
    (chapter / "picture_two.svg").write_text((chapter / "picture_one.svg").read_text())
    assert pictures.stale(chapter) == ["picture_two.svg"]
    assert list(pictures.faults(chapter.parents[1])) == [
        ("chapters/one/picture_two.svg", "no theory page shows this picture")
    ]


def test_a_picture_that_was_not_drawn_is_noticed(chapter: Path) -> None:
    (chapter / "picture_one.svg").unlink()
    assert pictures.stale(chapter) == ["picture_one.svg"]


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        (":name: fig-one", "name"),
        (":alt: a line that rises", "alt"),
        (":figclass: book-map", "figclass"),
        ("\nA line.", "caption"),
    ],
)
def test_a_figure_without_words_is_a_fault(chapter: Path, line: str, missing: str) -> None:
    replace(chapter / "theory.md", f"{line}\n", "")
    assert list(pictures.faults(chapter.parents[1])) == [
        ("chapters/one/theory.md", f"the figure picture_one.svg has no {missing}")
    ]


def test_a_picture_too_wide_for_a_telephone_is_a_fault(chapter: Path) -> None:
    replace(chapter / "picture.py", "width=3.0", "width=7.0")
    pictures.write(chapter)
    assert list(pictures.faults(chapter.parents[1])) == [
        ("chapters/one/picture_one.svg", "a picture says how wide it is, at most 4.5 inches")
    ]
