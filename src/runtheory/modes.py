"""Training and evaluation mode of a network, switched for a while and then restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from runtheory.boundary import checked


@checked
@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Hold every module of ``net`` in evaluation mode, then restore each one's own mode."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
