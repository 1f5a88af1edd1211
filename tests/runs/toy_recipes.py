"""Recipes of a second or so, in a module of their own: what ``--module`` is for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch
from torch.nn import functional

from runtheory import nets, training
from runtheory.data.image_set import assemble
from runtheory.recipes import Cell, Grid, Recipe
from runtheory.randomness import Streams, stream


def toy() -> Recipe:
    """Train a perceptron on noise at several dropout rates.

    Source: none. Cost: a second. Expected: the loss falls.
    """
    grid = Grid(axes={"rate": (0.0, 0.5)}, fixed={"steps": 30})
    more = Grid(axes={"rate": (0.0, 0.25, 0.5)}, fixed={"steps": 120})
    return Recipe("toy", "00_toys", {"tiny": grid, "full": more}, run_toy, toy.__doc__ or "")


def failing() -> Recipe:
    """Fail in one cell of three."""
    grid = Grid(axes={"value": (1, 2, 3)})
    return Recipe("failing", "00_toys", {"tiny": grid}, run_failing, failing.__doc__ or "")


RECIPES = (toy, failing)


def run_toy(cell: Cell, device: str, checkpoint: Path | None) -> list[dict]:
    """Train on images drawn from the seed, with a mask from its stream."""
    streams, rate = Streams(cell["seed"], device=device), cell["rate"]
    generator = stream(cell["seed"], "images")
    images = torch.randint(256, (64, 1, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.arange(64) % 4
    image_set = assemble(
        "noise", (images, labels), test=(images[:4], labels[:4]), classes=("a", "b", "c", "d")
    )

    def objective(net, images, labels, streams):
        # The delay (nothing but time) lets a test interrupt a cell in the middle.
        time.sleep(float(os.environ.get("TOY_DELAY", "0")))
        note_step(cell)
        keep = torch.rand(images.shape, generator=streams["masks"]) >= rate
        return functional.cross_entropy(net(images * keep), labels)

    net = nets.perceptron(inputs=64, classes=4, widths=(16,), generator=streams["initialisation"])
    settings = training.Settings(
        steps=cell["steps"], batch_size=16, learning_rate=0.05, evaluate_every=10
    )
    rows = training.train(
        net, image_set, objective, settings, streams=streams, checkpoint=checkpoint
    )
    return [row.flat() for row in rows]


def note_step(cell: Cell) -> None:
    """Add a line with the process to the file of the cell, if a test asks for it."""
    if "TOY_LOG" in os.environ:
        with open(Path(os.environ["TOY_LOG"], f"{cell['rate']}-{cell['seed']}"), "a") as log:
            log.write(f"{os.getpid()}\n")


def run_failing(cell: Cell, device: str, checkpoint: Path | None) -> list[dict]:
    """Return a row, except for the value 2 while the file ``mended`` is not there."""
    if cell["value"] == 2 and not Path("mended").exists():
        raise FloatingPointError("the loss is nan at step 3")
    return [{"square": cell["value"] ** 2}]
