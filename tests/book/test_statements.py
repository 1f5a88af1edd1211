"""Numbered statements: a proof belongs to the statement above it, and leans on what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.tiny_book import replace
from tools.ledgers import read_ledgers
from tools.notebooks import ROOT
from tools.statements import PROVED, REFERENCE, Statement, blocks, statements


def block(kind: str, label: str = "", *lines: str, title: str = "") -> str:
    named = [f":label: {label}", ""] if label else []
    return "\n".join([f":::{{prf:{kind}}} {title}", *named, *lines, ":::", ""])


def leans(folder: Path, *parts: str) -> dict[str, tuple[str, ...]]:
    """Return what leans on what on a page of these parts."""
    (folder / "chapters" / "one").mkdir(parents=True, exist_ok=True)
    (folder / "chapters" / "one" / "theory.md").write_text("\n".join(parts))
    return {label: one.leans_on for label, one in statements(folder).items()}


def test_the_tiny_book(good_book: Path) -> None:
    found = statements(good_book)
    assert list(found) == ["def-mean", "thm-one", "thm-two"]
    assert found["thm-one"] == Statement("thm-one", "theorem", "Half", "one", ("def-mean",))
    assert found["thm-two"] == Statement("thm-two", "theorem", "Averages", "two", ("thm-one",))
    assert found["def-mean"].leans_on == ()
    assert found["thm-two"].page == "chapters/two/theory"


def test_a_second_theory_page_is_read_after_the_first_and_names_itself(book: Path) -> None:
    folder = book / "chapters" / "one"
    text = block("lemma", "more", title="More") + block("proof", "", "By {prf:ref}`thm-one`.")
    (folder / "theory_more.md").write_text(text)
    found = statements(book)
    assert list(found) == ["def-mean", "thm-one", "more", "thm-two"]
    assert (found["more"].page, found["more"].leans_on) == (
        "chapters/one/theory_more",
        ("thm-one",),
    )
    assert "more" in read_ledgers(book).labels


def test_references_of_a_proof_are_edges_once_and_in_order(tmp_path: Path) -> None:
    proof = block(
        "proof",
        "",
        "By {prf:ref}`b`, {prf:ref}`that one <a>` and {prf:ref}`b` again.",
        "{prf:ref}`c`",
    )
    parts = [block("lemma", label) for label in "abc"]
    assert leans(tmp_path, *parts, block("theorem", "d"), proof)["d"] == ("b", "a", "c")


def test_what_a_statement_or_the_text_refers_to_is_no_edge(tmp_path: Path) -> None:
    theorem = block("theorem", "b", "As {prf:ref}`a` says.")
    text = "See {prf:ref}`a`.\n"
    assert leans(tmp_path, block("lemma", "a"), theorem, text) == {"a": (), "b": ()}


def test_equations_labels_nowhere_and_the_statement_itself_are_no_edges(tmp_path: Path) -> None:
    proof = block("proof", "", "{eq}`eq-one`, {prf:ref}`nowhere` and {prf:ref}`b`.")
    assert leans(tmp_path, block("theorem", "b"), proof) == {"b": ()}


@pytest.mark.parametrize("kind", ["definition", "remark", "example", "algorithm"])
def test_a_proof_after_a_definition_is_not_the_definitions(tmp_path: Path, kind: str) -> None:
    proof = block("proof", "", "By {prf:ref}`a`.")
    parts = [block("lemma", "a"), block("theorem", "b"), block(kind, "c"), proof]
    assert leans(tmp_path, *parts) == {"a": (), "b": ("a",), "c": ()}


def test_a_proof_that_no_statement_precedes(tmp_path: Path) -> None:
    parts = [block("proof", "", "By {prf:ref}`a`."), block("definition", "a")]
    assert leans(tmp_path, *parts) == {"a": ()}


@pytest.mark.parametrize("kind", PROVED)
def test_a_proof_of_a_statement_without_label_is_not_of_the_one_before(
    tmp_path: Path, kind: str
) -> None:
    proof = block("proof", "", "By {prf:ref}`a`.")
    parts = [block("lemma", "a"), block("theorem", "b"), block(kind, ""), proof]
    assert leans(tmp_path, *parts) == {"a": (), "b": ()}


def test_two_proofs_of_one_statement_are_added(tmp_path: Path) -> None:
    proofs = [block("proof", "", f"By {{prf:ref}}`{label}`.") for label in "ab"]
    parts = [block("lemma", "a"), block("lemma", "b"), block("theorem", "c"), *proofs]
    assert leans(tmp_path, *parts)["c"] == ("a", "b")


def test_a_longer_fence_may_hold_another_directive(tmp_path: Path) -> None:
    inner = ":::{note}\nBy {prf:ref}`a`.\n:::"
    proof = f"::::{{prf:proof}}\n{inner}\nBy {{prf:ref}}`b`.\n::::\n"
    parts = [block("lemma", "a"), block("lemma", "b"), block("theorem", "c"), proof]
    assert leans(tmp_path, *parts)["c"] == ("a", "b")
    (found,) = blocks(proof)
    assert found == ("proof", "", [*inner.splitlines(), "By {prf:ref}`b`."])


def test_proofs_lean_on_other_pages_too(book: Path) -> None:
    replace(book / "chapters/one/theory.md", "By {prf:ref}`thm-one`.", "")
    replace(book / "chapters/one/theory.md", "{prf:ref}`def-mean`", "{prf:ref}`thm-two`")
    assert statements(book)["thm-one"].leans_on == ("thm-two",)


def test_the_real_book_has_no_edge_to_an_unknown_label() -> None:
    labels = read_ledgers(ROOT).labels
    named = {
        (path.parent.name, label)
        for path in sorted((ROOT / "chapters").glob("*/theory.md"))
        for kind, _, body in blocks(path.read_text(encoding="utf-8"))
        for label in REFERENCE.findall("\n".join(body))
        if kind == "proof"
    }
    assert len(named) > 20
    assert {one for one in named if one[1] not in labels} == set()
    edges = {label for one in statements(ROOT).values() for label in one.leans_on}
    assert edges <= labels


def test_every_statement_of_the_real_book_is_seen() -> None:
    found = statements(ROOT)
    labels = read_ledgers(ROOT).labels
    assert set(found) == {label for label in labels if not label.startswith("eq-")}
    assert all(one.title for one in found.values() if one.kind in PROVED)
