"""Networks trained with the objective of eight masks and the gradient noise of one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runtheory.dropout.restored_noise import RestoredNoiseObjective
from runtheory.recipes.multi_sample_dropout.accuracy import (
    QUICK,
    SMALL,
    DropoutProbe,
    MasksCell,
)
from runtheory.recipes.recipe import Grid, recipe
from runtheory.recipes.shared import Experiment, chosen_images, convnet, train_and_measure
from runtheory.records import Row


@recipe(
    full=Grid(SMALL, {"samples": (8,), "rate": (0.5, 0.8)}),
    tiny=Grid(QUICK, {"samples": (1, 4), "rate": (0.5,)}),
)
def restored(cell: MasksCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Eight masks whose gradient noise is made that of one again, at two rates.

    After the control in the code of [wei2020implicit], for the network, the images, the seeds and
    the schedule of the recipe ``grid``, whose runs with eight masks and with one it is compared
    with: weights, batches and the eight masks of a seed are the same. Cost: about 50 seconds a run
    on one core. Expected: what eight masks gain in the objective is their missing noise, so with
    the noise restored the objective is higher than theirs, and about that of one mask. At rate 0.8
    the test accuracy falls with it; at 0.5, where the number of masks made no difference to it,
    none is expected here either.
    """
    image_set = chosen_images(cell, device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, hidden=cell.hidden)
    objective = RestoredNoiseObjective(cell.samples, cell.rate)
    experiment = Experiment(net, image_set, objective, DropoutProbe(image_set, cell))
    return train_and_measure(cell, experiment, checkpoint)
