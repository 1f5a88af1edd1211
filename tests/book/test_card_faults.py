"""Every fault of a card is one sentence with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.tiny_book import replace
from tools import card_faults
from tools.cards import read_shelf

KEYS = frozenset({"known2020"})
ONE, TWO = "chapters/one/chapter.toml", "chapters/two/chapter.toml"
DEMO = "demos/known_paper.toml"
PARTS, ATLAS = "book/parts.toml", "book/atlas.toml"


def faults(book: Path) -> list[tuple[str, str]]:
    return list(card_faults.faults(read_shelf(book), KEYS))


def broken(book: Path, file: str, old: str, new: str) -> list[tuple[str, str]]:
    replace(book / file, old, new)
    return faults(book)


def copied(book: Path, slug: str, *changes: tuple[str, str]) -> None:
    """Make of ``one`` another technique, with code of its own."""
    folder = book / "chapters" / slug
    folder.mkdir()
    for name in ("chapter.toml", "theory.md", "lab_one.ipynb", "solutions.ipynb"):
        (folder / name).write_bytes((book / "chapters" / "one" / name).read_bytes())
    for old, new in changes:
        replace(folder / "chapter.toml", old, new)


def test_a_good_book_has_no_fault(book: Path) -> None:
    assert faults(book) == []


def test_cards_are_in_the_order_of_the_parts_then_their_own(book: Path) -> None:
    copied(book, "zero", ("order = 10", "order = 5"))
    copied(book, "late", ('part = "core"', 'part = "limits"'))
    copied(book, "also", ("order = 10", "order = 100"))
    assert [card.slug for card in read_shelf(book).cards] == ["zero", "one", "also", "two", "late"]
    assert faults(book) == []


CARDS = {
    "part": (ONE, '"core"', '"cores"', "part: book/parts.toml has no part 'cores'"),
    "paper": (
        ONE,
        'papers = ["known-paper"]\ncode',
        'papers = ["new"]\ncode',
        "papers: book/atlas.toml has no paper 'new'",
    ),
    "paper of a lab": (
        ONE,
        '[labs.one]\npapers = ["known-paper"]',
        '[labs.one]\npapers = ["known-paper", "new"]',
        "papers: book/atlas.toml has no paper 'new'",
    ),
    "source": (
        TWO,
        '["known2020"]',
        '["known2021"]',
        "sources: book/references.bib has no key 'known2021'",
    ),
    "objectives": (
        TWO,
        'objectives = [["double a number", 1], ["halve one", 1]]',
        'objectives = [["double a number", 1]]',
        "teach: 1 objectives, outside 2 to 6",
    ),
    "objective without exercise": (
        TWO,
        '["halve one", 1]',
        '["halve one", 2]',
        "teach: there is no exercise 2 to meet the objective 'halve one'",
    ),
    "objective of another form": (
        TWO,
        '["halve one", 1]',
        '"halve one"',
        "teach: an objective is a text and the number of an exercise, got 'halve one'",
    ),
    "builds on": (TWO, '["one"]', '["one", "three"]', "builds_on: there is no technique 'three'"),
    "module": (TWO, "noise.two", "noise.three", "code: there is no module runtheory.noise.three"),
    "no code": (
        TWO,
        '"runtheory.noise.two"',
        '""',
        "code: '' is no module or package below runtheory",
    ),
    "everything": (
        TWO,
        "runtheory.noise.two",
        "runtheory",
        "code: 'runtheory' is no module or package below runtheory",
    ),
    "elsewhere": (
        TWO,
        "runtheory.noise",
        "tests.noise",
        "code: 'tests.noise.two' is no module or package below runtheory",
    ),
    "minutes": (TWO, "minutes = 45", "", "teach: minutes is missing"),
    "board": (TWO, 'board = "the variance of a mean"', 'board = ""', "teach: board is missing"),
    "misconception": (TWO, 'misconception = "Noise stays."', "", "teach: misconception is missing"),
    "projector": (
        TWO,
        'projector = "lab"',
        'projector = "theory"',
        "teach: projector names no lab: 'theory'",
    ),
    "question": (TWO, '"What does noise do?"', '""', "question is empty"),
    "idea": (ONE, '"Add and divide. A friend would."', '""', "idea is empty"),
    "circle": (TWO, '["one"]', '["one", "two"]', "builds_on: a circle, two → two"),
    "part of a demo": (DEMO, '"noise"', '"noises"', "part: book/parts.toml has no part 'noises'"),
    "paper of a demo": (
        DEMO,
        '"known-paper"',
        '"new"',
        "paper: book/atlas.toml has no paper 'new'",
    ),
    "key of a paper": (
        ATLAS,
        'id = "known-paper"\nkey = "known2020"',
        'id = "known-paper"\nkey = "known2021"',
        "paper known-paper: book/references.bib has no key 'known2021'",
    ),
    "theme of a paper": (ATLAS, '"Means"', '""', "paper known-paper: theme is empty"),
    "read and run": (
        ATLAS,
        'idea = "A mean is an average."',
        'idea = "A mean is an average."\nreason = "Too far."',
        f"paper known-paper: it has a reason why it is only read, but {DEMO} runs it",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "expected"), CARDS.values(), ids=CARDS.keys())
def test_a_fault_is_named_with_its_file(
    book: Path, file: str, old: str, new: str, expected: str
) -> None:
    assert broken(book, file, old, new) == [(file, expected)]


def test_a_projector_that_is_missing(book: Path) -> None:
    assert broken(book, TWO, 'projector = "lab"', "") == [
        (TWO, "teach: projector is missing"),
        (TWO, "teach: projector names no lab: None"),
    ]


def test_equal_orders_in_a_part(book: Path) -> None:
    copied(book, "other")
    assert faults(book) == [
        ("chapters/other/chapter.toml", f"order: 10 is taken in part core by {ONE}")
    ]


def test_equal_orders_of_two_parts_or_of_a_demo_are_no_fault(book: Path) -> None:
    shelf = read_shelf(book)
    assert {one.order for one in (*shelf.cards, *shelf.demos)} == {10}
    assert [demo.part for demo in shelf.demos] == [shelf.cards[1].part]
    assert faults(book) == []


def test_equal_orders_of_two_demos(book: Path) -> None:
    for ending in (".toml", ".ipynb"):
        source = (book / DEMO).with_suffix(ending)
        source.with_stem("new_paper").write_bytes(source.read_bytes())
    (fault,) = faults(book)
    assert fault == ("demos/new_paper.toml", f"order: 10 is taken in part noise by {DEMO}")


def test_a_circle_of_three_is_followed_from_outside_and_named_once(book: Path) -> None:
    copied(book, "three", ("order = 10", 'order = 30\nbuilds_on = ["four"]'))
    copied(book, "four", ("order = 10", 'order = 40\nbuilds_on = ["five"]'))
    copied(book, "five", ("order = 10", 'order = 50\nbuilds_on = ["three"]'))
    replace(book / ONE, "order = 10", 'order = 10\nbuilds_on = ["three"]')
    (fault,) = faults(book)
    assert fault == (
        "chapters/three/chapter.toml",
        "builds_on: a circle, one → three → four → five → three",
    )


def test_two_ways_to_one_technique_are_no_circle(book: Path) -> None:
    copied(book, "three", ("order = 10", 'order = 30\nbuilds_on = ["one"]'))
    replace(book / TWO, '["one"]', '["one", "three"]')
    assert faults(book) == []


MISSING = {
    "theory": ("chapters/one/theory.md", (ONE, "there is no page chapters/one/theory")),
    "listed lab": ("chapters/one/lab_one.ipynb", (ONE, "there is no page chapters/one/lab_one")),
    "single lab": ("chapters/two/lab.ipynb", (TWO, "there is no page chapters/two/lab")),
    "test": (
        "tests/noise/test_two.py",
        (TWO, "code: runtheory.noise.two has no test tests/noise/test_two.py"),
    ),
    "tests": ("tests/one/test_means.py", (ONE, "code: runtheory.one has no tests in tests/one")),
    "package": ("src/runtheory/one/__init__.py", (ONE, "code: there is no module runtheory.one")),
    "demo": ("demos/known_paper.ipynb", (DEMO, "there is no notebook demos/known_paper.ipynb")),
    "card of a demo": (DEMO, (DEMO, "there is no card")),
}


@pytest.mark.parametrize(("gone", "expected"), MISSING.values(), ids=MISSING.keys())
def test_a_file_that_is_missing(book: Path, gone: str, expected: tuple[str, str]) -> None:
    (book / gone).unlink()
    assert faults(book) == [expected]


def test_a_technique_without_card(book: Path) -> None:
    (book / TWO).unlink()
    assert faults(book) == [(TWO, "there is no card")]


def test_a_lab_that_is_not_listed(book: Path) -> None:
    (book / "chapters/one/lab_other.ipynb").write_bytes(
        (book / "chapters/one/lab_one.ipynb").read_bytes()
    )
    assert faults(book) == [(ONE, "labs: lab_other.ipynb is not listed")]


def test_labs_without_any_list(book: Path) -> None:
    expected = [
        (ONE, "teach: projector names no lab: 'lab_one'"),
        (ONE, "there is no page chapters/one/lab"),
        (ONE, "labs: lab_one.ipynb is not listed"),
    ]
    assert broken(book, ONE, '[labs.one]\npapers = ["known-paper"]', "") == expected


def test_a_demo_with_the_slug_of_a_technique(book: Path) -> None:
    for ending in (".toml", ".ipynb"):
        source = (book / DEMO).with_suffix(ending)
        source.rename(source.with_stem("two"))
    assert faults(book) == [("demos/two.toml", "a technique has the slug two as well")]


def test_a_theory_page_that_hides_its_objectives(book: Path) -> None:
    told = "teach: the theory page does not show the objectives"
    theory = "chapters/two/theory.md"
    assert broken(book, theory, "```{objectives}\n```\n\n", "") == [(TWO, told)]
