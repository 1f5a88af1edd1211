"""What every directive of the book's extension sees: the cards and ledgers, read once a build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tools.cards import Shelf, read_shelf
from tools.ledgers import Ledgers, read_ledgers
from tools.sphinx_runtheory.markup import disarmed

FILTER = Path(__file__).with_name("filter.js")


@dataclass(frozen=True)
class Book:
    """The cards and the ledgers of the book that is being built."""

    shelf: Shelf
    ledgers: Ledgers


@cache
def book_at(root: Path) -> Book:
    """Return the book at ``root``; read once, until a build begins anew."""
    return Book(read_shelf(root), read_ledgers(root))


class FromCards(SphinxDirective):
    """What the directives share: the book, and Markdown read in their place."""

    has_content = False

    @property
    def book(self) -> Book:
        """The book that is being built."""
        return book_at(Path(self.env.srcdir))

    def inline(self, text: str) -> list[nodes.Node]:
        """Return inline Markdown as nodes."""
        parsed, messages = self.state.inline_text(text, self.lineno)
        return disarmed([*parsed, *messages])

    def paragraphs(self, markdown: str) -> list[nodes.Node]:
        """Return Markdown of any length as nodes."""
        place = nodes.container()
        lines = StringList(markdown.splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, place)
        return disarmed(list(place.children))

    def table(
        self, head: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]
    ) -> nodes.table:
        """Return a table whose cells are inline Markdown."""
        made = (nodes.row("", *(entry(self.inline(cell)) for cell in row)) for row in rows)
        return table_of(head, widths, made)


def entry(*paragraphs: list[nodes.Node]) -> nodes.entry:
    """Return a cell of a table."""
    return nodes.entry("", *(nodes.paragraph("", "", *content) for content in paragraphs))


def table_of(
    head: Sequence[str], widths: Sequence[int], rows: Iterable[nodes.row], *classes: str
) -> nodes.table:
    """Return a table with a head, columns of the given widths and ready rows."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=width) for width in widths]
    titles = nodes.row("", *(entry([nodes.Text(name)]) for name in head))
    group += [nodes.thead("", titles), nodes.tbody("", *rows)]
    return nodes.table("", group, classes=list(classes))


def row_filter(rows: str, **told: str) -> nodes.raw:
    """Return the script that filters the table rows of the class ``rows``, behind the tables."""
    given = " ".join(f'data-{name}="{escape(text)}"' for name, text in told.items())
    script = f'<script data-rows="{rows}" {given}>{FILTER.read_text("utf-8")}</script>'
    return nodes.raw("", script, format="html")


def setup(app: Sphinx) -> None:
    """Read the book anew for each build."""
    app.connect("builder-inited", lambda _: book_at.cache_clear())
