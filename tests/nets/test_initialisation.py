"""Where the weights come from, and what the initialisation leaves alone."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from runtheory.nets import build, initialise, residual_net
from runtheory.randomness import stream
from tests.nets.examples import one_of_each


def test_weights_depend_on_the_generator_and_on_nothing_else() -> None:
    torch.manual_seed(1)
    first = one_of_each(0)
    torch.manual_seed(2)
    again, other = one_of_each(0), one_of_each(1)
    for name, (net, _) in first.items():
        same, different = again[name][0].state_dict(), other[name][0].state_dict()
        for key, value in net.state_dict().items():
            assert torch.equal(value, same[key]), (name, key)
            if value.ndim >= 2:
                assert not torch.equal(value, different[key]), (name, key)


def test_the_global_random_state_is_untouched() -> None:
    before = torch.get_rng_state()
    one_of_each(3)
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
    for net, _ in one_of_each(0).values():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert torch.equal(module.weight, torch.ones_like(module.weight))
                assert not module.bias.any()
                assert not module.running_mean.any()
                assert (module.running_var == 1).all()
                assert module.num_batches_tracked == 0


def test_unknown_layers_are_named() -> None:
    with pytest.raises(TypeError, match="got Embedding"):
        build(lambda: nn.Sequential(nn.Embedding(3, 4)), stream(0, "initialisation"))
    with pytest.raises(TypeError, match="got PReLU"):
        initialise(nn.PReLU(), stream(0, "initialisation"))
