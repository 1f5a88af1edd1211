"""Measured numbers and the tables of claims on pages, read from the notebooks' stored outputs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from runtheory.ledger import Claim
from runtheory.outcome import AFTER, SYMBOLS
from tools.ledgers import Finding
from tools.lists import CLAIMS, claims_page
from tools.sphinx_runtheory.shelf import FromCards, book_at, entry, row_filter, table_of
from tools.statements import Statement, statements

LOGGER = logging.getLogger(__name__)
HEAD = ("Claim", "Verdict", "Measured", "Expected, tolerance")
WIDTHS = (46, 12, 20, 22)
LABEL = re.compile(r"(?<![`\w/-])[a-z]+-[a-z0-9-]+")


@cache
def statements_at(root: Path) -> dict[str, Statement]:
    """Return the numbered statements of the book at ``root``; read once a build."""
    return statements(root)


def anchor(claim_id: str) -> str:
    """Return the anchor of a claim's row."""
    return f"claim-{claim_id.replace('/', '-')}"


class Measured(SphinxRole):
    """``{measured}`slug/name``` or ``{measured}`slug/name:field```: a stored number, linked."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the linked number, or warn where there is none."""
        claim_id, _, field = self.text.partition(":")
        finding = book_at(Path(self.env.srcdir)).ledgers.found.get(claim_id)
        try:
            if finding is None:
                raise KeyError(claim_id)
            shown = nodes.Text(finding.field(field or "measured"))
        except KeyError as error:
            LOGGER.warning(
                "no stored output has the claim or field %s of {measured}`%s`",
                error,
                self.text,
                location=self.get_location(),
            )
            return [nodes.literal("", self.text)], []
        self.env.note_dependency(str(finding.path))
        link = row_link(self.env.docname, claim_id, nodes.inline("", "", shown))
        return [nodes.inline("", "", link, classes=["measured"])], []


def row_link(docname: str, claim_id: str, shown: nodes.Node) -> pending_xref:
    """Return a link from the page ``docname`` to a claim's row."""
    return pending_xref(
        "",
        shown,
        refdoc=docname,
        refdomain="std",
        reftype="ref",
        reftarget=anchor(claim_id),
        refexplicit=True,
        refwarn=True,
    )


class Claims(FromCards):
    """``{claims} part``: the claims of a part with their verdicts, one table a technique."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a section for each technique and demo, and make each row a target."""
        shelf = self.book.shelf
        parts = [part for part in shelf.parts if part.key == self.arguments[0]]
        if not parts:
            LOGGER.warning("there is no part %s", self.arguments[0], location=self.get_location())
            return []
        pages = [(card.slug, f"/{card.folder}/theory") for card in shelf.of_part(parts[0])]
        pages += [(demo.slug, f"/{demo.page}") for demo in shelf.demos_of(parts[0])]
        titles = {card.slug: card.title for card in shelf.cards}
        titles |= {demo.slug: demo.title for demo in shelf.demos}
        made = [self._section(slug, titles[slug], page) for slug, page in pages]
        words = {"name": "Filter the claims", "words": "statement, theorem, paper"}
        script = row_filter("claim-row", menus="verdict kind", what="claims", **words)
        return [*made, script]

    def _section(self, slug: str, title: str, page: str) -> nodes.section:
        section = nodes.section("", nodes.title("", title), ids=[f"of-{slug.replace('_', '-')}"])
        section["names"], section["classes"] = [f"claims of {slug}"], ["rows-of"]
        section += nodes.paragraph("", "", *self.inline(f"Stated in {{doc}}`{page}`."))
        claims = self.book.ledgers.of(slug)
        rest = [one for one in claims if one.verdict == "holds" and not one.arithmetic]
        groups = [("Those that do not hold", [one for one in claims if one.verdict != "holds"])]
        groups += [(f"Checked in {lab}", found) for lab, found in self._by_lab(rest)]
        sums = [one for one in claims if one.arithmetic and one.verdict == "holds"]
        groups.append((f"Checks of the arithmetic of {title}", sums))
        for words, group in groups:
            if group:
                heading = nodes.paragraph("", "", *self.inline(words), classes=["claims-chapter"])
                section += [heading, table_of(HEAD, WIDTHS, map(self._row, group), "claims")]
        return section

    def _by_lab(self, claims: list[Claim]) -> Iterator[tuple[str, list[Claim]]]:
        """Yield links to the notebooks that check the claims, with those that each checks."""
        groups: dict[str, list[Claim]] = {}
        for claim in claims:
            finding = self.book.ledgers.found.get(claim.id)
            groups.setdefault(self._lab(finding) or "no notebook", []).append(claim)
        yield from groups.items()

    def _row(self, claim: Claim) -> nodes.row:
        finding = self.book.ledgers.found.get(claim.id)
        if finding is None:
            LOGGER.warning(
                "no notebook has checked the claim %s", claim.id, location=self.get_location()
            )
        self._make_target(claim.id)
        looks = ["claim-row", f"verdict-{claim.verdict}", f"kind-{claim.kind.replace('_', '-')}"]
        row = nodes.row(ids=[anchor(claim.id)], classes=looks)
        row += [
            entry(*self._statement(claim, finding)),
            entry(*_verdict(claim, finding)),
            entry(*_measured(finding)),
            entry(*([nodes.Text(text)] for text in _numbers(finding) if text)),
        ]
        return row

    def _statement(self, claim: Claim, finding: Finding | None) -> Iterator[list[nodes.Node]]:
        yield self.inline(linked(claim.statement, statements_at(self.book.shelf.root)))
        yield from self._twin(claim, finding)
        kind = nodes.Text(f" · {claim.kind.replace('_', ' ')} · ")
        lab = []
        if finding is not None and claim.verdict != "holds":
            lab = self.inline(f" · {self._lab(finding)}")
        source = self.inline(self._source(claim.source))
        yield [nodes.literal("", claim.id), kind, *source, *lab]

    def _source(self, source: str) -> str:
        """Return a claim's source with the name of the statement that it is."""
        label, known = source_text(source), statements_at(self.book.shelf.root)
        if not label.startswith("{prf:ref}"):
            return linked(label, known)
        named = known.get(source)
        return f"{label} {named.title}" if named else label

    def _make_target(self, claim_id: str) -> None:
        domain, place = self.env.get_domain("std"), (self.env.docname, anchor(claim_id))
        domain.anonlabels[anchor(claim_id)] = place  # type: ignore[attr-defined]
        domain.labels[anchor(claim_id)] = (*place, claim_id)  # type: ignore[attr-defined]

    def _twin(self, claim: Claim, finding: Finding | None) -> Iterator[list[nodes.Node]]:
        if claim.twin and finding is not None:
            refused = finding.field("twin")
            yield [nodes.Text("Twin: "), *self.inline(claim.twin), nodes.Text(f" ({refused})")]

    def _lab(self, finding: Finding | None) -> str:
        if finding is None:
            return ""
        page = finding.path.relative_to(self.book.shelf.root).with_suffix("")
        return f"{{doc}}`/{page}`"


class Overview(FromCards):
    """``{claims-overview}``: how many claims each part makes, of which kind, with which verdict."""

    def run(self) -> list[nodes.Node]:
        """Return the table, one row a part and one for all."""
        shelf, rows, every = self.book.shelf, [], list[Claim]()
        for part in shelf.shown_parts():
            slugs = [card.slug for card in shelf.of_part(part)]
            slugs += [demo.slug for demo in shelf.demos_of(part)]
            claims = [claim for slug in slugs for claim in self.book.ledgers.of(slug)]
            every += claims
            rows.append((f"[{part.caption}](/{claims_page(part.key)}.md)", *_counts(claims)))
        words = ("stated after", "twins refused", "checks of the arithmetic")
        head = ("Part", "Claims", *SYMBOLS, *words)
        return [self.table(head, (40, *(10,) * (len(head) - 1)), [*rows, ("All", *_counts(every))])]


def _counts(claims: list[Claim]) -> list[str]:
    real = [claim for claim in claims if not claim.arithmetic]
    verdicts = Counter(claim.verdict for claim in real)
    twins = sum(bool(claim.twin) for claim in claims)
    after = sum(claim.stated == "after" for claim in real)
    judged = (verdicts[word] for word in SYMBOLS)
    counts = (len(real), *judged, after, twins, len(claims) - len(real))
    return [str(count) for count in counts]


def source_text(source: str) -> str:
    """Return a claim's source as inline Markdown: a theorem here, a citation, or plain words."""
    if source.startswith("cite:"):
        key, _, what = source.removeprefix("cite:").partition(" ")
        return f"{{cite:t}}`{key}` {what}".strip()
    return source if " " in source else f"{{prf:ref}}`{source}`"


def linked(text: str, known: Collection[str]) -> str:
    """Return inline Markdown in which the labels of ``known`` statements are links."""
    return LABEL.sub(lambda found: source_text(found[0]) if found[0] in known else found[0], text)


def _measured(finding: Finding | None) -> Iterator[list[nodes.Node]]:
    if finding is None:
        return
    yield [nodes.Text(finding.field("text"))]
    if "levels" in finding.record.get("more", {}):
        yield [nodes.Text(f"levels {finding.field('levels')}")]


def _numbers(finding: Finding | None) -> Iterator[str]:
    if finding is None:
        yield from ("", "")
        return
    yield finding.field("expected")
    seen = finding.record.get("more", {}).get("seen from")
    yield finding.field("tolerance") + (f"; would see an effect from {seen}" if seen else "")


def _verdict(claim: Claim, finding: Finding | None) -> Iterator[list[nodes.Node]]:
    text = "unchecked" if finding is None else finding.field("verdict")
    word = text.split()[-1]
    yield [nodes.inline("", text, classes=["verdict", word])]
    if claim.stated == "after":
        yield [nodes.emphasis("", f"stated {AFTER}")]


BOX = re.compile(
    r'(<div class="runtheory-claim [^>]*>.*?)<code>(?P<id>[\w/-]+)</code>(.*?)(</small></div>)',
    re.S,
)


def linked_boxes(body: str, pages: Mapping[str, str], reading: str) -> str:
    """Return a page whose boxes of verdicts lead to their rows, and to what their words mean.

    ``pages`` names for each slug the address of its page of claims, ``reading`` the explanation.
    """

    def one(found: re.Match[str]) -> str:
        slug = found["id"].split("/")[0]
        code = f"<code>{found['id']}</code>"
        if slug in pages:
            code = f'<a href="{pages[slug]}#{anchor(found["id"])}">{code}</a>'
        return f'{found[1]}{code}{found[3]} · <a href="{reading}">how to read this</a>{found[4]}'

    return BOX.sub(one, body)


def _link_boxes(app: Sphinx, name: str, _: str, context: dict[str, Any], page: object) -> None:
    if "runtheory-claim" not in str(context.get("body")):
        return
    shelf = book_at(Path(app.srcdir)).shelf

    def address(target: str) -> str:
        return str(app.builder.get_relative_uri(name, target))

    parts = {card.slug: card.part for card in shelf.cards}
    parts |= {demo.slug: demo.part for demo in shelf.demos}
    pages = {slug: address(claims_page(part)) for slug, part in parts.items()}
    reading = address(CLAIMS) + "#reading-a-verdict"
    context["body"] = linked_boxes(context["body"], pages, reading)


def setup(app: Sphinx) -> None:
    """Register the role and the directives."""
    app.connect("builder-inited", lambda _: statements_at.cache_clear())
    app.connect("html-page-context", _link_boxes)
    app.add_role("measured", Measured())
    app.add_directive("claims", Claims)
    app.add_directive("claims-overview", Overview)
