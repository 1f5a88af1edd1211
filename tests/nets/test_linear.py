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


def test_a_head_is_one_linear_layer_where_nothing_else_is_asked() -> None:
    assert [type(module) for module in linear_head(4, 3)] == [nn.Linear]
    assert [type(module) for module in linear_head(4, 3, hidden=1)] == [
        nn.Linear,
        nn.ReLU,
        nn.Linear,
    ]
    net = perceptron(inputs=4, classes=3, generator=stream(0, "initialisation"))
    assert net.linear.weight.shape == (3, 256)


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


def test_a_normalisation_stands_before_every_activation_and_moves_no_weight() -> None:
    draw, same = (stream(0, "initialisation") for _ in range(2))
    net = perceptron(inputs=4, classes=2, widths=(5, 3), normalised=True, generator=draw)
    names = [type(module).__name__ for module in net.body]
    assert names == ["Flatten", *["Linear", "BatchNorm1d", "ReLU"] * 2]
    plain = perceptron(inputs=4, classes=2, widths=(5, 3), generator=same)
    assert torch.equal(net.body[1].weight, plain.body[1].weight)
    images = torch.randn(50, 4, generator=draw)
    layer = net.body[:3](images)  # in training mode: mean 0 and variance 1 over the batch
    assert torch.allclose(layer.mean(0), torch.zeros(5), atol=1e-6)
    assert torch.allclose(layer.var(0, correction=0), torch.ones(5), atol=1e-3)
