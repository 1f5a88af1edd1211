"""NC1 by a thin singular value decomposition beside a d x d pseudo-inverse.

10,000 samples of 512 features in 100 classes. Once both start from the same statistics, which is
what the decomposition itself gains; once both start from the features, where the pass over them
takes most of the time.
"""

from __future__ import annotations

import torch

from benchmarks.timing import Comparison, Way
from runtheory.collapse.statistics import ClassStatistics
from runtheory.collapse.variability import variability_collapse
from runtheory.randomness import stream

SAMPLES, WIDTH, CLASSES, BATCH = 10_000, 512, 100, 1_000


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
    for low in range(0, SAMPLES, BATCH):
        state = state.update(features[low : low + BATCH], labels[low : low + BATCH])
    return state


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
    return [from_statistics(stream_once(features, labels)), from_features(features, labels)]


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
