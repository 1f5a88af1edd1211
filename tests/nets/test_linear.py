"""Fully connected parts: their activation, and sizes that they refuse."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from runtheory.nets import linear_head, perceptron
from runtheory.randomness import stream


def test_a_head_of_no_features_is_refused() -> None:
    with pytest.raises(ValueError, match="features must be at least 1, got 0"):
        linear_head(0, 3)


@pytest.mark.parametrize(
    ("inputs", "widths", "message"),
    [
        (0, (), "inputs must be at least 1"),
        (4, (3, 0), r"widths\[1\] must be at least 1, got 0"),
    ],
)
def test_an_empty_layer_is_refused(inputs: int, widths: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        perceptron(inputs=inputs, classes=2, widths=widths, generator=stream(0, "initialisation"))


def test_the_activation_follows_every_hidden_layer() -> None:
    draw = stream(0, "initialisation")
    net = perceptron(inputs=4, classes=2, widths=(5, 3), activation=nn.Tanh, generator=draw)
    names = [type(module).__name__ for module in net.body]
    assert names == ["Flatten", "Linear", "Tanh", "Linear", "Tanh"]
    same = perceptron(inputs=4, classes=2, widths=(5, 3), generator=stream(0, "initialisation"))
    for one, other in zip(net.parameters(), same.parameters(), strict=True):
        assert torch.equal(one, other)
