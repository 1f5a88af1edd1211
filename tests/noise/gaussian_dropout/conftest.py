"""Three examples of ten features, and linear heads on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from runtheory.randomness import stream


@pytest.fixture
def features() -> Tensor:
    """Three examples of ten features, float64."""
    return torch.randn(3, 10, generator=stream(0, "features"), dtype=torch.float64)


@pytest.fixture
def labels() -> Tensor:
    """Labels in 0 to 2 of the three examples."""
    return torch.tensor([0, 2, 1])


@pytest.fixture
def linear() -> Callable[..., nn.Linear]:
    """A linear head whose weights come from a stream of their own."""

    def build(features: int, classes: int, *, dtype: torch.dtype = torch.float64) -> nn.Linear:
        head = nn.Linear(features, classes, dtype=dtype)
        with torch.no_grad():
            for parameter in head.parameters():
                parameter.normal_(0, 0.4, generator=stream(0, f"head {tuple(parameter.shape)}"))
        return head

    return build


@pytest.fixture
def weights(linear) -> Callable[[int], tuple[Tensor, Tensor]]:
    """The weight and the bias of a head for a number of classes, without gradients."""

    def build(classes: int) -> tuple[Tensor, Tensor]:
        head = linear(10, classes)
        return head.weight.detach(), head.bias.detach()

    return build
