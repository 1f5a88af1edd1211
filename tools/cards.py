"""Read what a technique says of itself: its card, its part, its labs.

A technique is a slug. ``chapters/<slug>/chapter.toml`` is its card, ``demos/<slug>.toml`` that of a
demo, ``book/parts.toml`` the order of parts and of the pages before and behind them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from tools.notebooks import ROOT

PARTS, ATLAS = "book/parts.toml", "book/atlas.toml"
WORDS = {  # what a key may hold, by the annotation of its field
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of texts",
    "Mapping[str, Any]": "a table",
}


class CardError(ValueError):
    """A card or list that cannot be read; the message begins with its file."""


@dataclass(frozen=True)
class Matter:
    """The pages before or behind the parts."""

    caption: str
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One part of the book, in the order of ``book/parts.toml``."""

    key: str
    caption: str
    question: str


@dataclass(frozen=True)
class Paper:
    """One row of ``book/atlas.toml``: a paper, its key in ``references.bib``, and its idea.

    A paper that the book only reads has a ``reason``.
    """

    id: str
    key: str
    theme: str
    idea: str
    reason: str = ""


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
    def short(self) -> bool:
        """Whether it is of the short form, with one ``lab.ipynb``."""
        return [lab.name for lab in self.labs] == ["lab"]

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
    front: Matter
    back: Matter
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
        If a file is missing, is no TOML, lacks a required key, or has an unknown one or a value
        of another type.
    """
    listed = read_toml(root / PARTS, root)
    front, back = (made(Matter, PARTS, _table(listed, name, PARTS)) for name in ("front", "back"))
    named = _table(listed, "part", PARTS)
    parts = tuple(made(Part, PARTS, _table(named, key, PARTS), key=key) for key in list(named))
    if listed:
        raise CardError(f"{PARTS}: unknown key {next(iter(listed))!r}")
    places = {part.key: place for place, part in enumerate(parts)}
    cards = [_card(path, root) for path in sorted((root / "chapters").glob("*/chapter.toml"))]
    demos = [_demo(path, root) for path in sorted((root / "demos").glob("*.toml"))]
    cards.sort(key=lambda card: (places.get(card.part, len(places)), card.order, card.slug))
    demos.sort(key=lambda demo: (places.get(demo.part, len(places)), demo.order, demo.slug))
    return Shelf(root, parts, front, back, tuple(cards), tuple(demos), _papers(root))


def _table(values: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    """Take the table called ``name`` out of ``values``."""
    taken = values.pop(name, None)
    if not isinstance(taken, dict):
        raise CardError(f"{place}: {name} must be a table, got {taken!r}")
    return taken


def _card(path: Path, root: Path) -> Card:
    file, values = str(path.relative_to(root)), read_toml(path, root)
    said = _table(values, "letters", file) if "letters" in values else {}
    tables = _table(values, "labs", file) if "labs" in values else {}
    letters = tuple(_letter(file, tex, cells) for tex, cells in said.items())
    labs = tuple(
        made(Lab, f"{file}: labs.{subject}", _table(tables, subject, file), name=f"lab_{subject}")
        for subject in list(tables)
    )
    given = {"letters": letters, "labs": labs or (Lab("lab"),)}
    return made(Card, file, values, slug=path.parent.name, file=file, **given)


def _letter(file: str, tex: str, said: object) -> Letter:
    cells = [said] if isinstance(said, str) else said
    if not isinstance(cells, list) or not 1 <= len(cells) <= 3 or not _fits(cells, "tuple"):
        raise CardError(f"{file}: letter {tex!r} takes a meaning, a range and a name in the code")
    return Letter(tex, *cells)


def _demo(path: Path, root: Path) -> Demo:
    file, values = str(path.relative_to(root)), read_toml(path, root)
    values.pop("claim", None)
    return made(Demo, file, values, slug=path.stem, file=file)


def _papers(root: Path) -> dict[str, Paper]:
    if not (root / ATLAS).exists():
        return {}
    papers: dict[str, Paper] = {}
    for row in read_toml(root / ATLAS, root).get("paper", []):
        paper = made(Paper, f"{ATLAS}: {row.get('id', 'a paper without id')}", row)
        if paper.id in papers:
            raise CardError(f"{ATLAS}: the id {paper.id!r} is used twice")
        papers[paper.id] = paper
    return papers


Made = TypeVar("Made")


def made(kind: type[Made], place: str, values: Mapping[str, Any], **given: Any) -> Made:
    """Return the dataclass that a file's ``values`` say, with what is ``given`` by its place.

    Raises
    ------
    CardError
        If a key is missing or unknown, or its value of another type; it names ``place``.
    """
    wanted = {one.name: one for one in fields(kind) if one.name not in given}
    for name, value in values.items():
        if name not in wanted:
            raise CardError(f"{place}: unknown key {name!r}")
        if not _fits(value, str(wanted[name].type)):
            said = WORDS[str(wanted[name].type)]
            raise CardError(f"{place}: {name} must be {said}, got {value!r}")
    for name, one in wanted.items():
        if name not in values and one.default is MISSING and one.default_factory is MISSING:
            raise CardError(f"{place}: no key {name!r}")
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return kind(**{**values, **lists, **given})


def _fits(value: object, annotation: str) -> bool:
    if annotation.startswith("tuple"):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if isinstance(value, bool):
        return annotation == "bool"
    types = {"str": str, "int": int, "float": int | float, "Mapping[str, Any]": dict, "bool": bool}
    return isinstance(value, types[annotation])
