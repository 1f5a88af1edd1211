"""Docstrings become pages: their signs stay, their sections, examples and links are found."""

from __future__ import annotations

import re

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles

from tools.api import modules
from tools.docstrings import Links, as_rst, inline
from tools.notebooks import ROOT

HOMES = {"kl_bound": "runtheory.bounds.kl_bound"}
LINKS = Links(HOMES.get, frozenset({"thm-one"}), frozenset({"inoue2019multi"}))
ROLES = ("py:obj", "cite:t", "prf:ref")


def parsed(text: str) -> nodes.document:
    """Parse as Sphinx would, the roles of its domains left plain; a warning is an error."""
    for name in ROLES:
        roles.register_local_role(name, _plain)
    settings = {"report_level": 2, "halt_level": 2, "output_encoding": "unicode"}
    return publish_doctree(text, settings_overrides=settings)


def _plain(name, rawtext, text, lineno, inliner, options=None, content=()):
    return [nodes.literal(rawtext, text)], []


DOCS = [
    (offer.full, offer.doc)
    for module in modules(ROOT).values()
    for one in module.offers
    for offer in (one, *one.members)
] + [(module.name, module.doc) for module in modules(ROOT).values()]


def test_every_docstring_of_the_package_is_a_page_without_warnings() -> None:
    for name, doc in DOCS:
        try:
            parsed(as_rst(doc, LINKS))
        except Exception as error:
            pytest.fail(f"{name}: {error}\n{as_rst(doc, LINKS)}")


def test_no_docstring_has_a_role_of_markdown() -> None:
    assert [name for name, doc in DOCS if re.search(r"\{[a-z]+(:[a-z]+)?\}`(?!`)", doc)] == []


@pytest.mark.parametrize("text", ["a * b *c", "|x| and x_ and x_i", "`a", r"\sum", "*args, **kw"])
def test_signs_are_text(text: str) -> None:
    assert parsed(inline(text, LINKS)).astext() == text


def test_citations_names_and_labels_are_links() -> None:
    assert inline("by [inoue2019multi].", LINKS) == r"by \ :cite:t:`inoue2019multi`\ ."
    shown = inline("[inoue2019multi,\n  section 2]", LINKS)
    assert shown == "\\ :cite:t:`inoue2019multi`\\ ,\n  section 2"
    assert inline("[nobody2019multi]", LINKS) == "[nobody2019multi]"
    assert inline("``kl_bound``", LINKS).startswith(r"\ :py:obj:`kl_bound <runtheory.bounds")
    assert inline(":func:`kl_bound`", LINKS) == inline("``kl_bound``", LINKS)
    assert inline("``other`` thm-one", LINKS).startswith(r"``other`` \ :prf:ref:`thm-one`")
    assert inline("thm-two", LINKS) == "thm-two"


def test_formulas_stay_formulas() -> None:
    shown = inline("with $s_i^2 =\n  \\bar d$ for 3 $ and 4 $ more", LINKS)
    assert shown == r"with \ :math:`s_i^2 = \bar d`\  for 3 $ and 4 $ more"
    (formula,) = parsed(shown).findall(nodes.math)
    assert formula.astext() == r"s_i^2 = \bar d"


def test_sections_and_examples() -> None:
    doc = "Say.\n\n    x = |y|\n\nRaises\n------\nValueError\n    If *not*.\n"
    doc += "\nExamples\n--------\n>>> a * b\n2"
    page = parsed(as_rst(doc, LINKS))
    assert [node.astext() for node in page.findall(nodes.rubric)] == ["Raises", "Examples"]
    assert [node.astext() for node in page.findall(nodes.literal_block)] == ["x = |y|"]
    assert [node.astext() for node in page.findall(nodes.doctest_block)] == [">>> a * b\n2"]
    assert [node.astext() for node in page.findall(nodes.term)] == ["ValueError"]
    assert [node.astext() for node in page.findall(nodes.definition)] == ["If *not*."]
