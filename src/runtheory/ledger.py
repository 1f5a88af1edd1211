"""Read what the book claims: one ``[[claim]]`` entry a claim, beside the pages of its technique."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from runtheory import checkout

KINDS = ("identity", "bound", "law", "effect", "live_slice")
VERDICTS = ("holds", "inconclusive", "contradicted")
NEAREST = 3  # ids named where a claim is not found
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
    return path.absolute().parent.name if path.name == "claims.toml" else path.stem


def read_ledger(path: Path) -> list[Claim]:
    """Return the claims of one ledger, in order.

    It may be a ledger of your own: ``by_id(read_ledger(Path("paper/claims.toml")))`` holds the
    claims ``paper/...``, and the functions of :mod:`runtheory.claims` take each in place of an id.

    Raises
    ------
    ValueError
        If the file is no TOML, or an entry is wrong, lacks a field or bears another slug; the
        message names file, claim and key.
    """
    place = f"{path.absolute().parent.name}/{path.name}"
    try:
        claims = [_claim(entry, number) for number, entry in enumerate(_entries(path), start=1)]
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    for claim in claims:
        if claim.slug != slug_of(path):
            raise ValueError(f"{place}: claim {claim.id} must begin with {slug_of(path)}/")
    return claims


def _entries(path: Path) -> list[object]:
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("it nests without end") from None
    other = sorted(stored.keys() - {"claim"})
    if path.name == "claims.toml" and other:  # the file of a demo is its card as well
        raise ValueError(f"a ledger holds [[claim]] alone, got {', '.join(other)}")
    entries = stored.get("claim", [])
    if not isinstance(entries, list):
        raise ValueError("claims are listed by [[claim]], in double brackets, got [claim]")
    return entries


def _claim(entry: object, number: int) -> Claim:
    if not isinstance(entry, dict):
        raise ValueError(f"claim number {number} must have keys, got {entry!r}")
    place = f"claim {entry.get('id') or f'number {number}'}"
    known = {field.name: field.default is MISSING for field in fields(Claim)}
    for key, value in entry.items():
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f", did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
            raise ValueError(f"{place}: there is no key {key!r}{hint}")
        if not isinstance(value, bool if key == "arithmetic" else str):
            kind = "true or false" if key == "arithmetic" else "text"
            raise ValueError(f"{place}: {key} must be {kind}, got {value!r}")
    if missing := [key for key, needed in known.items() if needed and key not in entry]:
        raise ValueError(f"{place} lacks {', '.join(missing)}")
    return Claim(**entry)


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


def find(claim: str | Claim) -> Claim:
    """Return a claim of the book by its id, and one of a ledger of your own as it is.

    ``KeyError`` names the nearest ids where there is none.

    Examples
    --------
    >>> from runtheory import ledger
    >>> claim = ledger.find("cutmix/pasted-area")
    >>> claim.kind
    'law'
    """
    if isinstance(claim, Claim):
        return claim
    listed = ledger(claim.split("/")[0])
    if claim not in listed:
        known = listed or [one for path in ledger_paths(book_folder()) for one in _ids(path)]
        close = get_close_matches(claim, known, n=NEAREST)
        near = f"the nearest are {', '.join(close)}" if close else "none is near"
        own = "" if close else " (a claim of your own is handed in itself, not its id)"
        raise KeyError(f"no ledger of the book lists the claim {claim!r}; {near}{own}")
    return listed[claim]


def _ids(path: Path) -> list[str]:
    return [claim.id for claim in read_ledger(path)]
