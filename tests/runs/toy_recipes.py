"""Recipes of a second or so, in a module of their own: what ``--module`` is for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from runtheory import nets
from runtheory.data.image_set import assemble
from runtheory.randomness import stream
from runtheory.recipes.recipe import Cell, Grid, recipe
from runtheory.recipes.shared import Experiment, TrainedCell, train_and_measure
from runtheory.records import Row


@dataclass(frozen=True, kw_only=True)
class ToyCell(TrainedCell):
    rate: float = 0.0


@dataclass(frozen=True)
class DroppedPixels:
    """Cross-entropy of images without some of their pixels; a test may slow it down and watch."""

    cell: ToyCell

    def __call__(self, net, images, labels, streams):
        # The delay (nothing but time) lets a test interrupt a cell in the middle.
        time.sleep(float(os.environ.get("TOY_DELAY", "0")))
        note_step(self.cell)
        keep = torch.rand(images.shape, generator=streams["masks"]) >= self.cell.rate
        return functional.cross_entropy(net(images * keep), labels)


SHORT = ToyCell(steps=30, rows=3, batch_size=16)


@recipe(
    full=Grid(replace(SHORT, steps=120, rows=12), {"rate": (0.0, 0.25, 0.5)}),
    tiny=Grid(SHORT, {"rate": (0.0, 0.5)}),
)
def toy(cell: ToyCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Train a perceptron on noise at several dropout rates.

    Source: none. Cost: a second. Expected: the loss falls.
    """
    generator = stream(cell.seed, "images")
    images = torch.randint(256, (64, 1, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.arange(64) % 4
    image_set = assemble(
        "noise", (images, labels), test=(images[:4], labels[:4]), classes=("a", "b", "c", "d")
    )
    drawn = stream(cell.seed, "initialisation")
    net = nets.perceptron(inputs=64, classes=4, widths=(16,), generator=drawn)
    return train_and_measure(cell, Experiment(net, image_set, DroppedPixels(cell)), checkpoint)


def note_step(cell: ToyCell) -> None:
    """Add a line with the process to the file of the cell, if a test asks for it."""
    if "TOY_LOG" in os.environ:
        with open(Path(os.environ["TOY_LOG"], f"{cell.rate}-{cell.seed}"), "a") as log:
            log.write(f"{os.getpid()}\n")


@dataclass(frozen=True, kw_only=True)
class ValueCell(Cell):
    value: int = 1


THREE_VALUES = Grid(ValueCell(), {"value": (1, 2, 3)})


@recipe(full=THREE_VALUES, tiny=THREE_VALUES)
def failing(cell: ValueCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Return a row, except for the value 2 while the file ``mended`` is not there."""
    if cell.value == 2 and not Path("mended").exists():
        raise LookupError("there are no images of class 3")
    return [{"square": cell.value**2}]


@recipe(full=THREE_VALUES, tiny=THREE_VALUES)
def diverging(cell: ValueCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Give two rows, but for the value 2, which comes to no number after the first."""
    yield {"step": 1, "loss": 1.0 / cell.value}
    if cell.value == 2:
        raise FloatingPointError("the loss is nan at step 3")
    yield {"step": 2, "loss": float("inf") if cell.value == 3 else np.float64(0.5)}


@recipe(full=THREE_VALUES, tiny=THREE_VALUES)
def killed(cell: ValueCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Note the process; kill it at the value 2 while the file ``mended`` is not there."""
    with open("processes", "a") as log:
        log.write(f"{cell.value}\n")
    if cell.value == 2 and not Path("mended").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return [{"square": cell.value**2}]
