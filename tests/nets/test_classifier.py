"""A classifier in two parts: its hidden layers, its maps and its linear head."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from runtheory.nets import (
    Classifier,
    as_classifier,
    feature_count,
    perceptron,
    residual_net,
    small_convnet,
)
from runtheory.randomness import stream
from tests.nets.examples import one_of_each

# In a process of its own: the shape checks of the test session are no part of what is compiled.
SCRIPT = """
import torch
from runtheory.nets import residual_net, small_convnet
generator = torch.Generator().manual_seed(0)
images = torch.randn(2, 1, 28, 28, generator=generator)
for make in (small_convnet, residual_net):
    net = make(channels=1, width=2, generator=generator).eval()
    compiled = torch.compile(net, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(images), net(images))
"""


def images(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=stream(0, "images"))


def test_activations_are_the_hidden_layers_and_both_ends() -> None:
    net = perceptron(inputs=12, classes=3, widths=(5, 4), generator=stream(0, "weights"))
    batch = images(7, 3, 2, 2)
    inside = net.activations(batch)
    first = (batch.flatten(1) @ net.body[1].weight.T + net.body[1].bias).clamp(min=0)
    torch.testing.assert_close(inside.hidden[0], first)
    assert [layer.shape[1] for layer in inside.hidden] == [5, 4]
    assert torch.equal(inside.features, net.features(batch))
    assert torch.equal(inside.logits, net(batch))
    assert torch.equal(inside.hidden[-1], inside.features)


@pytest.mark.parametrize("pooled", [True, False])
def test_maps_are_what_is_averaged_or_flattened(pooled: bool) -> None:
    net = small_convnet(width=2, size=16, hidden=0, pooled=pooled, generator=stream(0, "weights"))
    batch = images(5, 1, 16, 16)
    net.eval()
    maps = net.maps(batch)
    assert maps.shape == (5, 8, 2, 2)
    features = maps.mean((2, 3)) if pooled else maps.flatten(1)
    torch.testing.assert_close(features, net.features(batch))


def test_a_residual_network_has_maps_too() -> None:
    net = residual_net(width=2, generator=stream(0, "weights")).eval()
    batch = images(2, 3, 16, 16)
    torch.testing.assert_close(net.maps(batch).mean((2, 3)), net.features(batch))


def test_a_perceptron_has_no_maps() -> None:
    net = perceptron(inputs=4, classes=3, generator=stream(0, "weights"))
    with pytest.raises(TypeError, match="ends in a flattening"):
        net.maps(images(1, 1, 2, 2))


def test_the_linear_head_is_the_layer_itself() -> None:
    net = perceptron(inputs=4, classes=3, generator=stream(0, "weights"))
    assert net.linear is net.head[0]


def test_a_hidden_head_is_refused() -> None:
    net = perceptron(inputs=4, classes=3, hidden=5, generator=stream(0, "weights"))
    with pytest.raises(TypeError, match="classifier with a linear head"):
        _ = net.linear


def test_another_module_is_no_classifier() -> None:
    net = Classifier(nn.Flatten(), nn.Linear(2, 2))
    assert as_classifier(net) is net
    with pytest.raises(TypeError, match="on a Classifier, got Linear"):
        as_classifier(nn.Linear(2, 2))


def test_features_are_flat_and_lead_to_the_logits() -> None:
    features = {"convnet": 576, "linear convnet": 144, "colour convnet": 1024, "perceptron": 256}
    features |= {"normalised": 5, "linear": 784, "residual": 32, "deep": 7}
    for name, (net, images) in one_of_each(0).items():
        net.eval()
        assert net.features(images).shape == (3, features[name])
        assert torch.equal(net(images), net.head(net.features(images)))
        assert net(images).shape[1] == {"linear": 2, "deep": 5}.get(name, 10)


def test_a_body_must_end_flat() -> None:
    with torch.device("meta"):
        body = nn.Conv2d(1, 2, 3)
    with pytest.raises(ValueError, match=r"got shape \(2, 2, 26, 26\)"):
        feature_count(body, (1, 28, 28))


def test_networks_compile_whole() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
