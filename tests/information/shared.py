"""What several tests of information start from: laws, samples, an oracle of sixty digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jaxtyping
import mpmath
import numpy as np
import torch

from runtheory.randomness import stream

PRECISE = mpmath.mp.clone()
PRECISE.dps = 60


def unchecked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function without the tests' check of shapes, as a user calls it."""

    def call(*values: Any, **named: Any) -> Any:
        jaxtyping.config.update("jaxtyping_disable", True)
        try:
            return function(*values, **named)
        finally:
            jaxtyping.config.update("jaxtyping_disable", False)

    return call


def precise_kl(first: float, second: float) -> mpmath.mpf:
    """Return kl(first || second) in sixty digits."""
    q, p = PRECISE.mpf(first), PRECISE.mpf(second)
    kept = q * PRECISE.log(q / p) if q else PRECISE.mpf(0)
    return kept + ((1 - q) * (PRECISE.log1p(-q) - PRECISE.log1p(-p)) if q < 1 else 0)


def gaussian_classes(
    generator: np.random.Generator, count: int, dimension: int = 10, mean: float = 1.5
) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs around plus and minus the mean along the first axis, and their signs."""
    signs = generator.choice([-1.0, 1.0], size=count)
    inputs = generator.normal(size=(count, dimension))
    inputs[:, 0] += mean * signs
    return inputs, signs


def normal(count: int, dimension: int, shift: float = 0.0, seed: int = 0) -> torch.Tensor:
    """Draw standard normal points, shifted along the first axis."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn((count, dimension), generator=generator, dtype=torch.float64)
    points[:, 0] += shift
    return points


def corners(dimension: int) -> torch.Tensor:
    """Return the corners of a cube, one a row."""
    grid = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * dimension)
    return grid.reshape(-1, dimension)


def toy_pool(
    count: int = 200, inputs: int = 6, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw points and labels that follow the first coordinate, with noise."""
    generator = stream(0, "pool")
    points = torch.randn(count, inputs, generator=generator, dtype=dtype)
    noise = 0.5 * torch.randn(count, generator=generator, dtype=dtype)
    return points, (points[:, 0] + noise > 0).long()
