"""Chapters and labs are counted when the book is built, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.book import tiny_book
from tools.cards import read_shelf
from tools.notebooks import ROOT, title_of
from tools.sphinx_runtheory import numbers


def test_chapters_count_through_the_parts_and_labs_through_a_chapter(book: Path) -> None:
    (book / "chapters/one/theory_more.md").write_text("# More\n", encoding="utf-8")
    assert numbers.numbers(read_shelf(book), book) == {
        "chapters/one/theory": (1,),
        "chapters/one/theory_more": (1,),
        "chapters/one/lab_one": (1, 1),
        "chapters/two/theory": (2,),
        "chapters/two/lab": (2, 1),
    }


@pytest.mark.parametrize(
    ("title", "number", "wanted"),
    [
        ("The mean: theory", (3,), "The mean"),
        ("The mean", (3,), "The mean"),
        ("Lab 1: means", (3, 2), "Lab 3.2: means"),
        ("Lab: means", (3, 1), "Lab 3.1: means"),
        ("Means", (3, 1), "Lab 3.1: Means"),
    ],
)
def test_titles(title: str, number: tuple[int, ...], wanted: str) -> None:
    assert numbers.numbered_title(title, number) == wanted


def test_numbers_on_the_pages(book: Path) -> None:
    done = tiny_book.build(book)
    assert done.returncode == 0, done.stdout + done.stderr
    theory, lab = (tiny_book.page(book, f"chapters/two/{name}") for name in ("theory", "lab"))
    assert '<span class="section-number">2. </span>Noise &lt; signal' in theory
    assert "<title>2. Noise &lt; signal" in theory
    assert "<title>Lab 2.1: noise" in lab
    assert 'og:title" content="2. Noise &lt; signal"' in theory
    assert "The question" in theory
    assert "2. </span>The question" not in theory
    index = tiny_book.page(book, "book/index")
    assert "1. The mean" in index  # the side bar
    assert 'chapters/two/theory.html">2. Noise &lt; signal' in index
    assert "Definition 1.1" in tiny_book.page(book, "chapters/one/theory")
    how = tiny_book.page(book, "book/how")
    assert 'href="../chapters/one/theory.html#thm-one" title="Half">Theorem 1.2</a>' in how


def test_no_lab_of_the_book_says_twice_that_it_is_one() -> None:
    found = numbers.numbers(read_shelf(ROOT), ROOT)
    titles = {
        page: numbers.numbered_title(title_of(ROOT / f"{page}.ipynb"), number)
        for page, number in found.items()
        if len(number) == 2
    }
    assert titles
    words = {page: re.findall(r"\blab\b", title, re.I) for page, title in titles.items()}
    assert {page for page, found in words.items() if len(found) != 1} == set()


def test_no_title_of_the_book_is_without_its_number() -> None:
    found = numbers.numbers(read_shelf(ROOT), ROOT)
    chapters = [number for page, number in found.items() if page.endswith("/theory")]
    assert chapters == [(count,) for count in range(1, len(chapters) + 1)]


def test_a_counter_for_all_statements() -> None:
    assert set(numbers.one_counter().values()) == {"theorem"}
    assert "definition" in numbers.one_counter()
