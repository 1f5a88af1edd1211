"""What is wrong with the cards: each fault is the file and one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.cards import Card, Demo, Shelf

TEACH = ("minutes", "board", "projector", "misconception")
Fault = tuple[str, str]


def faults(shelf: Shelf, keys: frozenset[str]) -> Iterator[Fault]:
    """Yield what is wrong with the cards: the file and one sentence.

    ``keys`` are those of ``references.bib``.
    """
    yield from _order_faults(shelf)
    for card in shelf.cards:
        yield from ((card.file, text) for text in _card_faults(card, shelf, keys))
    for demo in shelf.demos:
        if demo.part not in {part.key for part in shelf.parts}:
            yield demo.file, f"part: book/parts.toml has no part {demo.part!r}"
        if demo.paper not in shelf.papers:
            yield demo.file, f"paper: book/atlas.toml has no paper {demo.paper!r}"
        if not (shelf.root / f"{demo.page}.ipynb").exists():
            yield demo.file, f"there is no notebook {demo.page}.ipynb"
    yield from _circles(shelf)


def _order_faults(shelf: Shelf) -> Iterator[Fault]:
    taken: dict[tuple[str, str, int], str] = {}
    every: list[Card | Demo] = [*shelf.cards, *shelf.demos]
    for one in every:
        place = (type(one).__name__, one.part, one.order)
        if place in taken:
            yield one.file, f"order: {one.order} is taken in part {one.part} by {taken[place]}"
        taken.setdefault(place, one.file)


def _card_faults(card: Card, shelf: Shelf, keys: frozenset[str]) -> Iterator[str]:
    if card.part not in {part.key for part in shelf.parts}:
        yield f"part: book/parts.toml has no part {card.part!r}"
    for paper in (*card.papers, *(paper for lab in card.labs for paper in lab.papers)):
        if paper not in shelf.papers:
            yield f"papers: book/atlas.toml has no paper {paper!r}"
    for source in card.sources:
        if source not in keys:
            yield f"sources: book/references.bib has no key {source!r}"
    for other in card.builds_on:
        if other not in {one.slug for one in shelf.cards}:
            yield f"builds_on: there is no technique {other!r}"
    for key in TEACH:
        if not card.teach.get(key):
            yield f"teach: {key} is missing"
    if card.teach.get("projector") not in {lab.name for lab in card.labs}:
        yield f"teach: projector names no lab: {card.teach.get('projector')!r}"
    yield from (f"{name} is empty" for name in ("question", "idea") if not getattr(card, name))
    yield from _file_faults(card, shelf.root)


def _file_faults(card: Card, root: Path) -> Iterator[str]:
    for page in card.pages:
        if not any((root / f"{page}{ending}").exists() for ending in (".md", ".ipynb")):
            yield f"there is no page {page}"
    listed = {lab.name for lab in card.labs}
    for path in sorted((root / card.folder).glob("lab*.ipynb")):
        if path.stem not in listed:
            yield f"labs: {path.name} is not listed"
    code = root / "src" / Path(*card.code.split("."))
    if code.is_dir():
        return  # a package: each of its modules has tests of its own
    if not code.with_suffix(".py").exists():
        yield f"code: there is no module {card.code}"
        return
    test = (
        root
        / "tests"
        / code.parent.relative_to(root / "src" / "runtheory")
        / f"test_{code.name}.py"
    )
    if not test.exists():
        yield f"code: {card.code} has no test {test.relative_to(root)}"


def _circles(shelf: Shelf) -> Iterator[Fault]:
    edges = {card.slug: card.builds_on for card in shelf.cards}
    done: set[str] = set()

    def walk(slug: str, path: tuple[str, ...]) -> Iterator[Fault]:
        if slug in path:
            yield shelf.card(slug).file, f"builds_on: a circle, {' → '.join((*path, slug))}"
        elif slug in edges and slug not in done:
            for other in edges[slug]:
                yield from walk(other, (*path, slug))
            done.add(slug)

    for slug in edges:
        yield from walk(slug, ())
