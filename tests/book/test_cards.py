"""Cards: what they say is read in the order of the book, and every fault names its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import check
from tools.cards import CardError, Lab, Letter, Paper, Part, read_shelf
from tools.notebooks import ROOT

KEYS = frozenset({"known2020"})
ONE, TWO = "chapters/one/chapter.toml", "chapters/two/chapter.toml"
DEMO = "demos/known_paper.toml"
PARTS, ATLAS = "book/parts.toml", "book/atlas.toml"


def test_a_card_holds_what_its_file_says(book: Path) -> None:
    shelf = read_shelf(book)
    one, two = shelf.cards
    assert (one.slug, one.file, one.title, one.part, one.order) == (
        "one",
        ONE,
        "The mean",
        "core",
        10,
    )
    assert one.labs == (Lab("lab_one", ("known-paper",)),)
    assert one.letters == (
        Letter("X, X_i", "a number"),
        Letter(r"\mu", "its mean", "$[0, 1]$", "`mean`"),
    )
    assert one.pages == ["chapters/one/theory", "chapters/one/lab_one"]
    assert two.labs == (Lab("lab"),)
    assert (two.sources, two.builds_on, two.papers) == (("known2020",), ("one",), ())
    assert shelf.before(two) == [one]
    assert shelf.card("two") is two
    assert list(shelf.papers) == ["known-paper", "waiting-paper", "read-paper"]
    assert shelf.papers["read-paper"] == Paper(
        "read-paper", "known2020", "Noise & more", "Nobody can run this.", "It needs a telescope."
    )
    assert shelf.parts[1] == Part("noise", "Noise & more", "What does noise do?")
    assert [part.key for part in shelf.shown_parts()] == ["core", "noise"]
    assert [(demo.slug, demo.page) for demo in shelf.demos] == [
        ("known_paper", "demos/known_paper")
    ]


UNREADABLE = {
    "unknown key": (ONE, "order = 10", "order = 10\ncolour = 1", "unknown key 'colour'"),
    "key of the reader": (ONE, "order = 10", 'order = 10\nslug = "two"', "unknown key 'slug'"),
    "no title": (ONE, 'title = "The mean"', "", "no key 'title'"),
    "no teach": (TWO, "[teach]", "[taught]", "unknown key 'taught'"),
    "no code": (ONE, 'code = "runtheory.one"', "", "no key 'code'"),
    "order in words": (
        ONE,
        "order = 10",
        'order = "ten"',
        "order must be a whole number, got 'ten'",
    ),
    "one for a list": (TWO, '["one"]', '"one"', "builds_on must be a list of texts, got 'one'"),
    "letter": (TWO, '"a noise"', '["a", "b", "c", "d"]', "letter 'X' takes a meaning"),
    "no TOML": (TWO, "[teach]", "[teach", "Expected"),
    "unknown key of a lab": (
        ONE,
        "[labs.one]\npapers",
        "[labs.one]\npaper",
        "labs.one: unknown key 'paper'",
    ),
    "labs in a list": (TWO, "builds_on", "labs = []\nbuilds_on", "labs must be a table"),
    "unknown key of a demo": (DEMO, "order = 10", "order = 10\nlab = 1", "unknown key 'lab'"),
    "no idea of a demo": (DEMO, 'idea = "One picture says it."', "", "no key 'idea'"),
    "no key of a paper": (ATLAS, 'key = "known2020"', "", "known-paper: no key 'key'"),
    "no idea of a paper": (
        ATLAS,
        'idea = "A mean is an average."',
        "",
        "known-paper: no key 'idea'",
    ),
    "a paper twice": (
        ATLAS,
        "[[paper]]",
        '[[paper]]\nid = "known-paper"\nkey = "x"\ntheme = "T"\nidea = "I"\n[[paper]]',
        "the id 'known-paper' is used twice",
    ),
    "unknown key of a part": (PARTS, '"The core"', '"The core"\norder = 1', "unknown key 'order'"),
    "no question of a part": (PARTS, 'question = "What is known?"', "", "no key 'question'"),
    "no parts": (PARTS, "[part.", "[parts.", "part must be a table, got None"),
    "no front": (PARTS, "[front]", "[fronts]", "front must be a table, got None"),
    "more than parts": (PARTS, "[back]", "[more]\n[back]", "unknown key 'more'"),
}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), UNREADABLE.values(), ids=UNREADABLE.keys()
)
def test_what_cannot_be_read_is_one_problem_with_its_file(
    book: Path, file: str, old: str, new: str, expected: str
) -> None:
    text = (book / file).read_text(encoding="utf-8")
    (book / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CardError):
        read_shelf(book)
    (problem,) = check.problems(book)
    assert problem.file == file
    assert problem.text.startswith(expected)


def test_a_book_without_parts(book: Path) -> None:
    (book / PARTS).unlink()
    (problem,) = check.problems(book)
    assert problem.file == PARTS


def test_the_real_cards_can_be_read() -> None:
    shelf = read_shelf(ROOT)
    assert {card.part for card in shelf.cards} <= {part.key for part in shelf.parts}
    assert shelf.shown_parts()
