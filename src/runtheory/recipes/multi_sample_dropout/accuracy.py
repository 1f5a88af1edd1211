"""Recipes of the chapter on multi-sample dropout that train networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from runtheory import data, evaluation
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.modes import evaluating
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Cell, Grid, Recipe
from runtheory.recipes.shared import cell_images, cell_network
from runtheory.records import Row
from runtheory.training import Settings, train

CHAPTER = "multi_sample_dropout"
MEASURED = 2000
SMALL: Cell = {
    "images": "fashion-mini",
    "per_class": 1000,
    "width": 8,
    "batch_size": 100,
    "steps": 1500,
    "peak_learning_rate": 0.05,
    "floor": 0.0,
}
QUICK: Cell = {**SMALL, "per_class": 20, "batch_size": 50, "steps": 8}
# The body costs as much as this many passes of the head (the record `step_time`), so these batches
# cost the same at every number of samples.
BODY_COST = 11.5


def run_cell(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train one small convolutional network under multi-sample dropout and return its rows.

    Runs of one seed share their initial weights, their batches and their measured images.
    """
    image_set = cell_images(cell).to(device)
    net = cell_network(cell, image_set)
    settings = Settings(
        steps=cell["steps"],
        batch_size=cell["batch_size"],
        learning_rate=cell["peak_learning_rate"],
        floor=cell["floor"],
        evaluate_every=max(1, cell["steps"] // 10),
    )
    rows = train(
        net,
        image_set,
        MultiSampleObjective(cell["samples"], cell["rate"]),
        settings,
        streams=Streams(cell["seed"], device=device),
        evaluate=_measures(image_set, cell),
        checkpoint=checkpoint,
    )
    return [row.flat() for row in rows]


def _measures(image_set: data.ImageSet, cell: Cell) -> Callable[[nn.Module], dict[str, float]]:
    """Return what a row measures: the test set, and training images without and with dropout.

    ``dropout_loss`` estimates the objective itself, the expected loss under dropout, by eight masks
    for each of 2,000 training images; it is the same function of the network for every number of
    samples, and the same masks measure all of them.
    """
    order = torch.randperm(len(image_set.train_images), generator=stream(cell["seed"], "measured"))
    chosen = order[:MEASURED].to(image_set.train_images.device)
    return partial(_measure, image_set, chosen, rate=cell["rate"], seed=cell["seed"])


@torch.no_grad()
def _measure(
    image_set: data.ImageSet, chosen: torch.Tensor, net: nn.Module, *, rate: float, seed: int
) -> dict[str, float]:
    test = evaluation.measure(net, image_set.test_images, image_set.test_labels, image_set)
    images, labels = image_set.train_images[chosen], image_set.train_labels[chosen]
    seen = evaluation.measure(net, images, labels, image_set)
    objective = MultiSampleObjective(8, rate)
    streams = Streams(seed, device=images.device)
    with evaluating(net):
        loss = objective(net, data.normalise(images, image_set), labels, streams)
    return {
        "test_accuracy": test["accuracy"],
        "test_loss": test["cross_entropy"],
        "test_calibration_error": test["calibration_error"],
        "train_accuracy": seen["accuracy"],
        "train_loss": seen["cross_entropy"],
        "dropout_loss": loss.item(),
    }


def grid() -> Recipe:
    """Five numbers of masks at three rates, and no dropout, on 10,000 small images.

    After [inoue2019multi], at the size of a CPU: ``fashion-mini``, a network of 49,000 parameters,
    1,500 steps of 100 images. Cost: 10 to 30 seconds a run on one core. Expected: at a high rate
    more masks lower the training loss after equal steps; differences in test accuracy are small
    beside the spread over seeds.
    """
    full = {"samples": (1, 2, 4, 8, 16), "rate": (0.2, 0.5, 0.8)}
    plain = {"samples": (1,), "rate": (0.0,)}
    tiny = {"samples": (1, 4), "rate": (0.5,)}
    presets = {
        "full": Grid(full, fixed=SMALL, also=(Grid(plain, fixed=SMALL),)),
        "tiny": Grid(tiny, fixed=QUICK),
    }
    return Recipe("grid", CHAPTER, presets, run_cell, grid.__doc__ or "")


def equal_cost() -> Recipe:
    """Numbers of masks that trade against the batch size at one arithmetic cost for each step.

    The test of the best number of masks: constant learning rate, so that the noise of the gradient
    keeps its say to the end. Cost: 15 seconds a run on one core. Expected: the objective is lowest
    near the number of masks with the least gradient variance, if gradient variance is what counts.
    """
    full = tuple(
        Grid({"samples": (samples,), "rate": (0.5, 0.8)}, fixed=_equal_cost(samples))
        for samples in (1, 2, 4, 8, 16, 32)
    )
    presets = {
        "full": Grid(full[0].axes, fixed=full[0].fixed, also=full[1:]),
        "tiny": Grid({"samples": (1, 2), "rate": (0.5,)}, fixed={**QUICK, "floor": 1.0}),
    }
    return Recipe("equal_cost", CHAPTER, presets, run_cell, equal_cost.__doc__ or "")


def _equal_cost(samples: int) -> Cell:
    batch_size = round(128 * (BODY_COST + 1) / (BODY_COST + samples))
    return {**SMALL, "batch_size": batch_size, "floor": 1.0, "peak_learning_rate": 0.02}


def cifar10() -> Recipe:
    """One, two and eight masks at rate one half, and no dropout, on 10,000 images of CIFAR-10.

    The paper's data at a size for the CPU: 174,000 parameters, 1,500 steps of 100
    images. Cost: about a minute a run on one core. Expected: as the grid.
    """
    fixed = {**SMALL, "images": "cifar10", "width": 16}
    plain = Grid({"samples": (1,), "rate": (0.0,)}, fixed=fixed)
    presets = {
        "full": Grid({"samples": (1, 2, 8), "rate": (0.5,)}, fixed=fixed, also=(plain,)),
        "tiny": Grid({"samples": (1, 2), "rate": (0.5,)}, fixed=QUICK),
    }
    return Recipe("cifar10", CHAPTER, presets, run_cell, cifar10.__doc__ or "")


RECIPES = (grid, equal_cost, cifar10)
