"""The instructor's pages: sessions come from the cards, and what is not there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book import tiny_book
from tools import check
from tools.cards import CardError, read_shelf
from tools.sphinx_runtheory import teach

COURSES = """
[short]
title = "Short"

[[short.session]]
slug = "one"
minutes = 90
labs = ["lab_one"]
homework = ["1"]
note = "Bring chalk."

[[short.session]]
slug = "two"
minutes = 45
labs = ["lab"]
homework = ["1"]
"""
HOW = "\n```{course} short\n```\n\n```{misconceptions}\n```\n"


@pytest.fixture
def taught(book: Path) -> Path:
    (book / "book" / "teach").mkdir()
    (book / teach.COURSES).write_text(COURSES, encoding="utf-8")
    return book


def faults(book: Path) -> list[str]:
    cards = {card.slug: card for card in read_shelf(book).cards}
    return [text for _, text in teach.faults(book, cards)]


def test_a_good_course_has_no_fault_and_a_book_needs_none(taught: Path) -> None:
    assert faults(taught) == []
    (taught / teach.COURSES).unlink()
    assert faults(taught) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('slug = "one"', 'slug = "none"', "short, session 1: there is no technique 'none'"),
        (
            'note = "Bring chalk."',
            'board = "More."',
            "short, session 1: a later session of a technique, and no other, has a board",
        ),
        ('labs = ["lab"]', 'labs = ["lab_two"]', "short, session 2: two has no lab_two"),
        ('labs = ["lab"]', 'labs = ["lab", "lab"]', "short, session 2: lab is listed twice"),
        (
            'homework = ["1"]\nnote',
            'homework = ["1", "9"]\nnote',
            "short, session 1: one has no exercise 9",
        ),
        (
            'homework = ["1"]\nnote',
            "homework = []\nnote",
            "short, session 1: no objective is met by its homework",
        ),
    ],
)
def test_what_is_not_there_is_named(taught: Path, old: str, new: str, fault: str) -> None:
    tiny_book.replace(taught / teach.COURSES, old, new)
    assert faults(taught) == [fault]


def test_what_a_technique_builds_on_comes_before_it(taught: Path) -> None:
    head, one, two = (taught / teach.COURSES).read_text().split("[[short.session]]")
    (taught / teach.COURSES).write_text("[[short.session]]".join([head, two, one]))
    assert faults(taught) == ["short, session 1: two builds on one, which comes later"]


def test_a_key_of_another_type_stops_the_reading(taught: Path) -> None:
    tiny_book.replace(taught / teach.COURSES, "minutes = 90", 'minutes = "90"')
    with pytest.raises(CardError, match=r"courses.toml: short, session 1: minutes must be"):
        faults(taught)


def test_a_belief_needs_the_claim_that_refutes_it(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "COMMANDS", ())
    tiny_book.replace(book / "chapters/two/chapter.toml", '"two/variance"', '"one/law"')
    found = [problem.text for problem in check.problems(book)]
    assert found == ["teach: refuted_by names no claim: 'one/law'"]


def test_an_open_claim_refutes_no_belief(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "COMMANDS", ())
    tiny_book.replace(book / "chapters/one/chapter.toml", '"one/law"', '"one/table"')
    found = [problem.text for problem in check.problems(book)]
    assert found == ["teach: an inconclusive claim refutes nothing: 'one/table'"]
