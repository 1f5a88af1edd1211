"""Super-sample replicates trained all at once beside one by one, in one run.

Run ``python benchmarks/supersample.py``: 300 networks 49-32-2, each on 40 examples, 300 full-batch
steps with momentum. One by one is measured on a few replicates, between two measurements of the
whole batch, and scaled up: our own function on single replicates, and a plain module with
``torch.optim.SGD``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from runtheory.information.perceptrons import Descent, Perceptrons, draw_perceptrons, train
from runtheory.information.supersample import draw_super_samples
from runtheory.randomness import stream

REPLICATES, PAIRS, INPUTS, HIDDEN, SINGLES, ROUNDS = 300, 40, 49, 32, 5, 3
SETTINGS = Descent(steps=300, learning_rate=0.05)


def by_module(inputs: torch.Tensor, labels: torch.Tensor) -> None:
    net = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
    optimiser = torch.optim.SGD(
        net.parameters(), lr=SETTINGS.learning_rate, momentum=SETTINGS.momentum
    )
    for _ in range(SETTINGS.steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(inputs), labels).backward()
        optimiser.step()


def seconds_of(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def main() -> None:
    generator = stream(0, "benchmark")
    points = torch.randn(2000, INPUTS, generator=generator)
    labels = (points[:, 0] + points[:, 1] > 0).long()
    plan = draw_super_samples(2000, pairs=PAIRS, groups=REPLICATES, masks=1, generator=generator)
    widths = (INPUTS, HIDDEN, 2)
    start = draw_perceptrons(widths, replicates=REPLICATES, generator=generator)
    inputs, answers = points[plan.training_indices], labels[plan.training_indices]

    def one_by_one() -> Perceptrons:
        for row in range(SINGLES):
            rows = slice(row, row + 1)
            found = train(start.select(rows), inputs[rows], answers[rows], SETTINGS)
        return found

    tasks: dict[str, tuple[Callable[[], object], float]] = {
        "all at once (ours)": (lambda: train(start, inputs, answers, SETTINGS), 1.0),
        "one by one, same function": (one_by_one, REPLICATES / SINGLES),
        "one by one, nn and SGD": (
            lambda: [by_module(inputs[row], answers[row]) for row in range(SINGLES)],
            REPLICATES / SINGLES,
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(ROUNDS):
        for name, (task, scale) in tasks.items():
            seconds[name].append(scale * seconds_of(task))
    print(
        f"{REPLICATES} replicates {INPUTS}-{HIDDEN}-2, {PAIRS} examples, {SETTINGS.steps} steps, "
        f"{torch.get_num_threads()} threads, CPU"
    )
    ours = statistics.median(seconds["all at once (ours)"])
    print(f"{'':28s}{'median s':>10s}{'best s':>10s}{'x ours':>9s}")
    for name, values in seconds.items():
        middle = statistics.median(values)
        print(f"{name:28s}{middle:10.2f}{min(values):10.2f}{middle / ours:9.1f}")


if __name__ == "__main__":
    main()
