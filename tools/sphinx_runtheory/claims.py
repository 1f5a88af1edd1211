"""Measured numbers and the table of claims on pages, read from the notebooks' stored outputs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from tools import ledgers, notebooks
from tools.ledgers import Entry, Finding

LOGGER = logging.getLogger(__name__)
COLUMNS = (
    ("Claim", 28),
    ("Verdict", 9),
    ("Measured", 14),
    ("Expected", 11),
    ("Tolerance", 14),
    ("Kind", 7),
    ("Source", 10),
    ("Lab", 7),
)


def anchor(claim_id: str) -> str:
    """Return the anchor of a claim's row."""
    return f"claim-{claim_id}"


def _note_sources(env: object, root: Path) -> None:
    """Have a page built again when a ledger or a stored output changes."""
    for path in (*ledgers.ledger_paths(root), *notebooks.notebook_paths(root)):
        env.note_dependency(str(path))  # type: ignore[attr-defined]


class Measured(SphinxRole):
    """``{measured}`claim-id``` or ``{measured}`claim-id:field```: a stored number, linked."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the linked number, or warn where there is none."""
        root = Path(self.env.srcdir)
        _note_sources(self.env, root)
        claim_id, _, field = self.text.partition(":")
        finding = ledgers.found(root).get(claim_id)
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
        link = _row_link(self.env.docname, claim_id, nodes.inline("", "", shown))
        return [nodes.inline("", "", link, classes=["measured"])], []


def _row_link(docname: str, claim_id: str, shown: nodes.Node) -> pending_xref:
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


class Claims(SphinxDirective):
    """``{claims}``: every claim of the book with its verdict, one table a chapter."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return the tables, and make each row a target."""
        root = Path(self.env.srcdir)
        _note_sources(self.env, root)
        stored = ledgers.found(root)
        result: list[nodes.Node] = []
        for chapter, group in groupby(ledgers.entries(root), key=lambda entry: entry.chapter):
            rows = [self._row(entry, stored.get(entry.claim.id)) for entry in group]
            result += [self._heading(chapter), _table(rows)]
        return result

    def _heading(self, chapter: str) -> nodes.paragraph:
        words = self._inline(f"**Chapter** {{doc}}`/chapters/{chapter}/theory`")
        return nodes.paragraph("", "", *words, classes=["claims-chapter"])

    def _row(self, entry: Entry, finding: Finding | None) -> nodes.row:
        claim = entry.claim
        if finding is None:
            LOGGER.warning("no notebook has checked the claim %s", claim.id, location=self._here())
        row = nodes.row(ids=[anchor(claim.id)], classes=["claim-row"])
        domain = self.env.get_domain("std")
        place = (self.env.docname, anchor(claim.id))
        domain.anonlabels[anchor(claim.id)] = place  # type: ignore[attr-defined]
        domain.labels[anchor(claim.id)] = (*place, claim.id)  # type: ignore[attr-defined]
        row += [
            _entry(self._inline(claim.statement), [nodes.literal("", claim.id)]),
            _entry([_verdict(finding)]),
            *(_entry([nodes.Text(text)]) for text in _numbers(finding)),
            _entry([nodes.Text(claim.kind)]),
            _entry(self._inline(source_text(claim.source))),
            _entry(self._inline(f"{{doc}}`/chapters/{entry.chapter}/{claim.lab}`")),
        ]
        return row

    def _inline(self, text: str) -> list[nodes.Node]:
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]

    def _here(self) -> str:
        return f"{self.env.docname}:{self.lineno}"


def source_text(source: str) -> str:
    """Return a claim's source as inline Markdown: a theorem here, a citation, or plain words."""
    if source.startswith("cite:"):
        key, _, what = source.removeprefix("cite:").partition(" ")
        return f"{{cite:t}}`{key}` {what}".strip()
    return source if " " in source else f"{{prf:ref}}`{source}`"


def _numbers(finding: Finding | None) -> Iterator[str]:
    for name in ("text", "expected", "tolerance"):
        yield "" if finding is None else finding.field(name)


def _verdict(finding: Finding | None) -> nodes.inline:
    text = "unchecked" if finding is None else finding.field("verdict")
    word = text.split()[-1]
    return nodes.inline("", text, classes=["verdict", word])


def _entry(*paragraphs: list[nodes.Node]) -> nodes.entry:
    return nodes.entry("", *(nodes.paragraph("", "", *content) for content in paragraphs))


def _table(rows: list[nodes.row]) -> nodes.table:
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for _, width in COLUMNS]
    head = nodes.row("", *(_entry([nodes.Text(name)]) for name, _ in COLUMNS))
    group += [nodes.thead("", head), nodes.tbody("", *rows)]
    return nodes.table("", group, classes=["claims"])


def setup(app: Sphinx) -> None:
    """Register the role and the directive."""
    app.add_role("measured", Measured())
    app.add_directive("claims", Claims)
