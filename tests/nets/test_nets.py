"""The networks: shapes, where their weights come from, and what they leave alone."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch import nn

from runtheory.modes import evaluating
from runtheory.nets import (
    Classifier,
    build,
    feature_count,
    initialise,
    linear_head,
    perceptron,
    residual_net,
    small_convnet,
)
from runtheory.randomness import stream

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


def make_all(seed: int) -> dict[str, tuple[Classifier, torch.Tensor]]:
    grey, colour = torch.zeros(3, 1, 28, 28), torch.zeros(3, 3, 32, 32)
    generator = stream(seed, "initialisation")
    return {
        "convnet": (small_convnet(generator=generator), grey),
        "linear convnet": (small_convnet(hidden=0, width=4, generator=generator), grey),
        "colour convnet": (small_convnet(channels=3, size=32, generator=generator), colour),
        "perceptron": (perceptron(inputs=784, classes=10, generator=generator), grey),
        "linear": (perceptron(inputs=784, classes=2, widths=(), generator=generator), grey),
        "residual": (residual_net(width=4, generator=generator), colour),
        "deep": (
            perceptron(inputs=784, classes=5, widths=(9, 7), hidden=3, generator=generator),
            grey,
        ),
    }


def test_features_are_flat_and_lead_to_the_logits() -> None:
    features = {"convnet": 576, "linear convnet": 144, "colour convnet": 1024, "perceptron": 256}
    features |= {"linear": 784, "residual": 32, "deep": 7}
    for name, (net, images) in make_all(0).items():
        net.eval()
        assert net.features(images).shape == (3, features[name])
        assert torch.equal(net(images), net.head(net.features(images)))
        assert net(images).shape[1] == {"linear": 2, "deep": 5}.get(name, 10)


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


def test_weights_depend_on_the_generator_and_on_nothing_else() -> None:
    torch.manual_seed(1)
    first = make_all(0)
    torch.manual_seed(2)
    again, other = make_all(0), make_all(1)
    for name, (net, _) in first.items():
        same, different = again[name][0].state_dict(), other[name][0].state_dict()
        for key, value in net.state_dict().items():
            assert torch.equal(value, same[key]), (name, key)
            if value.ndim >= 2:
                assert not torch.equal(value, different[key]), (name, key)


def test_the_global_random_state_is_untouched() -> None:
    before = torch.get_rng_state()
    make_all(3)
    assert torch.equal(before, torch.get_rng_state())


def test_variance_of_the_weights_is_two_over_fan_in() -> None:
    net = residual_net(width=32, generator=stream(5, "initialisation"))
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.detach().double()
            fan_in = weight[0].numel()
            variance = weight.square().mean().item() * fan_in / 2
            # The mean square of n normal numbers of variance 1 has standard error sqrt(2 / n).
            assert abs(variance - 1) < 5 * math.sqrt(2 / weight.numel())
            assert module.bias is None or not module.bias.any()


def test_every_value_is_set_after_construction_on_meta() -> None:
    for net, _ in make_all(0).values():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert torch.equal(module.weight, torch.ones_like(module.weight))
                assert not module.bias.any()
                assert not module.running_mean.any()
                assert (module.running_var == 1).all()
                assert module.num_batches_tracked == 0


def test_residual_block_adds_its_input() -> None:
    net = residual_net(width=4, generator=stream(0, "initialisation"))
    block = net.body[2]
    maps = torch.randn(2, 8, 4, 4, generator=stream(0, "maps"))
    assert torch.equal(block(maps), maps + block.inner(maps))


def test_unknown_layers_are_named() -> None:
    with pytest.raises(TypeError, match="got Embedding"):
        build(lambda: nn.Sequential(nn.Embedding(3, 4)), stream(0, "initialisation"))
    with pytest.raises(TypeError, match="got PReLU"):
        initialise(nn.PReLU(), stream(0, "initialisation"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda g: small_convnet(size=7, generator=g), "at least 8 × 8, got size 7"),
        (lambda g: small_convnet(width=0, generator=g), "width must be at least 1, got 0"),
        (lambda g: small_convnet(classes=1, generator=g), "at least 2 classes, got 1"),
        (lambda g: small_convnet(hidden=-1, generator=g), "hidden must be 0 .* got -1"),
        (lambda g: residual_net(channels=0, generator=g), "channels must be at least 1"),
        (lambda g: perceptron(inputs=0, classes=2, generator=g), "inputs must be at least 1"),
        (
            lambda g: perceptron(inputs=4, classes=2, widths=(3, 0), generator=g),
            r"widths\[1\] must be at least 1, got 0",
        ),
        (lambda g: linear_head(0, 3), "features must be at least 1, got 0"),
    ],
)
def test_impossible_sizes_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stream(0, "initialisation"))


def test_a_body_must_end_flat() -> None:
    with torch.device("meta"):
        body = nn.Conv2d(1, 2, 3)
    with pytest.raises(ValueError, match=r"got shape \(2, 2, 26, 26\)"):
        feature_count(body, (1, 28, 28))


def test_networks_compile_whole() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_network_is_built_where_its_generator_lives() -> None:
    net = small_convnet(generator=stream(0, "initialisation", device="cuda"))
    assert {parameter.device.type for parameter in net.parameters()} == {"cuda"}
