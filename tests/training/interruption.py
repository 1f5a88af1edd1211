"""A run that can be cut anywhere, and what it left."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from runtheory.nets import Classifier, small_convnet
from runtheory.randomness import Streams, stream
from runtheory.training import Objective, Settings, TrainingRow, decay_groups, train

SETTINGS = Settings(
    steps=20, batch_size=7, learning_rate=0.05, evaluate_every=6, checkpoint_every=4
)
End = tuple[list[TrainingRow], dict[str, Tensor], dict[str, Tensor]]  # rows, network, streams


class Killed(BaseException):
    """Stands for a process that ends at this point."""


def make_net() -> Classifier:
    return small_convnet(
        size=8, width=2, hidden=5, classes=3, generator=stream(0, "initialisation")
    )


def objective(net: nn.Module, images: Tensor, labels: Tensor, streams: Streams) -> Tensor:
    """Thin the images at random, so that a stream has to go on as well."""
    keep = torch.rand(images.shape, generator=streams["masks"]) < 0.7
    return functional.cross_entropy(net(images * keep), labels)


def measures(net: nn.Module) -> dict[str, float]:
    return {"sum": float(sum(value.double().sum() for value in net.state_dict().values()))}


def run(
    data: Any,
    path: Path | None,
    settings: Settings = SETTINGS,
    *,
    net: nn.Module | None = None,
    objective: Objective = objective,
    seed: int = 0,
    **more: Any,
) -> End:
    net = net or make_net()
    streams = Streams(seed)
    rows = train(
        net, data, objective, settings,
        streams=streams, evaluate=measures, checkpoint=path, **more,
    )  # fmt: skip
    timeless = [replace(row, seconds=0.0) for row in rows]
    return timeless, net.state_dict(), streams.state_dict()


def assert_same(first: End, second: End) -> None:
    assert first[0] == second[0]
    for mine, other in zip(first[1:], second[1:], strict=True):
        assert mine.keys() == other.keys()
        for name, value in mine.items():
            assert torch.equal(value, other[name]), name


def cut(objective: Objective, at: int) -> Objective:
    """Return the objective, by its own name, which kills its run at its call number ``at``."""
    calls: list[None] = []

    @wraps(objective)
    def killing(*arguments: Any) -> Tensor:
        calls.append(None)
        if len(calls) == at:
            raise Killed
        return objective(*arguments)

    return killing


OPTIMISERS = {
    "Adam": lambda net, s: torch.optim.Adam(net.parameters(), lr=s.learning_rate),
    "AdamW in groups": lambda net, s: torch.optim.AdamW(
        decay_groups(net, 0.1), lr=s.learning_rate, amsgrad=True
    ),
    "RMSprop": lambda net, s: torch.optim.RMSprop(
        net.parameters(), lr=s.learning_rate, momentum=0.5, centered=True
    ),
    "NAdam": lambda net, s: torch.optim.NAdam(net.parameters(), lr=s.learning_rate),
    "Adagrad": lambda net, s: torch.optim.Adagrad(net.parameters(), lr=s.learning_rate),
    "half of the network": lambda net, s: torch.optim.Adam(
        list(net.parameters())[::-2], lr=s.learning_rate
    ),
    "without momentum": lambda net, s: torch.optim.SGD(net.parameters(), lr=s.learning_rate),
}
