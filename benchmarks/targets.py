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
    """A range, ends included, for one quantity of the row of ``comparison`` and ``peer``.

    ``reason`` says what stands in the way where the target is not met.
    """

    statement: str
    comparison: str
    peer: str
    quantity: Quantity = "peer / ours"
    least: float = 0.0
    most: float = float("inf")
    reason: str = ""

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


SMALL_IMAGES = (
    "the peer draws one box and copies one slice; the boxes of all images and their labels, which "
    "have a row of their own, take much of its time before an image is touched"
)
REASONS = {
    "cutmix-image": SMALL_IMAGES,
    "cutmix-image-bytes": SMALL_IMAGES,
    "cutmix-large-out": "a copy of the batch alone, which has a row of its own, takes most of it",
    "class-statistics": "the peer does not centre: it leaves out the class means, and digits",
    "nc1-statistics": "an orthogonal factor of the means, a K × K decomposition and one product "
    "with S_W, which keep the conditioning of the means, take more than a tenth already",
    "nc1-features": "the product of all features that S_W needs, on both sides, takes more than a "
    "tenth of the peer's time already",
    "dropout-residual": "the head is a small part of the step: a single mask, which has a row of "
    "its own, takes nearly as long as eight",
    "loop": "an objective of one's own, an optimiser's own look at the loss and a step that can be "
    "resumed cost some microseconds, which a step of a small network feels",
    "neighbours": "the distances of SciPy, the same on both sides, are most of the time",
}

TARGETS = (
    Target(
        "CutMix with one box per image takes at most 1.25 times as long as with one box per batch, "
        "256 × 3 × 32 × 32 float32",
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
        "CutMix with one box per image is at least 4 times faster than timm's per-element mode, "
        "256 × 3 × 32 × 32 float32",
        "cutmix-image",
        "timm, per element",
        least=4,
    ),
    *(
        Target(
            f"CutMix with one box per image takes at most {most:g} times as long as torchvision's "
            f"with one box per batch, {told}",
            comparison,
            "torchvision, per batch",
            "ours / peer",
            most=most,
            reason=REASONS.get(comparison, ""),
        )
        for comparison, most, told in (
            ("cutmix-image", 1.0, "256 × 3 × 32 × 32 float32"),
            ("cutmix-image-bytes", 1.4, "256 × 3 × 32 × 32 bytes"),
            ("cutmix-large", 0.7, "64 × 3 × 224 × 224 float32"),
            ("cutmix-large-returned", 0.7, "the same, memory left to the system"),
            ("cutmix-large-bytes", 0.8, "64 × 3 × 224 × 224 bytes"),
            ("cutmix-large-bytes-returned", 0.8, "the same, memory left to the system"),
            ("cutmix-large-last", 0.8, "64 × 3 × 224 × 224 float32, channels-last"),
            ("cutmix-large-last-returned", 0.8, "the same, memory left to the system"),
            ("cutmix-large-out", 0.4, "64 × 3 × 224 × 224 float32, ours into a buffer"),
            ("cutmix-large-in-place", 0.4, "64 × 3 × 224 × 224 float32, ours in place"),
        )
    ),
    Target(
        "CutMix with one box per image takes no longer than slices copied on a clone, "
        "64 × 3 × 224 × 224 float32",
        "cutmix-large",
        "slices on a clone",
        "ours / peer",
        most=1.0,
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
        reason=REASONS["nc1-statistics"],
    ),
    Target(
        "the same, the pass over the features included on both sides",
        "nc1-features",
        "class by class, torch.linalg.pinv",
        least=10,
        reason=REASONS["nc1-features"],
    ),
    *(
        Target(
            f"class statistics of {classes:,} classes and {width:,} features, in batches of 256, "
            "take at most 1.4 times as long as sums and second moments in one pass",
            f"class-statistics-{classes}-{width}",
            "sums and second moments in float64",
            "ours / peer",
            most=1.4,
            reason=REASONS["class-statistics"],
        )
        for classes, width in ((1_000, 512), (1_000, 2_048))
    ),
    Target(
        "one point of the exact ladder takes less than 0.1 s",
        "ladder",
        "scipy.integrate.nquad",
        "ours, ms",
        most=100,
    ),
    Target(
        "information by neighbours takes at most the time of blocked brute force, at 5,000 points",
        "neighbours-5000",
        "blocked brute force",
        "ours / peer",
        most=1.0,
        reason=REASONS["neighbours"],
    ),
    Target(
        "the same at 20,000 points",
        "neighbours-20000",
        "blocked brute force",
        "ours / peer",
        most=1.0,
        reason=REASONS["neighbours"],
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
    Target(
        "eight masks at once are at least 1.2 times faster than a loop over heads, "
        "on a convolutional net whose head has a hidden layer",
        "dropout-128",
        "loop over samples",
        least=1.2,
    ),
    Target(
        "eight masks at once are at least 1.2 times faster than a loop over heads, "
        "on 2048 features and 10 classes",
        "dropout-wide",
        "loop over samples",
        least=1.2,
    ),
    Target(
        "eight masks at once are at least 1.2 times faster than a loop over heads, "
        "on 2048 features and 1000 classes",
        "dropout-classes",
        "loop over samples",
        least=1.2,
    ),
    Target(
        "eight masks at once are at least 1.2 times faster than a loop over heads, "
        "on a residual net with a linear head",
        "dropout-residual",
        "loop over samples",
        least=1.2,
        reason=REASONS["dropout-residual"],
    ),
    Target(
        "the training loop takes at most 1.03 times as long as one by hand, batches of 64",
        "loop-64",
        "written by hand",
        "ours / peer",
        most=1.03,
        reason=REASONS["loop"],
    ),
    Target(
        "the training loop takes at most 1.03 times as long as one by hand, batches of 8",
        "loop-8",
        "written by hand",
        "ours / peer",
        most=1.03,
        reason=REASONS["loop"],
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
