"""What is drawn inside a ``DataLoader``: by which worker, in which epoch, on which rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader

from runtheory.randomness import LoaderStreams

Numbers = list[float]


class Drawing:
    """A collate function that returns one number of its stream, whatever the examples."""

    def __init__(self, seed: int = 0, *, rank: int | None = None) -> None:
        self.streams = LoaderStreams(seed, rank=rank)

    def __call__(self, examples: Sequence[int]) -> float:
        return float(torch.rand((), dtype=torch.float64, generator=self.streams["numbers"]))


def epochs(
    collate: Any,
    *,
    workers: int = 0,
    numbers: Sequence[int | None] = (None, None),
    seed: int = 0,
    **options: Any,
) -> list[list[Any]]:
    """Return what ``collate`` makes of four batches in each epoch; ``None`` sets no number."""
    torch.manual_seed(seed)  # from which the loader draws the seeds of its workers
    examples: Any = range(8)
    loader: DataLoader[int] = DataLoader(
        examples,
        batch_size=2,
        num_workers=workers,
        collate_fn=collate,
        **options,
    )
    found = []
    for number in numbers:
        if number is not None:
            collate.streams.set_epoch(number)
        found.append(list(loader))
    return found
