"""Recipes of the chapter on CutMix that train networks under mixing and erasing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtheory.instruments.robustness import Probes
from runtheory.mixing.draw import draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.objective import MixedObjective
from runtheory.mixing.plans import Plan
from runtheory.randomness import Streams
from runtheory.recipes.recipe import Cell, Grid, Recipe
from runtheory.recipes.shared import cell_images, cell_network
from runtheory.records import Row
from runtheory.training import Objective, Settings, classification, train

CHAPTER = "cutmix"
FAMILY = ("none", "cutout", "mixup", "cutmix", "cutmix, one box a batch")
SMALL: Cell = {
    "images": "fashion-mini",
    "per_class": 1000,
    "width": 16,
    "batch_size": 100,
    "steps": 4000,
    "peak_learning_rate": 0.05,
}
QUICK: Cell = {**SMALL, "per_class": 20, "width": 4, "batch_size": 50, "steps": 8}


def objective(mixing: str, *, size: int, classes: int) -> Objective:
    """Return the objective named ``mixing``, for images of ``size`` pixels a side.

    Mixing parameters are those of the CutMix paper: alpha 1, in every step; Cutout removes a square
    of half the side.
    """
    if mixing == "none":
        return classification
    draws: dict[str, Callable[..., Plan]] = {
        "cutout": partial(draw_cutout, size=size // 2),
        "mixup": draw_mixup,
        "cutmix": draw_cutmix,
        "cutmix, one box a batch": partial(draw_cutmix, per_image=False),
    }
    return MixedObjective(draws[mixing], classes)


def run_cell(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train one pooled convolutional network under one kind of mixing and return its rows.

    Runs of one seed share their initial weights, their batches and their measured images.
    """
    image_set = cell_images(cell).to(device)
    size = image_set.train_images.shape[2]
    net = cell_network(cell, image_set, pooled=True)
    settings = Settings(
        steps=cell["steps"],
        batch_size=cell["batch_size"],
        learning_rate=cell["peak_learning_rate"],
        evaluate_every=max(1, cell["steps"] // 4),
    )
    rows = train(
        net,
        image_set,
        objective(cell["mixing"], size=size, classes=len(image_set.classes)),
        settings,
        streams=Streams(cell["seed"], device=device),
        evaluate=Probes(image_set, cell["seed"]),
        checkpoint=checkpoint,
    )
    return [row.flat() for row in rows]


def mixing_family() -> Recipe:
    """None, Cutout, mixup, CutMix and CutMix with one box a batch, on short and long schedules.

    After [yun2019cutmix], at the size of a CPU: ``fashion-mini``, a convolutional network of
    43,000 parameters with global average pooling, 1,000 or 4,000 steps of 100 images. Cost: 15 and
    60 seconds a run on one core. Expected: on the short schedule mixing underfits; on the long one
    differences in accuracy are small, calibration and robustness to occlusion change clearly.
    """
    axes = {"mixing": FAMILY}
    short = {**SMALL, "steps": 1000}
    presets = {
        "full": Grid(axes, fixed=SMALL, also=(Grid(axes, fixed=short),)),
        "tiny": Grid(axes, fixed=QUICK),
    }
    return Recipe("mixing_family", CHAPTER, presets, run_cell, mixing_family.__doc__ or "")


def cifar10_mixing() -> Recipe:
    """The same five on 10,000 images of CIFAR-10.

    The paper's data at a size for the CPU: 4,000 steps of 100 images, 44,000 parameters, no other
    augmentation. Cost: about two minutes a run on one core. Expected: as the family.
    """
    fixed = {**SMALL, "images": "cifar10"}
    presets = {
        "full": Grid({"mixing": FAMILY}, fixed=fixed),
        "tiny": Grid({"mixing": ("none", "cutmix")}, fixed=QUICK),
    }
    return Recipe("cifar10_mixing", CHAPTER, presets, run_cell, cifar10_mixing.__doc__ or "")


RECIPES = (mixing_family, cifar10_mixing)
