"""The small convolutional network: its pooled features, its head, sizes that it refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from runtheory.modes import evaluating
from runtheory.nets import Classifier, small_convnet
from runtheory.randomness import stream


def test_a_pooled_network_takes_every_image_size_and_its_features_are_spatial_means() -> None:
    net = small_convnet(width=4, hidden=0, pooled=True, generator=stream(0, "initialisation"))
    with evaluating(net):
        for size in (28, 56):
            images = torch.randn(2, 1, size, size, generator=stream(size, "images"))
            *stages, _, _ = net.body.children()
            maps = nn.Sequential(*stages)(images)
            torch.testing.assert_close(net.features(images), maps.mean(dim=(2, 3)))


def test_hidden_decides_whether_the_head_is_linear() -> None:
    generator = stream(0, "initialisation")
    assert [type(layer) for layer in small_convnet(hidden=0, generator=generator).head] == [
        nn.Linear
    ]
    assert [type(layer) for layer in small_convnet(hidden=7, generator=generator).head] == [
        nn.Linear,
        nn.ReLU,
        nn.Linear,
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda g: small_convnet(size=7, generator=g), "at least 8 × 8, got size 7"),
        (lambda g: small_convnet(width=0, generator=g), "width must be at least 1, got 0"),
        (lambda g: small_convnet(classes=1, generator=g), "at least 2 classes, got 1"),
        (lambda g: small_convnet(hidden=-1, generator=g), "hidden must be 0 .* got -1"),
    ],
)
def test_impossible_sizes_are_refused(
    make: Callable[[torch.Generator], Classifier], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(stream(0, "initialisation"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_network_is_built_where_its_generator_lives() -> None:
    net = small_convnet(generator=stream(0, "initialisation", device="cuda"))
    assert {parameter.device.type for parameter in net.parameters()} == {"cuda"}
