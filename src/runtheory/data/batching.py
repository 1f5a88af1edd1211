"""Index batches of one epoch: a batch is a slice of data that already lies on the device."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from runtheory import checks
from runtheory.boundary import checked
from runtheory.shapes import Indices


@checked
def batches(
    count: int, batch_size: int, *, generator: torch.Generator, drop_last: bool = False
) -> Iterator[Indices]:
    """Return an iterator over one epoch: a random permutation of 0 .. count - 1, cut in batches.

    Each batch is int64 on the generator's device. The permutation is drawn when the function is
    called, not at the first batch, so the stream advances once per epoch however far the epoch is
    read. The last batch is shorter where ``batch_size`` does not divide ``count``;
    ``drop_last=True`` leaves it out.

    Raises
    ------
    ValueError
        If ``count`` or ``batch_size`` is below 1, or ``drop_last`` would leave no batch at all.
    """
    checks.at_least(1, count=count, batch_size=batch_size)
    if drop_last and batch_size > count:
        raise ValueError(
            f"batch_size {batch_size} exceeds the {count} examples: drop_last leaves no batch"
        )
    order = torch.randperm(count, generator=generator, device=generator.device)
    if drop_last:
        order = order[: count - count % batch_size]
    return iter(torch.split(order, batch_size))
