"""The index of the printed book: which words it lists, and where."""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import start_of_file

from tools.sphinx_runtheory import paper_index
from tools.sphinx_runtheory.paper_index import entry, first_places, pattern_of
from tools.statements import Statement


def test_an_entry_is_sorted_by_its_letters_and_keeps_its_form() -> None:
    assert entry("CutMix") == r"\index{cutmix@CutMix}"
    assert entry("The widest angle") == r"\index{widest angle@The widest angle}"
    assert entry("PAC-Bayes", main=True) == r"\index{pacbayes@PAC-Bayes|spxpagem}"
    assert entry("Only $l_2$, at last!") == r'\index{only l2 at last@Only \(l_2\), at last"!}'


def test_a_term_is_a_word_also_in_the_plural() -> None:
    found = pattern_of("mask")
    assert found.search("Two Masks are drawn")
    assert not found.search("unmasked, mask-free")


def page(name: str, *texts: str) -> start_of_file:
    return start_of_file("", *(nodes.paragraph("", text) for text in texts), docname=name)


def test_the_first_place_on_each_page_is_listed() -> None:
    book = nodes.section("")
    book += page("chapters/a/theory", "Nothing.", "A mask.", "Two masks.")
    book += page("chapters/a/exercises", "A mask.")
    book += page("chapters/b/lab", "No such word.", "masks")
    book += page("book/glossary", "mask")
    found = first_places(list(paper_index.prose(book)), "mask")
    assert {name: place.astext() for name, place in found.items()} == {
        "chapters/a/theory": "A mask.",
        "chapters/b/lab": "masks",
    }


def test_code_and_formulas_are_not_read() -> None:
    line = nodes.paragraph("", "Plain ", nodes.literal("", "mask"), nodes.math("", "mask"))
    book = nodes.section("", start_of_file("", line, docname="chapters/a/lab"))
    assert first_places(list(paper_index.prose(book)), "mask") == {}


def test_statements_with_a_name_are_listed_where_they_stand() -> None:
    named, plain = nodes.container(label="thm-a"), nodes.container(label="thm-b")
    book = nodes.section("", named, plain)
    known = {
        "thm-a": Statement("thm-a", "theorem", "Variance law", "one"),
        "thm-b": Statement("thm-b", "theorem", "", "one"),
    }
    paper_index.mark_statements(book, known)
    assert [one.astext() for one in book.findall(nodes.raw)] == [
        r"\index{variance law@Variance law}"
    ]
    assert book.index(named) == 1
