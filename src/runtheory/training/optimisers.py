"""Optimisers are functions of the network and the settings; this one is the book's usual."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from runtheory.boundary import checked
from runtheory.training.settings import Settings

MakeOptimiser = Callable[[nn.Module, Settings], torch.optim.Optimizer]

_NO_OPTIONS = ("params", "initial_lr")


@checked
def nesterov(net: nn.Module, settings: Settings) -> torch.optim.SGD:
    """Return stochastic gradient descent with Nesterov momentum and decay of the weights.

    With the gradient g, the momentum m and the learning rate r of the step, for each parameter w:
    g += decay · w, v = m · v + g, w -= r · (g + m · v). This is PyTorch's form, in which the rate
    of the step scales the whole velocity; the decay is a penalty and not decoupled from it.
    """
    return torch.optim.SGD(
        decay_groups(net, settings.weight_decay),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.momentum > 0,
        foreach=True,
    )


@checked
def decay_groups(net: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the trained parameters of ``net`` as groups for an optimiser of PyTorch.

    ``weight_decay`` acts on weights (at least two axes), not on biases and normalisation. A group
    without parameters is left out.
    """
    # Biases and the scales of normalisation have one axis.
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    weights = [parameter for parameter in trained if parameter.ndim >= 2]
    others = [parameter for parameter in trained if parameter.ndim < 2]
    groups = (
        {"params": weights, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    )
    return [group for group in groups if group["params"]]


@checked
def parameter_names(net: nn.Module, optimiser: torch.optim.Optimizer) -> list[str]:
    """Return the names in ``net`` of what ``optimiser`` trains, in the optimiser's own order.

    Raises
    ------
    ValueError
        If it trains a tensor that is not a parameter of the network.
    """
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    # Biases and the scales of normalisation have one axis.
    trained = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    strange = [tuple(parameter.shape) for parameter in trained if id(parameter) not in names]
    if strange:
        raise ValueError(f"the optimiser trains what the network lacks, tensors of {strange}")
    return [names[id(parameter)] for parameter in trained]


@checked
def with_first_rates(
    optimiser: torch.optim.Optimizer, net: nn.Module, settings: Settings
) -> torch.optim.Optimizer:
    """Return ``optimiser`` itself, its groups' learning rates kept as those of the first step.

    The loop multiplies them, as ``initial_lr``, by the share of each step.

    Raises
    ------
    ValueError
        If it trains a tensor that is not a parameter of the network, or if none of its groups
        starts at the learning rate of the settings.
    """
    parameter_names(net, optimiser)  # raises before the first step, not at a checkpoint
    rates = [float(group["lr"]) for group in optimiser.param_groups]
    peak = settings.learning_rate
    # Not equal but close: a rate may be a float32 tensor.
    if not any(math.isclose(rate, peak, rel_tol=1e-6) for rate in rates):
        raise ValueError(
            f"a group of the optimiser must start at the learning rate of the settings, {peak}, "
            f"got {rates}"
        )
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    return optimiser


@checked
def description(optimiser: torch.optim.Optimizer) -> list[Any]:
    """Return JSON that tells an optimiser from others: its class and its groups' options."""
    options = [
        {name: repr(value) for name, value in group.items() if name not in _NO_OPTIONS}
        for group in optimiser.param_groups
    ]
    return [type(optimiser).__name__, *options]
