"""Two drawings with links: the map of techniques, and which statement leans on which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from runtheory.ledger import VERDICTS
from runtheory.outcome import SYMBOLS
from tools.ledgers import Ledgers
from tools.sphinx_runtheory import drawing
from tools.sphinx_runtheory.cards import link_of
from tools.sphinx_runtheory.claims import source_text, statements_at
from tools.sphinx_runtheory.drawing import Box
from tools.sphinx_runtheory.shelf import FromCards
from tools.statements import PROVED, Statement


class graph(nodes.General, nodes.Element):  # type: ignore[misc]
    """A drawing whose boxes link to pages; their addresses are known when a page is written."""


class Map(FromCards):
    """``{map}``: the techniques, an arrow from each to those that build on it."""

    def run(self) -> list[nodes.Node]:
        """Return the drawing; on paper, the same as a list."""
        shelf = self.book.shelf
        boxes = {
            card.slug: Box(card.title, f"/{card.folder}/theory", f"part-{card.part}")
            for card in shelf.cards
        }
        edges = {card.slug: [one.slug for one in shelf.before(card)] for card in shelf.cards}
        lines = [
            f"- {link_of(card)} builds on {', '.join(map(link_of, shelf.before(card)))}"
            for card in shelf.cards
            if shelf.before(card)
        ]
        title = "Map of the techniques: arrows lead from a technique to those that build on it"
        return [graph(boxes=boxes, edges=edges, title=title), *self._on_paper(lines)]

    def _on_paper(self, lines: list[str]) -> list[nodes.Node]:
        return [nodes.container("", *self.paragraphs("\n".join(lines)), classes=["graph-as-text"])]


class Theorems(FromCards):
    """``{theorems}``: for each technique its statements, what they lean on, and their verdicts."""

    def run(self) -> list[nodes.Node]:
        """Return for each technique a drawing of what leans on something, and a table of all."""
        known = statements_at(self.book.shelf.root)
        result: list[nodes.Node] = []
        for card in self.book.shelf.cards:
            own = [one for one in known.values() if one.slug == card.slug and one.kind in PROVED]
            if own:
                result.append(nodes.rubric("", "", *self.inline(link_of(card))))
                result += self._drawing(card.title, own, known)
                result.append(self._table(own, known))
        return result

    def _drawing(
        self, title: str, own: list[Statement], known: Mapping[str, Statement]
    ) -> list[nodes.Node]:
        edges = {one.label: one.leans_on for one in own if one.leans_on}
        labels = dict.fromkeys([*(x for leans in edges.values() for x in leans), *edges])
        if not labels:
            return []
        boxes = {label: self._box(known[label], own[0].slug) for label in labels}
        said = f"What the proofs of {title} lean on: arrows lead from a statement to its uses"
        return [graph(boxes=boxes, edges=edges, title=said)]

    def _box(self, one: Statement, slug: str) -> Box:
        look = verdict_of(one.label, self.book.ledgers) + (" foreign" if one.slug != slug else "")
        return Box(one.title or one.label, f"/{one.page}#{one.label}", look)

    def _table(self, own: list[Statement], known: Mapping[str, Statement]) -> nodes.table:
        rows = []
        for one in own:
            leans = ", ".join(source_text(label) for label in one.leans_on) or "–"
            uses = [other.label for other in known.values() if one.label in other.leans_on]
            used = ", ".join(map(source_text, uses)) or "–"
            named = f"{source_text(one.label)} {one.title}"
            rows.append((named, leans, used, self._claims(one.label)))
        return self.table(("Statement", "Leans on", "Used by", "Claims"), (28, 22, 22, 28), rows)

    def _claims(self, label: str) -> str:
        claims = [one for one in self.book.ledgers.claims.values() if one.source == label]
        links = (f"{SYMBOLS[one.verdict]} {{measured}}`{one.id}:name`" for one in claims)
        return ", ".join(links) or "–"


def verdict_of(label: str, ledgers: Ledgers) -> str:
    """Return the worst verdict of the claims that check a statement, or "" where none does."""
    verdicts = {one.verdict for one in ledgers.claims.values() if one.source == label}
    return max(verdicts, key=VERDICTS.index, default="")


def _resolve(app: Sphinx, page: nodes.document, docname: str) -> None:
    """Put the drawing in, with addresses as seen from this page."""
    if app.builder.format == "html":
        for node in list(page.findall(_is_text_of_graph)):
            node.parent.remove(node)
    for node in list(page.findall(graph)):
        if app.builder.format != "html":
            node.parent.remove(node)
            continue
        boxes = {
            name: Box(box.text, _address(app, docname, box.address), box.look)
            for name, box in node["boxes"].items()
        }
        drawn = drawing.draw(boxes, node["edges"], node["title"])
        node.replace_self(nodes.raw("", drawn, format="html"))


def _is_text_of_graph(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "graph-as-text" in node["classes"]


def _address(app: Sphinx, docname: str, target: str) -> str:
    page, hash_sign, anchor = target.lstrip("/").partition("#")
    return f"{app.builder.get_relative_uri(docname, page)}{hash_sign}{anchor}"


def _visit(self: Any, node: nodes.Element) -> Sequence[nodes.Node]:
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the directives and the drawing."""
    app.add_node(graph, html=(_visit, None), latex=(_visit, None))
    app.add_directive("map", Map)
    app.add_directive("theorems", Theorems)
    app.connect("doctree-resolved", _resolve)
