"""Evaluation mode holds inside the block alone, and each module gets its own mode back."""

from __future__ import annotations

import pytest
from torch import nn

from runtheory.modes import evaluating


def network() -> nn.Sequential:
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.BatchNorm1d(2))
    net.train()
    net[2].eval()  # one module has a mode of its own
    return net


def test_every_module_is_in_evaluation_mode_inside() -> None:
    net = network()
    with evaluating(net):
        assert not any(module.training for module in net.modules())
    assert [module.training for module in net] == [True, True, False]


def test_the_modes_come_back_after_an_error() -> None:
    net = network()
    with pytest.raises(KeyError), evaluating(net):
        raise KeyError("stopped")
    assert [module.training for module in net] == [True, True, False]
