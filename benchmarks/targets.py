"""What the book holds its implementations to, and the verdict of a record's rows.

Light: the book's pages are built with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Quantity = Literal["peer / ours", "ours / peer", "ours, ms"]
Row = Mapping[str, str | float | int | None]
MET, NOT_MET, UNDECIDED, UNMEASURED = "met", "not met", "undecided", "not measured"


@dataclass(frozen=True)
class Target:
    """A range, ends included, for one quantity of the row of ``comparison`` and ``peer``."""

    statement: str
    comparison: str
    peer: str
    quantity: Quantity = "peer / ours"
    least: float = 0.0
    most: float = float("inf")

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most


@dataclass(frozen=True)
class Verdict:
    """Median and quartiles of a target's quantity; None where its row is absent."""

    target: Target
    quartiles: tuple[float, float, float] | None

    @property
    def word(self) -> str:
        """Met if both quartiles lie in the range, not met if both lie beyond one end of it."""
        if self.quartiles is None:
            return UNMEASURED
        low, _, high = self.quartiles
        if low in self.target and high in self.target:
            return MET
        return NOT_MET if high < self.target.least or low > self.target.most else UNDECIDED


TARGETS = (
    Target(
        "CutMix with one box per image takes at most 1.25 times as long as with one box per batch",
        "cutmix-image",
        "roll and slice, per batch",
        "ours / peer",
        most=1.25,
    ),
    Target(
        "the same where memory is left to the system",
        "cutmix-image-returned",
        "roll and slice, per batch",
        "ours / peer",
        most=1.25,
    ),
    Target(
        "CutMix with one box per image is at least 4 times faster than timm's per-element mode",
        "cutmix-image",
        "timm, per element",
        least=4,
    ),
    Target(
        "NC1 takes less than a tenth of the time with a d × d pseudo-inverse",
        "nc1-statistics",
        "torch.linalg.pinv",
        least=10,
    ),
    Target(
        "the same, the pseudo-inverse being told that its matrix is symmetric",
        "nc1-statistics",
        "torch.linalg.pinv, hermitian",
        least=10,
    ),
    Target(
        "the same, the pass over the features included on both sides",
        "nc1-features",
        "class by class, torch.linalg.pinv",
        least=10,
    ),
    Target(
        "one point of the exact ladder takes less than 0.1 s",
        "ladder",
        "scipy.integrate.nquad",
        "ours, ms",
        most=100,
    ),
    Target(
        "super-sample networks are trained at least 5 times faster at once than one by one",
        "supersample",
        "one by one, same function",
        least=5,
    ),
    Target(
        "a step of multi-sample dropout with M = 8 and a linear head takes within 20 % of what the "
        "cost model foretells",
        "dropout-0",
        "cost model",
        least=0.8,
        most=1.2,
    ),
    Target(
        "the same with a hidden layer in the head",
        "dropout-128",
        "cost model",
        least=0.8,
        most=1.2,
    ),
)


def verdicts(rows: Iterable[Row], targets: Iterable[Target] = TARGETS) -> list[Verdict]:
    """Return the verdict of every target, in order."""
    found = {(row["comparison"], row["peer"]): row for row in rows}
    return [
        Verdict(target, _quartiles(target.quantity, found.get((target.comparison, target.peer))))
        for target in targets
    ]


def _quartiles(quantity: Quantity, row: Row | None) -> tuple[float, float, float] | None:
    if row is None:
        return None
    kind = "ours{}_ms" if quantity == "ours, ms" else "ratio{}"
    low, middle, high = (row[kind.format(end)] for end in ("_low", "", "_high"))
    if not (isinstance(low, float) and isinstance(middle, float) and isinstance(high, float)):
        return None
    if quantity == "ours / peer":
        return 1 / high, 1 / middle, 1 / low
    return low, middle, high
