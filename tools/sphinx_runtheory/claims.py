"""Measured numbers and the tables of claims on pages, read from the notebooks' stored outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from runtheory.ledger import Claim
from runtheory.outcome import AFTER, SYMBOLS
from tools.ledgers import Finding
from tools.lists import claims_page
from tools.sphinx_runtheory.shelf import FromCards, book_at, entry, table_of

LOGGER = logging.getLogger(__name__)
HEAD = ("Claim", "Verdict", "Measured", "Expected", "Tolerance", "Kind", "Source", "Lab")
WIDTHS = (28, 9, 14, 11, 14, 7, 10, 7)


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
        """Return the tables, and make each row a target."""
        shelf = self.book.shelf
        parts = [part for part in shelf.parts if part.key == self.arguments[0]]
        if not parts:
            LOGGER.warning("there is no part %s", self.arguments[0], location=self.get_location())
            return []
        result: list[nodes.Node] = []
        for card in shelf.of_part(parts[0]):
            result += self._tables(card.slug, f"/{card.folder}/theory")
        for demo in shelf.demos_of(parts[0]):
            result += self._tables(demo.slug, f"/{demo.page}")
        return result

    def _tables(self, slug: str, page: str) -> list[nodes.Node]:
        claims = self.book.ledgers.of(slug)
        tables: list[nodes.Node] = []
        for arithmetic, words in ((False, "{doc}"), (True, "Checks of the arithmetic of {doc}")):
            rows = [self._row(claim) for claim in claims if claim.arithmetic is arithmetic]
            if rows:
                heading = self.inline(words.replace("{doc}", f"{{doc}}`{page}`"))
                tables.append(nodes.paragraph("", "", *heading, classes=["claims-chapter"]))
                tables.append(table_of(HEAD, WIDTHS, rows, "claims"))
        return tables

    def _row(self, claim: Claim) -> nodes.row:
        finding = self.book.ledgers.found.get(claim.id)
        if finding is None:
            LOGGER.warning(
                "no notebook has checked the claim %s", claim.id, location=self.get_location()
            )
        self._make_target(claim.id)
        row = nodes.row(ids=[anchor(claim.id)], classes=["claim-row"])
        statement = [self.inline(claim.statement), [nodes.literal("", claim.id)]]
        row += [
            entry(*statement, *self._twin(claim, finding)),
            entry(*_verdict(claim, finding)),
            entry(*_measured(finding)),
            *(entry([nodes.Text(text)]) for text in _numbers(finding)),
            entry([nodes.Text(claim.kind.replace("_", " "))]),
            entry(self.inline(source_text(claim.source))),
            entry(self._lab(finding)),
        ]
        return row

    def _make_target(self, claim_id: str) -> None:
        domain, place = self.env.get_domain("std"), (self.env.docname, anchor(claim_id))
        domain.anonlabels[anchor(claim_id)] = place  # type: ignore[attr-defined]
        domain.labels[anchor(claim_id)] = (*place, claim_id)  # type: ignore[attr-defined]

    def _twin(self, claim: Claim, finding: Finding | None) -> Iterator[list[nodes.Node]]:
        if claim.twin and finding is not None:
            refused = finding.field("twin")
            yield [nodes.Text("Twin: "), *self.inline(claim.twin), nodes.Text(f" ({refused})")]

    def _lab(self, finding: Finding | None) -> list[nodes.Node]:
        if finding is None:
            return []
        page = finding.path.relative_to(self.book.shelf.root).with_suffix("")
        return self.inline(f"{{doc}}`/{page}`")


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


def setup(app: Sphinx) -> None:
    """Register the role and the directives."""
    app.add_role("measured", Measured())
    app.add_directive("claims", Claims)
    app.add_directive("claims-overview", Overview)
