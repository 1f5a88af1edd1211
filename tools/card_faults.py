"""What is wrong with the cards: each fault is the file and one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.cards import ATLAS, Card, Demo, Paper, Shelf

TEACH = ("minutes", "board", "projector", "misconception", "prediction", "probe", "refuted_by")
MOST_OBJECTIVES = 6
EXERCISE = re.compile(r'"## (\d+)\.')

Fault = tuple[str, str]


def faults(shelf: Shelf, keys: frozenset[str]) -> Iterator[Fault]:
    """Yield what is wrong with the cards: the file and one sentence.

    ``keys`` are those of ``references.bib``.
    """
    yield from _order_faults(shelf)
    for card in shelf.cards:
        yield from ((card.file, text) for text in _card_faults(card, shelf, keys))
    for demo in shelf.demos:
        yield from ((demo.file, text) for text in _demo_faults(demo, shelf))
    yield from _circles(shelf)
    yield from _without_card(shelf)
    for paper in shelf.papers.values():
        yield from (
            (ATLAS, f"paper {paper.id}: {text}") for text in _paper_faults(paper, shelf, keys)
        )


def _paper_faults(paper: Paper, shelf: Shelf, keys: frozenset[str]) -> Iterator[str]:
    if paper.key not in keys:
        yield f"book/references.bib has no key {paper.key!r}"
    yield from (f"{name} is empty" for name in ("theme", "idea") if not getattr(paper, name))
    run = [demo.file for demo in shelf.demos if demo.paper == paper.id]
    for card in shelf.cards:
        named = (*card.papers, *(one for lab in card.labs for one in lab.papers))
        run += [card.file] if paper.id in named else []
    if paper.reason and run:
        yield f"it has a reason why it is only read, but {run[0]} runs it"


def _without_card(shelf: Shelf) -> Iterator[Fault]:
    """Yield the pages that no card brings into the book."""
    chapters, endings = shelf.root / "chapters", (".md", ".ipynb", ".toml")
    for folder in sorted({one.parent for one in chapters.glob("*/*") if one.suffix in endings}):
        file = folder.relative_to(shelf.root) / "chapter.toml"
        if not (shelf.root / file).exists():
            yield str(file), "there is no card"
    for path in sorted((shelf.root / "demos").glob("*.ipynb")):
        file = path.with_suffix(".toml").relative_to(shelf.root)
        if not (shelf.root / file).exists():
            yield str(file), "there is no card"


def _demo_faults(demo: Demo, shelf: Shelf) -> Iterator[str]:
    if demo.part not in {part.key for part in shelf.parts}:
        yield f"part: book/parts.toml has no part {demo.part!r}"
    if demo.paper not in shelf.papers:
        yield f"paper: book/atlas.toml has no paper {demo.paper!r}"
    if not (shelf.root / f"{demo.page}.ipynb").exists():
        yield f"there is no notebook {demo.page}.ipynb"
    if demo.slug in {card.slug for card in shelf.cards}:
        yield f"a technique has the slug {demo.slug} as well"


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
    yield from _teach_faults(card)
    yield from (f"{name} is empty" for name in ("question", "idea") if not getattr(card, name))
    yield from _file_faults(card, shelf.root)
    yield from _objective_faults(card, shelf.root)


def _teach_faults(card: Card) -> Iterator[str]:
    yield from (f"teach: {key} is missing" for key in TEACH if not card.teach.get(key))
    if card.teach.get("projector") not in {lab.name for lab in card.labs}:
        yield f"teach: projector names no lab: {card.teach.get('projector')!r}"


def exercises_of(card: Card, root: Path) -> set[str]:
    """Return the numbers of a technique's exercises."""
    solutions = root / card.folder / "solutions.ipynb"
    text = solutions.read_text(encoding="utf-8") if solutions.exists() else ""
    return set(EXERCISE.findall(text))


def _objective_faults(card: Card, root: Path) -> Iterator[str]:
    """Yield what is wrong with the objectives: a text and the number of an exercise each."""
    listed = card.teach.get("objectives", [])
    if not 2 <= len(listed) <= MOST_OBJECTIVES:
        yield f"teach: {len(listed)} objectives, outside 2 to {MOST_OBJECTIVES}"
    known, page = exercises_of(card, root), root / card.folder / "theory.md"
    for one in listed:
        if not (isinstance(one, list) and [type(x) for x in one] == [str, int]):
            yield f"teach: an objective is a text and the number of an exercise, got {one!r}"
        elif str(one[1]) not in known:
            yield f"teach: there is no exercise {one[1]} to meet the objective {one[0]!r}"
    if page.exists() and "\n```{objectives}\n```\n\n" not in page.read_text(encoding="utf-8"):
        yield "teach: the theory page does not show the objectives"


def _file_faults(card: Card, root: Path) -> Iterator[str]:
    for page in card.pages:
        if not any((root / f"{page}{ending}").exists() for ending in (".md", ".ipynb")):
            yield f"there is no page {page}"
    listed = {lab.name for lab in card.labs}
    for path in sorted((root / card.folder).glob("lab*.ipynb")):
        if path.stem not in listed:
            yield f"labs: {path.name} is not listed"
    yield from _code_faults(card.code, root)


def _code_faults(code: str, root: Path) -> Iterator[str]:
    package, *names = code.split(".")
    module, tests = root.joinpath("src", package, *names), Path("tests", *names)
    if package != "runtheory" or not names:
        yield f"code: {code!r} is no module or package below runtheory"
    elif (module / "__init__.py").exists():
        if not list((root / tests).rglob("test_*.py")):
            yield f"code: {code} has no tests in {tests}"
    elif not module.with_suffix(".py").exists():
        yield f"code: there is no module {code}"
    elif not (root / (test := tests.with_name(f"test_{tests.name}.py"))).exists():
        yield f"code: {code} has no test {test}"


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
