"""Data small enough to train on in a blink: images of three classes, and four other kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.data import ImageSet
from runtheory.data.image_set import assemble
from runtheory.randomness import stream
from runtheory.training import Examples, Objective


@pytest.fixture
def image_set() -> ImageSet:
    generator = stream(0, "images")
    labels = torch.arange(60) % 3
    patterns = torch.randint(256, (3, 1, 8, 8), generator=generator)
    noise = torch.randint(256, (60, 1, 8, 8), generator=generator)
    images = ((patterns[labels] + noise) // 2).to(torch.uint8)
    return assemble(
        "patterns",
        (images[:48], labels[:48]),
        test=(images[48:], labels[48:]),
        classes=("a", "b", "c"),
    )


@pytest.fixture
def one_thread():
    """Run on one thread, as the processes do whose numbers are compared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Case:
    """Data of one kind, a network for them and its objective."""

    data: Examples
    make_net: Callable[[], nn.Module]
    objective: Objective


def tokens() -> Case:
    """Sequences of int64 tokens that count upwards; the next token is the target."""
    first = torch.arange(30)[:, None] % 7
    sequences = (first + torch.arange(6)) % 7  # (example, position)

    def objective(net, inputs, targets, streams):
        return functional.cross_entropy(net(inputs).flatten(0, 1), targets.flatten())

    def make_net() -> nn.Module:
        return nn.Sequential(nn.Embedding(7, 5), nn.Linear(5, 7))

    return Case(Examples(sequences[:, :-1], sequences[:, 1:]), make_net, objective)


def regression() -> Case:
    """Numbers whose target is a linear function of them, in float32."""
    inputs = torch.randn(32, 3, generator=stream(0, "inputs"))
    targets = inputs @ torch.tensor([1.0, -2.0, 3.0])

    def objective(net, inputs, targets, streams):
        return (net(inputs).squeeze(1) - targets).square().mean()

    return Case(Examples(inputs, targets), lambda: nn.Linear(3, 1), objective)


def pairs() -> Case:
    """Two views of one point and, as targets, whether it is one point and how far apart."""
    points = torch.randn(40, 3, generator=stream(0, "points"))
    other = points + torch.randn(40, 3, generator=stream(0, "views"))
    distances = (points - other).norm(dim=1)

    def objective(net, inputs, targets, streams):
        first, second = (net(view) for view in inputs)
        close, distances = targets
        logits = (first * second).sum(dim=1) - distances
        return functional.binary_cross_entropy_with_logits(logits, close.float())

    data = Examples((points, other), (distances < 1.5, distances))
    return Case(data, lambda: nn.Linear(3, 2), objective)


def reconstruction() -> Case:
    """Points on a plane, which are to be reconstructed from two numbers; masks are drawn."""
    plane = torch.randn(2, 4, generator=stream(0, "plane"))
    points = torch.randn(40, 2, generator=stream(0, "points")) @ plane

    def objective(net, inputs, targets, streams):
        assert targets is None
        keep = torch.rand(inputs.shape, generator=streams["masks"]) < 0.9
        return (net(inputs * keep) - inputs).square().mean()

    return Case(
        Examples(points), lambda: nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 4)), objective
    )


@pytest.fixture(params=[tokens, regression, pairs, reconstruction], ids=lambda make: make.__name__)
def case(request) -> Case:
    """Data of each kind that is not images, with a network of fixed initial weights."""
    made = request.param()

    def make_net() -> nn.Module:
        net = made.make_net()
        generator = stream(0, "initialisation")
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.normal_(generator=generator).mul_(0.3)
        return net

    return replace(made, make_net=make_net)
