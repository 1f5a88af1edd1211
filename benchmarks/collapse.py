"""NC1 by a thin singular value decomposition beside a d x d pseudo-inverse, interleaved.

Run ``python benchmarks/collapse.py``: 10,000 samples of 512 features in 100 classes. Both start
from the same statistics; the cost of one pass that makes the statistics is a line of its own.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from runtheory.collapse.statistics import ClassStatistics
from runtheory.collapse.variability import variability_collapse
from runtheory.randomness import stream

SAMPLES, WIDTH, CLASSES, BATCH, ROUNDS = 10_000, 512, 100, 1_000, 7


def pseudo_inverse_nc1(state: ClassStatistics) -> float:
    """Return tr(S_W S_B^+)/K the direct way."""
    centred = state.means - state.means.mean(0)
    between = centred.T @ centred / CLASSES
    within = state.scatter / state.counts.sum()
    return float((within @ torch.linalg.pinv(between, hermitian=False)).trace() / CLASSES)


def symmetric_pseudo_inverse_nc1(state: ClassStatistics) -> float:
    """Return the same with the pseudo-inverse of a symmetric matrix, its fastest form."""
    centred = state.means - state.means.mean(0)
    between = centred.T @ centred / CLASSES
    within = state.scatter / state.counts.sum()
    return float((within @ torch.linalg.pinv(between, hermitian=True)).trace() / CLASSES)


def stream_once(features: torch.Tensor, labels: torch.Tensor, *, full: bool) -> ClassStatistics:
    state = ClassStatistics.empty(CLASSES, WIDTH, full=full)
    for low in range(0, SAMPLES, BATCH):
        state = state.update(features[low : low + BATCH], labels[low : low + BATCH])
    return state


def main() -> None:
    generator = stream(0, "benchmark")
    labels = torch.arange(SAMPLES) % CLASSES
    means = torch.randn(CLASSES, WIDTH, generator=generator)
    features = means[labels] + 0.3 * torch.randn(SAMPLES, WIDTH, generator=generator)
    state = stream_once(features, labels, full=True)
    tasks: dict[str, Callable[[], object]] = {
        "NC1, thin SVD (ours)": lambda: float(variability_collapse(state).value),
        "NC1, pinv": lambda: pseudo_inverse_nc1(state),
        "NC1, pinv, hermitian": lambda: symmetric_pseudo_inverse_nc1(state),
        "one pass, scatter matrix": lambda: stream_once(features, labels, full=True),
        "one pass, traces only": lambda: stream_once(features, labels, full=False),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS + 1):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - began)
    print(f"{SAMPLES} x {WIDTH}, {CLASSES} classes, {torch.get_num_threads()} threads, CPU")
    ours = statistics.median(seconds["NC1, thin SVD (ours)"][1:])
    print(f"{'':26s}{'median ms':>12s}{'best ms':>10s}{'x ours':>9s}")
    for name, values in seconds.items():
        middle, best = statistics.median(values[1:]), min(values[1:])
        print(f"{name:26s}{1e3 * middle:12.2f}{1e3 * best:10.2f}{middle / ours:9.1f}")
    values = [float(variability_collapse(state).value), pseudo_inverse_nc1(state)]
    print(f"values: {values[0]:.12g} (ours), {values[1]:.12g} (pinv)")


if __name__ == "__main__":
    main()
