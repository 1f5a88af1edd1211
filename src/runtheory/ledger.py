"""Read what the book claims: one ``[[claim]]`` entry a claim, beside the pages of its technique."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runtheory import checkout

KINDS = ("identity", "bound", "law", "effect", "live_slice")
VERDICTS = ("holds", "inconclusive", "contradicted")
TWINNED = ("bound", "law", "live_slice")  # kinds that always name the nearest mistake


@dataclass(frozen=True)
class Claim:
    """One entry of a ledger.

    ``id`` is ``slug/name``. ``source`` is a theorem's label, ``cite:key`` with what of that work,
    or plain words. ``direction`` is the sign that an effect is claimed to have. ``twin`` names in
    one sentence the nearest mistake, which the same evidence must refuse. ``arithmetic`` marks a
    check that cannot fail whatever is learnt. ``stated`` is "after" where the sentence was written
    down after its number had been seen in a record or a trial run. Of a claim that does not hold,
    ``why`` says what we make of it and ``would_take`` what would decide it.

    Raises
    ------
    ValueError
        If the id has no slug, or kind, verdict, direction or stated is an unknown word.
    """

    id: str
    statement: str
    source: str
    kind: str
    verdict: str = "holds"
    direction: str = "positive"
    twin: str = ""
    arithmetic: bool = False
    stated: str = "before"
    why: str = ""
    would_take: str = ""

    def __post_init__(self) -> None:
        if self.id.count("/") != 1 or not all(self.id.split("/")):
            raise ValueError(f"claim {self.id}: an id is slug/name")
        words = {
            "kind": (self.kind, KINDS),
            "verdict": (self.verdict, VERDICTS),
            "direction": (self.direction, ("positive", "negative")),
            "stated": (self.stated, ("before", "after")),
        }
        for field, (word, known) in words.items():
            if word not in known:
                raise ValueError(f"claim {self.id}: {field} must be one of {known}, got {word!r}")

    @property
    def slug(self) -> str:
        """The technique or demo that makes the claim."""
        return self.id.split("/")[0]


def book_folder() -> Path:
    """Return the folder of chapters and demos: the checkout, or the copy inside the wheel."""
    return Path(str(checkout.book()))


def ledger_paths(root: Path) -> list[Path]:
    """Return the ledgers below ``root``: those of the chapters, then those of the demos."""
    demos = sorted((root / "demos").glob("*.toml"))
    return [*sorted((root / "chapters").glob("*/claims.toml")), *demos]


def slug_of(path: Path) -> str:
    """Return the slug whose ledger is at ``path``: its folder's name, or a demo's file name."""
    return path.parent.name if path.name == "claims.toml" else path.stem


def read_ledger(path: Path) -> list[Claim]:
    """Return the claims of one ledger, in order.

    Raises
    ------
    ValueError
        If the file is no TOML, or an entry is wrong, lacks a field or bears another slug.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
        claims = [_claim(**entry) for entry in entries]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path.parent.name}/{path.name}: {error}") from error
    for claim in claims:
        if claim.slug != slug_of(path):
            place = f"{path.parent.name}/{path.name}"
            raise ValueError(f"{place}: claim {claim.id} must begin with {slug_of(path)}/")
    return claims


def _claim(**entry: object) -> Claim:
    for field, value in entry.items():
        if not isinstance(value, bool if field == "arithmetic" else str):
            raise TypeError(f"claim {entry.get('id')}: {field} must not be {value!r}")
    return Claim(**entry)  # type: ignore[arg-type]


def by_id(claims: Iterable[Claim]) -> dict[str, Claim]:
    """Return ``claims`` by id; an id that is used twice raises ``ValueError``."""
    named: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in named:
            raise ValueError(f"the claim id {claim.id} is used twice")
        named[claim.id] = claim
    return named


@cache
def ledger(slug: str) -> dict[str, Claim]:
    """Return the claims of one technique or demo by their ids; none where it has no ledger."""
    paths = [path for path in ledger_paths(book_folder()) if slug_of(path) == slug]
    return by_id(claim for path in paths for claim in read_ledger(path))


def find(claim_id: str) -> Claim:
    """Return a claim by its id; ``KeyError`` names those of the same slug where there is none."""
    listed = ledger(claim_id.split("/")[0])
    if claim_id not in listed:
        raise KeyError(f"no ledger lists the claim {claim_id!r}; of this slug: {sorted(listed)}")
    return listed[claim_id]
