"""What several tests of mixing need: generators, placements, and images that say whose they are."""

from __future__ import annotations

import torch

from runtheory.mixing import CLIPPED, EVEN_SIDES, INSIDE, PADDED, WHOLE_SIDES, Placement
from runtheory.mixing.placement import BoxRule

PLACEMENTS: tuple[BoxRule, ...] = (CLIPPED, INSIDE, PADDED, EVEN_SIDES, WHOLE_SIDES, Placement(0.3))
RULES: dict[str, BoxRule] = {
    "clipped": CLIPPED,
    "inside": INSIDE,
    "padded": PADDED,
    "even sides": EVEN_SIDES,
    "whole sides": WHOLE_SIDES,
}


def generator(seed: int = 0) -> torch.Generator:
    """Return a fresh generator of the seed."""
    return torch.Generator().manual_seed(seed)


def numbered(batch: int, height: int, width: int, *, dtype: torch.dtype) -> torch.Tensor:
    """Return images whose constant value is their number: a pixel says whose it is."""
    values = torch.arange(batch, dtype=torch.float32).to(dtype)
    return values[:, None, None, None].expand(batch, 2, height, width).clone()


def zeros(count: int) -> torch.Tensor:
    """Return as many labels, all of class 0."""
    return torch.zeros(count, dtype=torch.int64)
