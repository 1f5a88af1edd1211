"""Super-sample replicates trained all at once beside one by one.

300 networks 49-32-2, each on 40 examples, 100 full-batch steps with momentum. One by one is
measured on a few replicates and scaled up: our own function on single replicates, and a plain
module with ``torch.optim.SGD``. All at once is also what ``torch.func`` can do, with ``vmap`` over
the gradient of one network.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy

from benchmarks.timing import Comparison, Way
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_perceptrons,
    train,
)
from runtheory.information.supersamples.supersample import draw_super_samples
from runtheory.randomness import stream

REPLICATES, PAIRS, INPUTS, HIDDEN, SINGLES = 300, 40, 49, 32, 5
SETTINGS = Descent(steps=100, learning_rate=0.05)


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))


def by_module(inputs: torch.Tensor, labels: torch.Tensor) -> None:
    """Train one network as a training loop does."""
    net = network().to(inputs.device)
    optimiser = torch.optim.SGD(
        net.parameters(), lr=SETTINGS.learning_rate, momentum=SETTINGS.momentum
    )
    for _ in range(SETTINGS.steps):
        optimiser.zero_grad()
        cross_entropy(net(inputs), labels).backward()
        optimiser.step()


def by_vmap(start: Perceptrons, inputs: torch.Tensor, labels: torch.Tensor) -> None:
    """Train all replicates with ``vmap`` over the gradient of one plain module."""
    net = network()
    named = dict(zip(("0.weight", "2.weight"), (w.mT for w in start.weights), strict=True))
    named |= dict(zip(("0.bias", "2.bias"), (b[:, 0] for b in start.biases), strict=True))
    parameters = {name: value.clone() for name, value in named.items()}
    velocities = {name: torch.zeros_like(value) for name, value in named.items()}

    def loss(
        parameters: dict[str, torch.Tensor], inputs: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        return cross_entropy(functional_call(net, parameters, (inputs,)), labels)

    gradients = vmap(grad(loss))
    for _ in range(SETTINGS.steps):
        for name, gradient in gradients(parameters, inputs, labels).items():
            velocities[name].mul_(SETTINGS.momentum).add_(gradient)
            parameters[name].sub_(velocities[name], alpha=SETTINGS.learning_rate)


def training_sets(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the inputs and labels of every replicate's own training set."""
    generator = stream(0, "benchmark")
    points = torch.randn(2000, INPUTS, generator=generator)
    labels = (points[:, 0] + points[:, 1] > 0).long()
    plan = draw_super_samples(2000, pairs=PAIRS, groups=REPLICATES, masks=1, generator=generator)
    chosen = plan.training_indices  # (replicate, example)
    return points[chosen].to(device), labels[chosen].to(device)


def comparisons(device: torch.device) -> list[Comparison]:
    """Return all replicates at once beside one by one and beside ``vmap``."""
    inputs, answers = training_sets(device)
    drawn = stream(0, "networks", device=device)
    start = draw_perceptrons((INPUTS, HIDDEN, 2), replicates=REPLICATES, generator=drawn)

    def one_by_one() -> None:
        for row in range(SINGLES):
            rows = slice(row, row + 1)
            train(start.select(rows), inputs[rows], answers[rows], settings=SETTINGS)

    def modules_one_by_one() -> None:
        for row in range(SINGLES):
            by_module(inputs[row], answers[row])

    scale, note = REPLICATES / SINGLES, f"{SINGLES} are measured, scaled up to {REPLICATES}"
    return [
        Comparison(
            "supersample",
            f"{REPLICATES} networks {INPUTS}-{HIDDEN}-2, {PAIRS} examples each, "
            f"{SETTINGS.steps} steps",
            Way("ours", lambda: train(start, inputs, answers, settings=SETTINGS)),
            (
                Way("one by one, same function", one_by_one, scale, note),
                Way(
                    "one by one, nn.Module and SGD",
                    modules_one_by_one,
                    scale,
                    note,
                ),
                Way(
                    "torch.func.vmap",
                    lambda: by_vmap(start, inputs, answers),
                    note="all at once as well",
                ),
            ),
            rounds=7,
        )
    ]
