"""A theory page shows what a lab stores of an explorable; what is gone stops the build."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from runtheory import explore
from tests.book import tiny_book
from tests.book.test_pdf import png
from tests.explore.pictures import stored
from tools.sphinx_runtheory import explorables

EXPLORED = {explore.MIME: stored(), "png": png(0)}
OPENED = "```{explorable} lab_one.ipynb#cell-2\n```\n"


def explored(book: Path, directive: str = OPENED, told: dict = EXPLORED) -> None:
    lab = book / "chapters" / "one" / "lab_one.ipynb"
    tiny_book.edit(lab, lambda notebook: notebook.cells[3].outputs.append(tiny_book.shown(**told)))
    page = book / "chapters" / "one" / "theory.md"
    first, rest = page.read_text().split("\n\n", 1)
    page.write_text(f"{first}\n\n{directive}\n{rest}", encoding="utf-8")


def test_a_theory_page_shows_what_its_lab_stores(book: Path) -> None:
    explored(book)
    done = tiny_book.build(book)
    assert done.returncode == 0, done.stdout + done.stderr
    theory, lab = (tiny_book.page(book, f"chapters/one/{name}") for name in ("theory", "lab_one"))
    for page in (theory, lab):
        inside = re.search(rf'<script type="{re.escape(explore.MIME)}">(.*?)</script>', page, re.S)
        assert json.loads(inside[1]) == stored()
        assert all(name in page for name in explorables.FILES)
    assert 'Computed in <a class="reference internal" href="lab_one.html">' in theory
    other = tiny_book.page(book, "book/index")
    assert not any(name in other for name in explorables.FILES)


def test_frames_on_a_theory_page_are_files_that_come_when_they_are_shown(book: Path) -> None:
    told: dict[str, Any] = {
        "kind": "frames",
        "title": "two",
        "controls": [{"name": "place", "labels": ["0", "1"], "start": 0}],
        "pictures": [png(0), png(1)],
        "texts": ["the first", "the second"],
    }
    explored(book, told={explore.MIME: told, "png": png(0)})
    done = tiny_book.build(book)
    assert done.returncode == 0, done.stdout + done.stderr
    page = tiny_book.page(book, "chapters/one/theory")
    inside = re.search(rf'<script type="{re.escape(explore.MIME)}">(.*?)</script>', page, re.S)
    files = json.loads(inside[1])["pictures"]
    folder = book / "_build" / "html" / "chapters" / "one"
    assert [(folder / file).read_bytes() for file in files] == [
        base64.b64decode(picture) for picture in told["pictures"]
    ]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("lab_one.ipynb#nowhere", "lab_one.ipynb has no cell nowhere"),
        ("lab_one.ipynb#cell-1", "the cell cell-1 of lab_one.ipynb stores no explorable"),
        ("lab_none.ipynb#cell-2", "No such file"),
    ],
)
def test_what_is_not_there_cannot_be_shown(place: str, words: str, book: Path) -> None:
    explored(book)
    with pytest.raises((LookupError, OSError), match=words):
        explorables.find(book / "chapters" / "one" / place.split("#")[0], place.split("#")[1])


def test_a_missing_cell_stops_the_build(book: Path) -> None:
    explored(book, OPENED.replace("cell-2", "gone"))
    done = tiny_book.build(book)
    assert done.returncode != 0
    assert "lab_one.ipynb has no cell gone" in done.stdout + done.stderr


def test_on_paper_a_theory_page_has_picture_and_table(book: Path) -> None:
    explored(book)
    done = tiny_book.build(book, "--builder", "latex")
    assert done.returncode == 0, done.stdout + done.stderr
    tex = (book / "_build" / "latex" / "runnable_theory.tex").read_text(encoding="utf-8")
    assert r"\sphinxstylestrong{A parabola.}" in tex
    assert re.search(r"plain\\runtheoryendcell\{\}\s+&\s+\S+\s+\S+\s4\\", tex)
