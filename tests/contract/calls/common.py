"""Small arguments that many example calls share; the same at each call."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, distributed, nn

NO_CALLS: dict = {}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def floats(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=generator(seed))


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def shares(*shape: int, seed: int = 0) -> Tensor:
    """Return floats in (0, 1)."""
    return torch.rand(shape, generator=generator(seed)) * 0.98 + 0.01


def labels(count: int, classes: int) -> Tensor:
    """Return labels in which each class has its turn."""
    return torch.arange(count) % classes


def array(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def network(features: int = 3, classes: int = 2) -> nn.Module:
    net = nn.Linear(features, classes)
    with torch.no_grad():
        net.weight.copy_(floats(classes, features))
    return net


def group_of_one() -> None:
    """Make this process the only rank of a group, once."""
    if not distributed.is_initialized():
        store = distributed.HashStore()
        distributed.init_process_group("gloo", store=store, rank=0, world_size=1)


def examples() -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs of two classes and their labels, two replicates of six examples."""
    return floats(2, 6, 3), torch.tensor([0, 1] * 6).reshape(2, 6)
