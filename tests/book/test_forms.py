"""The short form and the demo: what must be there, within which bounds, and what is to write."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from runtheory.ledger import Claim
from tests.book import tiny_book, tiny_texts
from tests.book.tiny_book import Edit, edit, ledger, replace, short_theory
from tests.book.tiny_texts import OF_DEMO, OF_TWO, TABLE
from tools import forms, notebooks
from tools.cards import read_shelf
from tools.forms import SECTIONS
from tools.ledgers import read_ledgers

MARK = "TO" + " WRITE"  # in one piece it would say that this file is to be written
THEORY, LAB = "chapters/two/theory.md", "chapters/two/lab.ipynb"
LEDGER, CARD = "chapters/two/claims.toml", "chapters/two/chapter.toml"
DEMO, OF_THE_DEMO = "demos/known_paper.ipynb", "demos/known_paper.toml"
BY_NUMBER = "a chapter is named by its link, not by a number"
LAW, BOUND, SLICE, EFFECT = OF_TWO


def faults(book: Path) -> list[tuple[str, str]]:
    return list(forms.faults(read_shelf(book), read_ledgers(book)))


def test_a_good_book_has_no_fault(good_book: Path) -> None:
    assert faults(good_book) == []


def without(name: str) -> str:
    return short_theory().replace(f"## {name}\n", f"{name}\n")


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_is_asked_for(book: Path, name: str) -> None:
    (book / THEORY).write_text(without(name))
    assert faults(book) == [(THEORY, f"sections: {name}")]


def test_sections_of_another_order_or_more_of_them(book: Path) -> None:
    first, second = (f"## {name}\n" for name in SECTIONS[:2])
    text = short_theory()
    swapped = text.replace(second, "\0").replace(first, second).replace("\0", first)
    for wrong in (swapped, f"{text}\n## More\n\nword\n", text.replace(first, first * 2)):
        (book / THEORY).write_text(wrong)
        assert faults(book) == [(THEORY, "sections: the order is another")]


def test_a_section_below_another_rank_is_none(book: Path) -> None:
    replace(book / THEORY, "## By hand", "### By hand")
    assert faults(book) == [(THEORY, "sections: By hand")]


def padded(words: int) -> str:
    """Return a theory page of exactly so many words of prose."""
    text = short_theory(600)
    missing = words - forms.count_words(text)
    return f"{text}{'more ' * missing}\n" if missing >= 0 else text.replace("word ", "", -missing)


@pytest.mark.parametrize(
    ("words", "good"), [(599, False), (600, True), (1300, True), (1301, False)]
)
def test_a_theory_page_has_600_to_1300_words(book: Path, words: int, good: bool) -> None:
    (book / THEORY).write_text(padded(words))
    said = [] if good else [(THEORY, f"{words} words, outside 600 to 1300")]
    assert faults(book) == said


def test_formulas_code_and_comments_are_no_words() -> None:
    prose = "A well-known mean isn't new: 3 of them.\n"
    apart = "$a + bee$ `name`\n\n$$\nlong_{formula} again\n$$\n\n```python\none = two\n```\n"
    apart += "<!-- say\nmore -->\n"
    assert forms.count_words(prose) == 7
    assert forms.count_words(prose + apart) == 8  # a name in a sentence is read
    assert forms.count_words("Überschriften zählen $x$ mit") == 3


def test_at_least_four_claims(book: Path) -> None:
    (book / LEDGER).write_text(ledger(*OF_TWO[:3]))
    assert faults(book) == [(LEDGER, "a technique makes at least 4 claims, here are 3")]


def test_the_long_form_is_asked_for_less(book: Path) -> None:
    assert len(read_ledgers(book).of("one")) < 4
    twinless = changed(tiny_texts.LAW, kind="law")
    (book / "chapters/one/claims.toml").write_text(ledger(twinless))
    (book / "chapters/one/exercises.ipynb").unlink()
    (book / "chapters/one/solutions.ipynb").unlink()
    assert faults(book) == []


@pytest.mark.parametrize("claim", [LAW, BOUND, SLICE], ids=lambda claim: claim.kind)
def test_laws_bounds_and_slices_name_their_twins(book: Path, claim: Claim) -> None:
    claims = [changed(one, twin="") if one is claim else one for one in OF_TWO]
    (book / LEDGER).write_text(ledger(*claims))
    kind = claim.kind.replace("_", " ")
    assert faults(book) == [(LEDGER, f"claim {claim.id}: a {kind} names its twin")]


@pytest.mark.parametrize("name", ["why", "would_take"])
@pytest.mark.parametrize("verdict", ["inconclusive", "contradicted"])
def test_what_did_not_come_out_says_why(book: Path, verdict: str, name: str) -> None:
    said: dict[str, Any] = {"why": "Few seeds.", "would_take": "More seeds.", "verdict": verdict}
    for slug, file, claim in (
        ("one", "chapters/one/claims.toml", TABLE),
        ("two", LEDGER, EFFECT),
        ("known_paper", OF_THE_DEMO, OF_DEMO[0]),
    ):
        good = tiny_book.write(book.parent / slug)
        text = (good / file).read_text(encoding="utf-8")
        assert text.count(ledger(claim).strip()) == 1
        failed = ledger(changed(claim, **{**said, name: ""})).strip()
        (good / file).write_text(text.replace(ledger(claim).strip(), failed), encoding="utf-8")
        assert faults(good) == [(file, f"claim {claim.id} is {verdict} and has no {name}")]


def test_papers_or_sources_are_named(book: Path) -> None:
    replace(book / CARD, 'sources = ["known2020"]', "")
    assert faults(book) == [(CARD, "papers: neither papers nor sources are named")]


def test_an_exercise_is_asked_for(book: Path) -> None:
    (book / "chapters/two/solutions.ipynb").unlink()
    assert faults(book) == [("chapters/two/solutions.ipynb", "an exercise is missing")]


def cells(count: int) -> Edit:
    """Let a notebook have so many code cells beside the install cell, and some prose."""

    def change(notebook: NotebookNode) -> None:
        more = [nbformat.v4.new_code_cell("1", id=f"more-{i}") for i in range(count - 2)]
        prose = [nbformat.v4.new_markdown_cell("text", id=f"text-{i}") for i in range(30)]
        notebook.cells += more + prose

    return change


@pytest.mark.parametrize(("file", "most"), [(LAB, 20), (DEMO, 8)])
def test_a_notebook_has_a_budget_of_cells(book: Path, file: str, most: int) -> None:
    original = (book / file).read_bytes()
    edit(book / file, cells(most))
    assert faults(book) == []
    (book / file).write_bytes(original)
    edit(book / file, cells(most + 1))
    assert faults(book) == [(file, f"{most + 1} code cells, more than {most}")]


def seconds(path: Path, value: float) -> None:
    notebook = notebooks.read(path)
    notebook.metadata["runtheory"]["processor_seconds"] = value
    notebooks.write(notebook, path)


@pytest.mark.parametrize(("file", "most"), [(LAB, 25), (DEMO, 5)])
def test_a_notebook_has_a_budget_of_processor_seconds(book: Path, file: str, most: int) -> None:
    seconds(book / file, most)
    assert faults(book) == []
    seconds(book / file, most + 0.1)
    assert faults(book) == [(file, f"{most + 0.1} processor seconds, more than {most}")]


@pytest.mark.parametrize(("file", "most"), [(LAB, 400_000), (DEMO, 200_000)])
def test_a_notebook_has_a_budget_of_bytes(book: Path, file: str, most: int) -> None:
    path = book / file
    missing = most - path.stat().st_size
    replace(path, "Text $x$.", f"Text $x$.{'y' * missing}")
    assert path.stat().st_size == most
    assert faults(book) == []
    replace(path, "Text $x$.", "Text $x$.y")
    assert faults(book) == [(file, f"{most + 1} bytes, more than {most}")]


def test_a_demo_makes_a_claim(book: Path) -> None:
    (book / OF_THE_DEMO).write_text(tiny_texts.DEMO)
    assert faults(book) == [(OF_THE_DEMO, "a demo makes at least one claim")]


def test_a_law_of_a_demo_names_its_twin(book: Path) -> None:
    claim = changed(OF_DEMO[0], kind="law")
    (book / OF_THE_DEMO).write_text(tiny_texts.DEMO + ledger(claim))
    said = "claim known_paper/idea: a law names its twin"
    assert faults(book) == [(OF_THE_DEMO, said)]


def prose(text: str) -> Edit:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[0].source += f"\n\n{text}"

    return change


TEXTS = [
    "chapters/two/theory.md",
    "chapters/two/chapter.toml",
    "chapters/one/lab_one.ipynb",
    "chapters/one/solutions.ipynb",
    "demos/known_paper.ipynb",
    "demos/known_paper.toml",
    "book/parts/core.md",
    "src/runtheory/noise/two.py",
    "tests/noise/test_two.py",
]


def append(path: Path, text: str) -> None:
    if path.suffix == ".ipynb":
        edit(path, prose(text))
    else:
        sign = "" if path.suffix == ".md" else "# "
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{sign}{text}\n", encoding="utf-8")


@pytest.mark.parametrize("file", TEXTS)
def test_what_is_to_be_written_is_named(book: Path, file: str) -> None:
    append(book / file, f"{MARK}: one thing")
    assert faults(book) == [(file, "to write: one thing")]


def test_what_is_to_be_written_is_named_line_by_line_without_its_quotes(book: Path) -> None:
    more = [f'"""{MARK}: a property."""', f'x = "{MARK}: a text"', f"'{MARK}: another',"]
    path = book / "src/runtheory/noise/two.py"
    path.write_text("\n".join([*more, f"{MARK}:", "written: TO the end"]))
    wanted = ["a property.", "a text", "another", ""]
    assert faults(book) == [("src/runtheory/noise/two.py", f"to write: {one}") for one in wanted]


def test_the_readers_exercises_are_not_named_beside_their_source(book: Path) -> None:
    append(book / "chapters/two/exercises.ipynb", f"{MARK}: one thing")
    assert faults(book) == []


NUMBERED = [
    "Chapter 2",
    "chapter 12",
    "Chapters 1",
    "chapter three",
    "chapters seven",
    "chapter\t9",
]


@pytest.mark.parametrize("name", NUMBERED)
def test_a_chapter_called_by_its_number_is_refused(book: Path, name: str) -> None:
    append(book / TEXTS[0], f"as in {name}, so here")
    assert faults(book) == [(TEXTS[0], f"{BY_NUMBER}: {name!r}")]


@pytest.mark.parametrize("file", TEXTS[:-1])
def test_so_it_is_in_every_kind_of_file(book: Path, file: str) -> None:
    append(book / file, "see chapter 3")
    assert faults(book) == [(file, f"{BY_NUMBER}: 'chapter 3'")]


def test_other_numbers_and_the_chapters_of_the_tests_may_stay(book: Path) -> None:
    append(
        book / TEXTS[0], "Section 3 of the chapter. 2 chapters; a chapter once; chapter onerous."
    )
    append(book / TEXTS[-1], "Chapter 2")
    assert faults(book) == []
