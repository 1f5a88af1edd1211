"""``build`` makes a network from a generator and leaves the global random state alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from runtheory.boundary import checked

Network = TypeVar("Network", bound=nn.Module)

NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


@checked
def build(construct: Callable[[], Network], generator: torch.Generator) -> Network:
    """Construct a network on the generator's device and draw its weights from ``generator``.

    PyTorch's constructors draw from the global generator; here they run on the meta device, where
    nothing is drawn, and :func:`initialise` fills the weights afterwards.
    """
    with torch.device("meta"):
        network = construct()
    network.to_empty(device=generator.device)  # memory, with whatever stood there before
    initialise(network, generator)
    return network


@checked
@torch.no_grad()
def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights of ``network`` in place, in the order of ``network.modules()``.

    Linear and convolutional weights are normal with mean 0 and variance 2 / fan-in, their biases
    0; normalisation layers start at scale 1 and shift 0 with fresh running statistics.

    Raises
    ------
    TypeError
        If a module holds parameters or buffers of its own and is none of these.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, NORMALISATIONS):
            module.reset_parameters()  # constants: nothing is drawn
        elif [*module.parameters(recurse=False), *module.buffers(recurse=False)]:
            raise TypeError(
                "initialise knows linear, convolutional and normalisation layers, "
                f"got {type(module).__name__}"
            )
