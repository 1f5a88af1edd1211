"""Ledgers and stored verdicts agree; each way in which they do not is reported with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from runtheory.outcome import MIME as CLAIM
from tests.book import tiny_book
from tests.book.problems import DEMO, LAB, edit, found, no_commands, output  # noqa: F401
from tests.book.tiny_book import Edit, replace, shown
from tests.book.tiny_texts import LAW, OF_TWO, SUM, TABLE
from tools import check, notebooks

ONE, OF_DEMO = "chapters/one/claims.toml", "demos/known_paper.toml"


def test_claim_that_nobody_checks(book: Path) -> None:
    problems = edit(book, lambda notebook: notebook.cells[2].outputs.pop(0))
    assert problems == [f"{ONE}: no notebook checks the claim one/law"]


def test_claim_of_a_demo_that_nobody_checks(book: Path) -> None:
    problems = edit(book, lambda notebook: notebook.cells[2].outputs.pop(0), file=DEMO)
    assert problems == [f"{OF_DEMO}: no notebook checks the claim known_paper/idea"]


def record(**changes: object) -> Edit:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[2].outputs[0].data[CLAIM].update(changes)

    return change


def also(claim: dict[str, object]) -> Edit:
    return output(shown(claim=claim, **{"text/html": "<p>x</p>"}))


@pytest.mark.parametrize(("file", "claim"), [(LAB, "one/law"), (DEMO, "known_paper/idea")])
def test_claim_that_does_not_hold(book: Path, file: str, claim: str) -> None:
    (problem,) = edit(book, record(verdict="contradicted"), file=file)
    said = f"the claim {claim} is stored as contradicted, its ledger expects holds"
    assert problem == f"{file}, cell 3: {said}"


def test_check_that_no_ledger_lists(book: Path) -> None:
    assert f"{LAB}, cell 3: no ledger lists the claim one/other that this cell checks" in edit(
        book, record(id="one/other")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement", "One is two."),
        ("source", "thm-two"),
        ("kind", "bound"),
        ("direction", "negative"),
        ("twin", "A half."),
    ],
)
def test_a_ledger_that_was_changed_after_the_run(book: Path, name: str, value: str) -> None:
    (problem,) = edit(book, record(**{name: value}))
    said = f"the claim one/law has another {name} in its ledger: run `make execute`"
    assert problem == f"{LAB}, cell 3: {said}"


def test_claim_of_another_technique(book: Path) -> None:
    problems = edit(book, also(tiny_book.record(OF_TWO[0])))
    assert f"{LAB}, cell 3: the claim two/variance belongs to another technique" in problems


def test_a_demo_that_checks_the_claim_of_a_technique(book: Path) -> None:
    problems = edit(book, also(tiny_book.record(LAW)), file=DEMO)
    assert f"{DEMO}, cell 3: the claim one/law belongs to another technique" in problems
    assert f"{DEMO}, cell 3: the claim one/law is checked in lab_one.ipynb as well" in problems


def test_claim_that_two_labs_check(book: Path) -> None:
    other = book / "chapters" / "one" / "lab_second.ipynb"
    notebooks.write(tiny_book.lab("Lab: again", LAW), other)
    file = str(other.relative_to(book))
    assert f"{file}, cell 3: the claim one/law is checked in lab_one.ipynb as well" in found(book)


def test_claim_that_one_lab_checks_twice(book: Path) -> None:
    assert edit(book, also(tiny_book.record(LAW))) == []
    again = tiny_book.record(LAW, verdict="contradicted")
    assert edit(book, also(again)) == [
        f"{LAB}, cell 3: the claim one/law is stored as contradicted, its ledger expects holds"
    ]


WHOLE = tiny_book.ledger(LAW, TABLE, SUM)
LEDGERS = {
    "twice": (WHOLE + tiny_book.ledger(LAW), "the claim id one/law is used twice"),
    "slug": (WHOLE.replace("one/law", "two/law"), "claim two/law must begin with one/"),
    "no slug": (WHOLE.replace("one/law", "law"), "claim law: an id is slug/name"),
    "theorem": (WHOLE.replace("thm-one", "thm-two2"), "has no such source: thm-two2"),
    "citation": (WHOLE.replace("known2020", "unknown2020"), "has no such source: cite:unknown2020"),
    "kind": (WHOLE.replace('"identity"', '"guess"'), "kind must be one of"),
    "field": (f'{WHOLE}colour = "red"\n', "one/claims.toml: "),
    "no TOML": (f"{WHOLE}[[claim\n", "one/claims.toml: "),
    "lab": (f'{WHOLE}lab = "lab_one"\n', "claim one/sum: there is no key 'lab'; known"),
}


@pytest.mark.parametrize(("ledger", "expected"), LEDGERS.values(), ids=LEDGERS.keys())
def test_a_wrong_ledger_is_reported(book: Path, ledger: str, expected: str) -> None:
    (book / ONE).write_text(ledger)
    assert [problem for problem in found(book) if expected in problem]


def test_a_wrong_ledger_of_a_demo_is_reported(book: Path) -> None:
    replace(book / OF_DEMO, "cite:known2020", "cite:unknown2020")
    said = "the claim known_paper/idea has no such source: cite:unknown2020"
    assert f"{OF_DEMO}: {said}" in found(book)
    replace(book / OF_DEMO, "known_paper/idea", "one/idea")
    assert any("claim one/idea must begin with known_paper/" in text for text in found(book))


def test_a_known_citation_is_a_source(book: Path) -> None:
    replace(book / ONE, "thm-one", "cite:known2020 Table 2")
    assert edit(book, record(source="cite:known2020 Table 2")) == []


def test_works_that_cannot_be_read_are_named(book: Path) -> None:
    path = book / "book" / "references.bib"
    whole = path.read_text()
    path.write_text(whole + "@misc{x, title = {A}\n")
    assert [text.partition(":")[0] for text in found(book)] == ["book/references.bib"]
    path.write_text(whole + "@misc{y, title = {A}}\n" * 2)
    assert found(book) == ["book/references.bib: repeated bibliography entry: y"]


def test_an_address_that_a_browser_would_run_is_named_with_its_line(book: Path) -> None:
    path = book / "book" / "references.bib"
    path.write_text(path.read_text() + "@misc{x,\n  url = {javascript:alert(1)}}\n")
    assert found(book) == ["book/references.bib, line 3: no http address: javascript:alert(1)"]


def test_the_sums_are_those_of_the_tiny_book(book: Path) -> None:
    size = sum(path.stat().st_size for path in notebooks.notebook_paths(book)) / 1e6
    assert check.summary(book) == (
        f"7 notebooks, 10 processor seconds, {size:.1f} MB; "
        "7 claims and 1 checks of the arithmetic, 3 twins (0 bounds, laws and slices without)"
    )


def test_what_a_linter_says_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.py").write_text("import os\n")
    monkeypatch.setattr(check, "COMMANDS", (("ruff", "check", "--quiet", "--isolated", "."),))
    (problem,) = check.command_problems(tmp_path)
    assert "F401" in str(problem)


def test_a_missing_linter_is_no_silent_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "COMMANDS", (("no-such-linter",),))
    with pytest.raises(FileNotFoundError):
        list(check.command_problems(tmp_path))
