"""NC1 by a thin singular value decomposition beside a d x d pseudo-inverse, and the statistics.

10,000 samples of 512 features in 100 classes. Once both start from the same statistics, which is
what the decomposition itself gains; once both start from the features, where the pass over them
takes most of the time. Then the statistics alone, in batches of 256, beside sums and second moments
in float64, which need no class means and lose digits to a common offset.
"""

from __future__ import annotations

import torch

from benchmarks.scaling import Question, Size
from benchmarks.timing import Comparison, Way
from runtheory.collapse.statistics import ClassStatistics
from runtheory.collapse.variability import variability_collapse
from runtheory.randomness import stream

SAMPLES, WIDTH, CLASSES, BATCH = 10_000, 512, 100, 1_000
STREAMED = ((100, 512), (1_000, 512), (1_000, 2_048))  # classes and features
BATCHES = 8  # of 256
PEER = "sums and second moments in float64"


def pseudo_inverse_nc1(
    means: torch.Tensor, within: torch.Tensor, *, hermitian: bool
) -> torch.Tensor:
    """Return tr(S_W S_B^+)/K the direct way; ``hermitian`` is the inverse's fastest form."""
    centred = means - means.mean(0)
    between = centred.T @ centred / CLASSES
    return (within @ torch.linalg.pinv(between, hermitian=hermitian)).trace() / CLASSES


def stream_once(features: torch.Tensor, labels: torch.Tensor) -> ClassStatistics:
    """Return the statistics of one pass in batches, as they come from a data loader."""
    state = ClassStatistics.empty(CLASSES, WIDTH, device=features.device)
    lows = range(0, SAMPLES, BATCH)
    return state.update_all((features[i : i + BATCH], labels[i : i + BATCH]) for i in lows)


def class_by_class(
    features: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return means and S_W from all features held in float64, one class after the other."""
    kept = features.double()
    means, within = [], torch.zeros(WIDTH, WIDTH, dtype=torch.float64, device=features.device)
    for index in range(CLASSES):
        members = kept[labels == index]
        means.append(members.mean(0))
        centred = members - means[-1]
        within += centred.T @ centred
    return torch.stack(means), within / SAMPLES


def comparisons(device: torch.device) -> list[Comparison]:
    """Return NC1 from statistics and NC1 from features."""
    generator = stream(0, "benchmark")
    labels = torch.arange(SAMPLES) % CLASSES
    means = torch.randn(CLASSES, WIDTH, generator=generator)
    features = means[labels] + 0.3 * torch.randn(SAMPLES, WIDTH, generator=generator)
    features, labels = features.to(device), labels.to(device)
    streamed = [class_sums(*shape, device) for shape in STREAMED]
    state = stream_once(features, labels)
    return [from_statistics(state), from_features(features, labels), *streamed]


def scaling(device: torch.device) -> list[Question]:
    """Ask how the time of the class statistics grows with classes x features, 1,000 x 512 at one.

    Classes and features grow alike, so that the factor of their product is that of the task.
    """

    def at(factor: float) -> Size:
        classes, width = (max(2, round(side * factor**0.5)) for side in (1_000, 512))
        asked = class_sums(classes, width, device)
        assert asked.ours.step is not None
        return Size(f"{classes:,} × {width:,}", asked.ours.step, asked.peers[0].step)

    what = f"class statistics of {BATCHES} batches of 256, classes × features"
    return [Question("classes × width", what, PEER, at)]


def class_sums(classes: int, width: int, device: torch.device) -> Comparison:
    """Compare the streaming statistics of all classes with plain sums of one pass."""
    generator = stream(0, "class sums")
    batches = [
        (
            (torch.randn(256, width, generator=generator) + 3).to(device),
            torch.randint(classes, (256,), generator=generator).to(device),
        )
        for _ in range(BATCHES)
    ]
    empty = ClassStatistics.empty(classes, width, device=device)
    return Comparison(
        f"class-statistics-{classes}-{width}",
        f"class statistics, {BATCHES} batches of 256 × {width:,}, {classes:,} classes",
        Way("ours", lambda: empty.update_all(batches)),
        (Way(PEER, lambda: plain_sums(batches, classes=classes), note="one pass, in place"),),
        rounds=11,
    )


def plain_sums(
    batches: list[tuple[torch.Tensor, torch.Tensor]], *, classes: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return counts, sums and the pooled second moment, as most code for collapse keeps them."""
    first = batches[0][0].double()
    sums, second = first.new_zeros(classes, first.shape[1]), first.new_zeros(2 * first.shape[1:])
    counts = torch.zeros(classes, dtype=torch.int64, device=first.device)
    for features, labels in batches:
        wide = features.double()
        sums.index_add_(0, labels, wide)
        counts += torch.bincount(labels, minlength=classes)
        second += wide.T @ wide
    return counts, sums, second


def from_statistics(state: ClassStatistics) -> Comparison:
    """Compare NC1 from the statistics of all classes with the inverse of a width x width matrix."""
    assert state.scatter is not None
    within = state.scatter / state.counts.sum()

    def inverted(*, hermitian: bool) -> float:
        return float(pseudo_inverse_nc1(state.means, within, hermitian=hermitian))

    return Comparison(
        "nc1-statistics",
        f"NC1 from the statistics of {SAMPLES:,} × {WIDTH}, {CLASSES} classes",
        Way("ours", lambda: float(variability_collapse(state).value)),
        (
            Way("torch.linalg.pinv", lambda: inverted(hermitian=False), note="d × d"),
            Way(
                "torch.linalg.pinv, hermitian",
                lambda: inverted(hermitian=True),
                note="d × d, told that the matrix is symmetric",
            ),
        ),
        rounds=11,
    )


def from_features(features: torch.Tensor, labels: torch.Tensor) -> Comparison:
    """Compare NC1 in one pass over the features with means and scatter class by class."""

    def inverted() -> float:
        return float(pseudo_inverse_nc1(*class_by_class(features, labels), hermitian=False))

    return Comparison(
        "nc1-features",
        f"NC1 from the features, {SAMPLES:,} × {WIDTH}, {CLASSES} classes",
        Way("ours", lambda: float(variability_collapse(stream_once(features, labels)).value)),
        (
            Way(
                "class by class, torch.linalg.pinv",
                inverted,
                note="all features held at once in float64, ours in batches of 1,000",
            ),
        ),
        rounds=11,
    )
