"""The continuous box, simulated from its definition alone."""

from __future__ import annotations

import numpy as np

from runtheory.mixing import Placement


def continuous_areas(
    placement: Placement, alpha: float, count: int = 100_000
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate the continuous box from its definition alone."""
    random = np.random.default_rng(0)
    side = np.sqrt(1 - random.beta(alpha, alpha, count))
    theta, area = placement.overhang, np.ones(count)
    for _ in range(2):
        start = -theta * side + random.random(count) * (1 - (1 - 2 * theta) * side)
        area *= np.clip(start + side, 0, 1) - np.clip(start, 0, 1)
    return side, area
