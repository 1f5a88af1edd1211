"""Read what a technique says of itself: its card, its part, its labs.

A technique is a slug. ``chapters/<slug>/chapter.toml`` is its card, ``demos/<slug>.toml`` that of a
demo, ``book/parts.toml`` the order of parts and of the pages before and behind them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from tools.notebooks import ROOT

REQUIRED = ("title", "part", "order", "question", "idea", "code", "teach")


class CardError(ValueError):
    """A card or list that cannot be read; the message begins with its file."""


@dataclass(frozen=True)
class Part:
    """One part of the book, in the order of ``book/parts.toml``."""

    key: str
    caption: str
    question: str


@dataclass(frozen=True)
class Paper:
    """One row of ``book/atlas.toml``: a paper's id and its key in ``references.bib``."""

    id: str
    key: str


@dataclass(frozen=True)
class Lab:
    """One lab of a technique: the name of its notebook, and the papers that it is about."""

    name: str
    papers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """What a letter means on the pages of one technique."""

    tex: str
    meaning: str
    range: str = ""
    code: str = ""


@dataclass(frozen=True)
class Card:
    """What has to be known of a technique elsewhere; ``file`` is relative to the book's root."""

    slug: str
    file: str
    title: str
    part: str
    order: int
    question: str
    idea: str
    code: str
    teach: Mapping[str, Any]
    papers: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    letters: tuple[Letter, ...] = ()
    labs: tuple[Lab, ...] = ()
    not_checked: str = ""

    @property
    def folder(self) -> str:
        """The folder of its pages, relative to the root."""
        return f"chapters/{self.slug}"

    @property
    def pages(self) -> list[str]:
        """Its pages in reading order, relative to the root, without endings."""
        return [f"{self.folder}/{name}" for name in ("theory", *(lab.name for lab in self.labs))]


@dataclass(frozen=True)
class Demo:
    """One demo: a notebook, and a card that is its ledger as well."""

    slug: str
    file: str
    title: str
    part: str
    order: int
    paper: str
    idea: str

    @property
    def page(self) -> str:
        """Its page, relative to the root, without ending."""
        return f"demos/{self.slug}"


@dataclass(frozen=True)
class Shelf:
    """All cards of the book in reading order, with the parts and papers that they name."""

    root: Path
    parts: tuple[Part, ...]
    front: tuple[str, ...]
    back: tuple[str, ...]
    cards: tuple[Card, ...]
    demos: tuple[Demo, ...]
    papers: Mapping[str, Paper] = field(default_factory=dict)

    def of_part(self, part: Part) -> list[Card]:
        """Return the techniques of a part in order."""
        return [card for card in self.cards if card.part == part.key]

    def demos_of(self, part: Part) -> list[Demo]:
        """Return the demos of a part in order."""
        return [demo for demo in self.demos if demo.part == part.key]

    def shown_parts(self) -> list[Part]:
        """Return the parts that hold something."""
        return [part for part in self.parts if self.of_part(part) or self.demos_of(part)]

    def card(self, slug: str) -> Card:
        """Return one card by its slug; ``KeyError`` if there is none."""
        return {card.slug: card for card in self.cards}[slug]

    def before(self, card: Card) -> list[Card]:
        """Return the techniques on which one builds, as far as they have a card."""
        return [one for one in self.cards if one.slug in card.builds_on]


def read_toml(path: Path, root: Path) -> dict[str, Any]:
    """Return the TOML file at ``path``; an error names the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CardError(f"{path.relative_to(root)}: {error}") from error


def read_shelf(root: Path = ROOT) -> Shelf:
    """Return the book's cards.

    Raises
    ------
    CardError
        If a file is missing, is no TOML, lacks a required key or has an unknown one.
    """
    listed = read_toml(root / "book" / "parts.toml", root)
    parts = tuple(
        _make(Part, "book/parts.toml", key=key, **part) for key, part in listed["part"].items()
    )
    places = {part.key: place for place, part in enumerate(parts)}
    cards = [_card(path, root) for path in sorted((root / "chapters").glob("*/chapter.toml"))]
    demos = [_demo(path, root) for path in sorted((root / "demos").glob("*.toml"))]
    cards.sort(key=lambda card: (places.get(card.part, len(places)), card.order, card.slug))
    demos.sort(key=lambda demo: (places.get(demo.part, len(places)), demo.order, demo.slug))
    front, back = (tuple(listed.get(name, {}).get("pages", ())) for name in ("front", "back"))
    return Shelf(root, parts, front, back, tuple(cards), tuple(demos), _papers(root))


def _card(path: Path, root: Path) -> Card:
    file, values = str(path.relative_to(root)), read_toml(path, root)
    for key in REQUIRED:
        if key not in values:
            raise CardError(f"{file}: no key {key!r}")
    letters = tuple(_letter(file, tex, said) for tex, said in values.pop("letters", {}).items())
    tables = values.pop("labs", {})
    single = (path.parent / "lab.ipynb").exists() or not tables
    names = ["lab"] if single and not tables else [f"lab_{name}" for name in tables]
    papers = [tuple(table.get("papers", ())) for table in tables.values()] or [()]
    labs = tuple(Lab(name, found) for name, found in zip(names, papers, strict=True))
    lists = {key: tuple(values.pop(key, ())) for key in ("papers", "sources", "builds_on")}
    return _make(
        Card, file, slug=path.parent.name, file=file, letters=letters, labs=labs, **lists, **values
    )


def _letter(file: str, tex: str, said: str | list[str]) -> Letter:
    cells = [said] if isinstance(said, str) else said
    if not 1 <= len(cells) <= 3:
        raise CardError(f"{file}: letter {tex!r} takes a meaning, a range and a name in the code")
    return Letter(tex, *cells)


def _demo(path: Path, root: Path) -> Demo:
    file, values = str(path.relative_to(root)), read_toml(path, root)
    values.pop("claim", None)
    return _make(Demo, file, slug=path.stem, file=file, **values)


def _papers(root: Path) -> dict[str, Paper]:
    path = root / "book" / "atlas.toml"
    if not path.exists():
        return {}
    rows = read_toml(path, root).get("paper", [])
    known = {one.name for one in fields(Paper)}
    papers = [
        _make(Paper, "book/atlas.toml", **{k: v for k, v in row.items() if k in known})
        for row in rows
    ]
    return {paper.id: paper for paper in papers}


Made = TypeVar("Made", Part, Card, Demo, Paper)


def _make(kind: type[Made], place: str, /, **values: Any) -> Made:
    known = {one.name for one in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise CardError(f"{place}: unknown key {unknown[0]!r}")
    try:
        return kind(**values)
    except TypeError as error:
        raise CardError(f"{place}: {error}") from error
