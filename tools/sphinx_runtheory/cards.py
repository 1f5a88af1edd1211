"""Lists and tables that are made from the cards: nothing of them is typed on a page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from runtheory.ledger import Claim
from tools.cards import Card, Demo, Letter
from tools.lists import lab_title, part_page
from tools.sphinx_runtheory.claims import linked, statements_at
from tools.sphinx_runtheory.shelf import FromCards

LOGGER = logging.getLogger(__name__)
ACCENT = re.compile(r"\\(?:hat|tilde|bar|operatorname|mathrm|mathbf|mathbb|lVert|rVert|Vert)\b\s*")
LETTER = re.compile(r"\\[a-zA-Z]+|[A-Za-z]")
FIGURE = re.compile(r"^```\{figure\} ([\w.-]+\.svg)\s*$", re.M)
PICTURED = "technique-pictures"  # the class of a list with a picture for each technique


def picture_of(root: Path, card: Card) -> str:
    """Return the page's first drawing, from the root of the book, or "" where it has none."""
    found = FIGURE.search((root / card.folder / "theory.md").read_text(encoding="utf-8"))
    return f"/{card.folder}/{found[1]}" if found else ""


def link_of(card: Card) -> str:
    """Return a technique's title as a Markdown link to its first page."""
    return f"[{card.title}](/{card.folder}/theory.md)"


class Techniques(FromCards):
    """``{techniques}``: all techniques part by part; ``{techniques} part``: those of one part."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return for each part its caption, its question and its techniques."""
        shelf = self.book.shelf
        wanted = self.arguments[0] if self.arguments else None
        lines: list[str] = []
        for part in shelf.shown_parts():
            if wanted is None:
                lines += [
                    "",
                    f"**[{part.caption}](/{part_page(part.key)}.md)**. {part.question}",
                    "",
                ]
            if wanted in (None, part.key):
                lines += [self._line(card, full=wanted is not None) for card in shelf.of_part(part)]
                lines += [self._demo(demo) for demo in shelf.demos_of(part)]
        made = self.paragraphs("\n".join(lines))
        for one in made:
            if wanted is None and isinstance(one, nodes.bullet_list):
                one["classes"].append(PICTURED)
        return made

    def _title(self, card: Card, *, full: bool) -> str:
        """Return the link to a technique, which on the front page of a screen has a picture."""
        shown = not full and self.env.app.builder.format == "html"
        picture = picture_of(self.book.shelf.root, card) if shown else ""
        if not picture:
            return f"**{link_of(card)}**"
        return f"[![]({picture}) **{card.title}**](/{card.folder}/theory.md)"

    def _line(self, card: Card, *, full: bool) -> str:
        keys = [self.book.shelf.papers[paper].key for paper in card.papers]
        cited = f" {{cite}}`{','.join(keys)}`" if keys else ""
        labs = f"\\\n  {self._labs(card)}" if full else ""
        return f"- {self._title(card, full=full)}{cited}. {card.question} {card.idea}{labs}"

    def _labs(self, card: Card) -> str:
        root = self.book.shelf.root
        links = [f"[{lab_title(root, page)}](/{page}.ipynb)" for page in card.pages[1:]]
        return f"Lab{'s' if len(links) > 1 else ''}: {' · '.join(links)}"

    def _demo(self, demo: Demo) -> str:
        key = self.book.shelf.papers[demo.paper].key
        return f"- Demo: **[{demo.title}](/{demo.page}.ipynb)** {{cite}}`{key}`. {demo.idea}"


class Demos(FromCards):
    """``{demos}``: the gallery of all demos, part by part."""

    def run(self) -> list[nodes.Node]:
        """Return a list for each part that has demos."""
        shelf = self.book.shelf
        lines: list[str] = []
        for part in shelf.shown_parts():
            demos = shelf.demos_of(part)
            lines += ["", f"**{part.caption}**", ""] if demos else []
            lines += [f"- [{demo.title}](/{demo.page}.ipynb). {demo.idea}" for demo in demos]
        return self.paragraphs("\n".join(lines))


class Teaching(FromCards):
    """``{teaching}``: what a session on each technique holds."""

    def run(self) -> list[nodes.Node]:
        """Return the table, one row a technique."""
        head = ("Technique", "Minutes", "At the board", "On the projector", "A belief to refute")
        return [self.table(head, (16, 8, 26, 20, 30), self._rows())]

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for card in self.book.shelf.cards:
            teach, lab = card.teach, f"{card.folder}/{card.teach['projector']}"
            shown = f"[{lab_title(self.book.shelf.root, lab)}](/{lab}.ipynb)"
            yield (
                link_of(card),
                str(teach["minutes"]),
                teach["board"],
                shown,
                teach["misconception"],
            )


class Objectives(FromCards):
    """``{objectives}``: what a reader of this page can do afterwards, and where she tries it."""

    def run(self) -> list[nodes.Node]:
        """Return the card's objectives as a list."""
        card = self.book.shelf.card(PurePosixPath(self.env.docname).parent.name)
        page = f"/{card.folder}/exercises.ipynb"
        lines = [
            f"- {text} ([exercise {exercise}]({page}))"
            for text, exercise in card.teach["objectives"]
        ]
        return self.paragraphs("\n".join(["After this page you can", "", *lines]))


class Letters(FromCards):
    """``{letters}``: the letters of every technique; ``{letters} changing``: of two meanings."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table for each technique, or the index of letters."""
        if self.arguments == ["changing"]:
            return [self._changing()]
        return [node for card in self.book.shelf.cards if card.letters for node in self._own(card)]

    def _own(self, card: Card) -> Iterator[nodes.Node]:
        heading = nodes.rubric("", "", *self.inline(link_of(card)))
        yield heading
        rows = [(f"${one.tex}$", one.meaning, one.range, one.code) for one in card.letters]
        head = ("Symbol", "Meaning", "Shape, range or unit", "In the code")
        yield self.table(head, (18, 42, 22, 18), rows)

    def _changing(self) -> nodes.table:
        uses: dict[str, dict[str, list[Letter]]] = defaultdict(lambda: defaultdict(list))
        for card in self.book.shelf.cards:
            for letter in card.letters:
                for base in bases(letter.tex):
                    uses[base][card.title].append(letter)
        rows = [
            (f"${base}$", "; ".join(_use(title, found) for title, found in by.items()))
            for base, by in sorted(uses.items(), key=lambda item: item[0].strip("\\").lower())
            if len(by) > 1
        ]
        return self.table(("Letter", "What it means where"), (10, 90), rows)


def bases(tex: str) -> list[str]:
    """Return the letters that the symbols of a row are built on, without accents and indices."""
    found: dict[str, None] = {}
    for symbol in re.split(r",(?![^{(]*[})])|;", tex):
        first = LETTER.search(ACCENT.sub("", symbol).lstrip(" {(\\,;!"))
        whole = ACCENT.sub("", symbol).strip(" {(")
        first = LETTER.match(whole) or first
        if first:
            found[first[0]] = None
    return list(found)


def _use(title: str, letters: list[Letter]) -> str:
    meanings = "; ".join(f"${letter.tex}$ {letter.meaning}" for letter in letters)
    return f"*{title}*: {meanings}"


class NotReproduced(FromCards):
    """``{not-reproduced}``: every claim that did not come out, and what was never checked."""

    def run(self) -> list[nodes.Node]:
        """Return the list, technique by technique."""
        result: list[nodes.Node] = []
        for card in self.book.shelf.cards:
            failed = [one for one in self.book.ledgers.of(card.slug) if one.verdict != "holds"]
            if failed or card.not_checked:
                result.append(nodes.rubric("", "", *self.inline(link_of(card))))
                result += self.paragraphs("\n\n".join(map(self._claim, failed)))
                result += self.paragraphs(card.not_checked)
        for demo in self.book.shelf.demos:
            failed = [one for one in self.book.ledgers.of(demo.slug) if one.verdict != "holds"]
            if failed:
                page = f"[{demo.title}](/{demo.page}.ipynb)"
                result.append(nodes.rubric("", "", *self.inline(page)))
                result += self.paragraphs("\n\n".join(map(self._claim, failed)))
        return result

    def _claim(self, claim: Claim) -> str:
        shown = f"{{measured}}`{claim.id}`"
        interval = f" {{measured}}`{claim.id}:interval`" if claim.kind == "effect" else ""
        levels = f" (levels {{measured}}`{claim.id}:levels`)" if claim.kind == "effect" else ""
        why = f" *Why it may differ.* {claim.why}" if claim.why else ""
        take = f" *What it would take.* {claim.would_take}" if claim.would_take else ""
        verdict = f"**{{measured}}`{claim.id}:verdict`**"
        said = f"- {verdict}: {claim.statement} Measured {shown}{interval}{levels}.{why}{take}"
        return linked(said, statements_at(self.book.shelf.root))


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("techniques", Techniques)
    app.add_directive("demos", Demos)
    app.add_directive("teaching", Teaching)
    app.add_directive("letters", Letters)
    app.add_directive("objectives", Objectives)
    app.add_directive("not-reproduced", NotReproduced)
