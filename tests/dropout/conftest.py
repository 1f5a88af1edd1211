from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from runtheory.nets import Classifier
from runtheory.randomness import stream


def _draw_parameters(module: nn.Module, generator: torch.Generator) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.4, generator=generator)


@pytest.fixture
def linear() -> Callable[..., nn.Linear]:
    """A linear head whose weights come from a stream of their own."""

    def build(features: int, classes: int, *, seed: int = 0, dtype=torch.float64) -> nn.Linear:
        head = nn.Linear(features, classes, dtype=dtype)
        _draw_parameters(head, stream(seed, "head"))
        return head

    return build


@pytest.fixture
def small_net() -> Callable[..., Classifier]:
    """A float64 net on 1 x 3 x 3 images with ``features`` tanh features and four classes."""

    def build(*, features: int = 6, seed: int = 0) -> Classifier:
        body = nn.Sequential(nn.Flatten(), nn.Linear(9, features), nn.Tanh())
        net = Classifier(body, nn.Linear(features, 4)).double()
        _draw_parameters(net, stream(seed, "net"))
        return net

    return build


@pytest.fixture
def examples() -> Callable[[int], tuple[Tensor, Tensor]]:
    """Images (count, 1, 3, 3) in float64 and labels in 0 to 3."""

    def draw(count: int) -> tuple[Tensor, Tensor]:
        generator = stream(1, "examples")
        images = torch.randn(count, 1, 3, 3, generator=generator, dtype=torch.float64)
        return images, torch.randint(4, (count,), generator=generator)

    return draw
