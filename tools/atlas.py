"""What the book runs of each paper of ``book/atlas.toml``: computed, never typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from runtheory.ledger import Claim
from tools.cards import Card, Paper, Shelf
from tools.ledgers import Ledgers

STATES = ("chapter", "technique", "demo", "not yet run", "read only")
RUN = STATES[:3]


@dataclass(frozen=True)
class Place:
    """One paper of the atlas, what the book does with it, and where.

    ``pages`` are notebooks and theory pages, relative to the root and without endings; ``claims``
    are those whose source is the paper.
    """

    paper: Paper
    state: str
    pages: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


def places(shelf: Shelf, ledgers: Ledgers) -> list[Place]:
    """Return the place of every paper, in the order of the atlas."""
    return [_place(paper, shelf, ledgers) for paper in shelf.papers.values()]


def counts(found: list[Place]) -> dict[str, Counter[str]]:
    """Return for each theme, in order of the rows, how many papers are in which state."""
    result: dict[str, Counter[str]] = {}
    for place in found:
        result.setdefault(place.paper.theme, Counter())[place.state] += 1
    return result


def _place(paper: Paper, shelf: Shelf, ledgers: Ledgers) -> Place:
    cited = tuple(
        claim for claim in ledgers.claims.values() if claim.source.split()[0] == f"cite:{paper.key}"
    )
    shown = [(state, page) for state, page in _pages(paper, shelf) if _stands(page, ledgers)]
    if not shown:
        return Place(paper, "read only" if paper.reason else "not yet run", claims=cited)
    state = min((state for state, _ in shown), key=STATES.index)
    return Place(paper, state, tuple(dict.fromkeys(page for _, page in shown)), cited)


def _pages(paper: Paper, shelf: Shelf) -> Iterator[tuple[str, str]]:
    """Yield what runs a paper: a kind of page and the page, as the cards say."""
    for card in shelf.cards:
        if paper.id in card.papers:
            yield from ((_kind(card), page) for page in card.pages)
        for lab in card.labs:
            if paper.id in lab.papers:
                yield _kind(card), f"{card.folder}/{lab.name}"
    yield from (("demo", demo.page) for demo in shelf.demos if demo.paper == paper.id)


def _kind(card: Card) -> str:
    return "technique" if card.short else "chapter"


def _stands(page: str, ledgers: Ledgers) -> bool:
    """Tell whether each claim that a page checks came out as its ledger expects."""
    return all(
        one.record["verdict"] == ledgers.claims[one.id].verdict
        for one in ledgers.findings
        if PurePosixPath(*one.path.parts[-len(PurePosixPath(page).parts) :]).with_suffix("")
        == PurePosixPath(page)
        and one.id in ledgers.claims
    )
