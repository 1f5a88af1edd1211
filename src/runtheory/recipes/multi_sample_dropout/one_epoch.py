"""Networks that see each training image once: is there anything for dropout to gain?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from runtheory.recipes.multi_sample_dropout.accuracy import (
    PLAIN,
    QUICK,
    SMALL,
    MasksCell,
    train_under_masks,
)
from runtheory.recipes.recipe import Grid, recipe
from runtheory.records import Row

SHORT = replace(SMALL, steps=100, rows=4)


@recipe(
    full=Grid(SHORT, {"samples": (1, 8), "rate": (0.5,)}, also=(Grid(SHORT, PLAIN),)),
    tiny=Grid(replace(QUICK, steps=4), {"samples": (1, 2), "rate": (0.5,)}),
)
def one_epoch(cell: MasksCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """One mask and eight at rate one half, and no dropout, for a single epoch of 100 updates.

    The question of [liu2025drop], asked of the network and the images of the recipe ``grid``: each
    of 10,000 images is seen once, so that little can be overfitted. Cost: three seconds a run on
    one core. Expected: with one mask the test loss is higher than without dropout; with eight it is
    lower than with one, since the noise is less, and not lower than without dropout.
    """
    return train_under_masks(cell, device, checkpoint)
