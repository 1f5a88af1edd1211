"""The atlas: every paper around the book's questions, and what the book runs of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from runtheory.outcome import SYMBOLS
from tools.atlas import RUN, STATES, Place, counts, places
from tools.lists import lab_title
from tools.sphinx_runtheory.shelf import FromCards, entry, row_filter, table_of

HEAD = ("Paper", "Idea", "In this book")
WIDTHS = (30, 40, 30)
BAR, ROW, LABEL, GAP = 300, 22, 215, 6  # of the picture of counts, in pixels
BRACES = re.compile(r"[{}]|\\(?=[&%])")


class Atlas(FromCards):
    """``{atlas}``: a row for each paper; ``{atlas} picture``: counts; ``{atlas} sentence``."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, the picture of counts, or one sentence with them."""
        found = places(self.book.shelf, self.book.ledgers)
        if self.arguments == ["sentence"]:
            return self.paragraphs(sentence(found))
        if self.arguments == ["picture"]:
            table = counts(found)
            drawn = nodes.raw("", picture(table), format="html")
            return [drawn, nodes.container("", self._counted(table), classes=["graph-as-text"])]
        rows = (self._row(place) for place in found)
        words = {"name": "Filter the atlas", "words": "title, author, idea"}
        script = row_filter("atlas-row", menus="theme state", what="papers", **words)
        return [table_of(HEAD, WIDTHS, rows, "atlas"), script]

    def _counted(self, table: Mapping[str, Counter[str]]) -> nodes.table:
        rows = [(theme, *(str(count[state]) for state in STATES)) for theme, count in table.items()]
        return self.table(("Theme", *STATES), (30, *(14,) * len(STATES)), rows)

    def _row(self, place: Place) -> nodes.row:
        paper = place.paper
        self._make_target(paper.id)
        # Said of the row as classes, so that the filter reads them without another list.
        looks = ["atlas-row", f"theme-{slug(paper.theme)}", f"state-{slug(place.state)}"]
        row = nodes.row(ids=[paper.id], classes=looks)
        row += [
            entry([nodes.strong("", self._title(paper.key))], self._who(paper.key, paper.theme)),
            entry(self.inline(paper.idea)),
            entry(*self._in_this_book(place)),
        ]
        return row

    def _make_target(self, paper_id: str) -> None:
        domain, label = self.env.get_domain("std"), f"paper-{paper_id}"
        domain.anonlabels[label] = (self.env.docname, paper_id)  # type: ignore[attr-defined]
        domain.labels[label] = (self.env.docname, paper_id, paper_id)  # type: ignore[attr-defined]

    def _bibliography(self, key: str) -> Any:
        return self.env.get_domain("cite").bibdata.data.entries[key]  # type: ignore[attr-defined]

    def _title(self, key: str) -> str:
        return BRACES.sub("", self._bibliography(key).fields["title"])

    def _who(self, key: str, theme: str) -> list[nodes.Node]:
        people = self._bibliography(key).persons["author"]
        names = [BRACES.sub("", " ".join((*one.prelast_names, *one.last_names))) for one in people]
        shown = ", ".join("et al." if name == "others" else name for name in names)
        year = self._bibliography(key).fields["year"]
        cited = self.inline(f" {{cite}}`{key}`")
        return [nodes.Text(f"{shown}, {year}"), *cited, nodes.Text(f" · {theme}")]

    def _in_this_book(self, place: Place) -> Iterator[list[nodes.Node]]:
        said = nodes.inline("", place.state, classes=["state"])
        if place.state == "read only":
            yield [said, nodes.Text(". "), *self.inline(place.paper.reason)]
            return
        yield [said]
        yield from (self.inline(self._link(page)) for page in place.pages)
        if place.claims:
            links = ", ".join(
                f"{SYMBOLS[claim.verdict]} {{measured}}`{claim.id}:name`" for claim in place.claims
            )
            yield [nodes.Text("Claims that cite it: "), *self.inline(links)]

    def _link(self, page: str) -> str:
        shelf = self.book.shelf
        if page.endswith("/theory"):
            return f"[{shelf.card(page.split('/')[1]).title}](/{page}.md)"
        return f"[{lab_title(shelf.root, page)}](/{page}.ipynb)"


def sentence(found: list[Place]) -> str:
    """Return the counts by state as one Markdown sentence."""
    total = Counter(place.state for place in found)
    run = sum(total[state] for state in RUN)
    kinds = ", ".join(f"{total[state]} as a {state}" for state in RUN if total[state])
    return (
        f"The [atlas](/book/atlas.md) places {len(found)} papers around these questions: the book "
        f"runs {run} of them ({kinds}), {total['not yet run']} wait, and "
        f"{total['read only']} are only read, each with its reason."
    )


def slug(text: str) -> str:
    """Return ``text`` as a class of a page: small letters and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def picture(table: Mapping[str, Counter[str]]) -> str:
    """Return the counts as bars, a bar for each theme and a piece of it for each state."""
    widest = max(count.total() for count in table.values())
    height = (len(table) + 1) * (ROW + GAP) + GAP
    drawn = "".join(
        _bar(theme, count, widest=widest, y=place * (ROW + GAP) + GAP)
        for place, (theme, count) in enumerate(table.items(), start=1)
    )
    said = "; ".join(
        f"{theme}: {', '.join(f'{count[one]} {one}' for one in STATES if count[one])}"
        for theme, count in table.items()
    )
    width = LABEL + BAR + 40
    return (
        f'<div class="graph atlas-counts"><svg role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" aria-label="Papers by theme and state. {escape(said)}.">'
        f"{_legend()}{drawn}</svg></div>"
    )


def _legend() -> str:
    parts, x = [], 0
    for state in STATES:
        square = f'<rect class="{slug(state)}" x="{x}" y="6" width="14" height="14"/>'
        parts.append(f'{square}<text x="{x + 19}" y="18">{state}</text>')
        x += 32 + 8 * len(state)
    return "".join(parts)


def _bar(theme: str, count: Counter[str], *, widest: int, y: int) -> str:
    middle = y + ROW - 6
    parts, x = [f'<text x="{LABEL - 8}" y="{middle}" class="theme">{escape(theme)}</text>'], LABEL
    for state in STATES:
        width = round(BAR * count[state] / widest)
        if width:
            look, size = slug(state), f'width="{width}" height="{ROW}"'
            parts.append(f'<rect class="{look}" x="{x}" y="{y}" {size}/>')
        x += width
    return "".join(parts) + f'<text x="{x + 6}" y="{middle}">{count.total()}</text>'


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("atlas", Atlas)
