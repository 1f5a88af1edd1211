"""Groups for weight decay, and which optimisers the loop can know by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from runtheory.training import Settings, decay_groups, nesterov
from runtheory.training.optimisers import description, parameter_names


def make_net() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False))
    net[2].weight.requires_grad_(False)
    return net


def test_decay_acts_on_weights_that_are_trained() -> None:
    net = make_net()
    weights, others = decay_groups(net, 0.3)
    assert weights == {"params": [net[0].weight], "weight_decay": 0.3}
    assert [id(value) for value in others["params"]] == [
        id(value) for value in (net[0].bias, net[1].weight, net[1].bias)
    ]
    assert others["weight_decay"] == 0.0
    assert len(decay_groups(nn.Linear(2, 2, bias=False), 0.3)) == 1


def test_names_come_in_the_order_of_the_optimiser() -> None:
    net = make_net()
    optimiser = nesterov(net, Settings(steps=1, batch_size=1, learning_rate=0.1))
    assert parameter_names(net, optimiser) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    strange = torch.optim.SGD([nn.Parameter(torch.ones(3))], lr=0.1)
    with pytest.raises(ValueError, match=r"trains what the network lacks, tensors of \[\(3,\)\]"):
        parameter_names(net, strange)


def test_the_description_tells_class_and_options_but_not_the_step() -> None:
    net = make_net()
    optimisers = [
        torch.optim.Adam(net.parameters(), lr=0.1),
        torch.optim.AdamW(net.parameters(), lr=0.1),
        torch.optim.Adam(net.parameters(), lr=0.1, betas=(0.9, 0.99)),
        torch.optim.Adam(decay_groups(net, 0.1), lr=0.1),
    ]
    known = [description(optimiser) for optimiser in optimisers]
    assert [known.count(one) for one in known] == [1] * 4
    assert description(torch.optim.Adam(net.parameters(), lr=0.1)) == known[0]
