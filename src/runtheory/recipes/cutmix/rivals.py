"""CutMix and its rivals, Random Erasing among them, on a small training set, class by class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from runtheory.instruments.rivals import RivalProbe
from runtheory.mixing.draw import Shape
from runtheory.mixing.erasing import ErasingPlan, draw_erasing
from runtheory.recipes.cutmix.mixing_family import (
    CUTMIX,
    CUTOUT,
    MIXUP,
    NONE,
    MixingArm,
)
from runtheory.recipes.recipe import Grid, by_name, recipe
from runtheory.recipes.shared import (
    ConvnetCell,
    Experiment,
    chosen_images,
    convnet,
    train_and_measure,
)
from runtheory.records import Row


def erasing(cell: RivalCell, shape: Shape, *, generator: torch.Generator) -> ErasingPlan:
    """Erase a random rectangle of each image, with the cell's probability."""
    return draw_erasing(shape, probability=cell.erasing_probability, generator=generator)


ERASING = MixingArm("random erasing", erasing)
RIVALS = by_name(NONE, CUTOUT, ERASING, MIXUP, CUTMIX)


@dataclass(frozen=True, kw_only=True)
class RivalCell(ConvnetCell):
    """One augmentation in every step, each at a usual setting, and a probe's settings.

    ``alpha`` is that of Mixup and CutMix, ``cutout_side`` the side of Cutout's square,
    ``erasing_probability`` the share of images that Random Erasing erases, ``box_side`` the side of
    the box that covers the centre of a test image, ``mixed_pairs`` the number of mixtures that are
    looked at.
    """

    mixing: MixingArm = NONE
    alpha: float = 1.0
    cutout_side: float = 0.5
    erasing_probability: float = 0.5
    box_side: float = 0.5
    mixed_pairs: int = 500


SMALL = RivalCell(per_class=100, width=8, batch_size=50, steps=1500, rows=3)
QUICK = replace(SMALL, per_class=20, width=4, steps=6, rows=1, mixed_pairs=50)
ALL = {"mixing": tuple(RIVALS.values())}


@recipe(full=Grid(SMALL, ALL), tiny=Grid(QUICK, {"mixing": (NONE, ERASING)}))
def rivals(cell: RivalCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """None, Cutout, Random Erasing, Mixup and CutMix on 1,000 training images, class by class.

    After [yun2019cutmix] and [zhong2020random], each at a usual setting and none tuned; CutMix in
    every step, where its authors' commands for CIFAR have half of them: ``fashion-mini``, 100
    images a class, a pooled convolutional network of width 8, 1,500 steps of 50 images (75
    passes). Runs of one seed share images, initial weights and batches. Cost: twenty
    processor seconds a run on one core. Expected: CutMix has the highest accuracy; the class that
    it hurts most, named by the other seeds, loses accuracy though the mean gains
    [balestriero2022effects]; with a box of another image at the centre CutMix leads Cutout by more
    than with a box in the mean colour; Mixup puts more of its images' features into the plane of
    two rows than no mixing does, as free features would, and if it does not, as in another record,
    what is outside is mostly in directions that no row reads.
    """
    image_set = chosen_images(cell, device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, pooled=True)
    objective = cell.mixing.objective(cell, classes=len(image_set.classes))
    measure = RivalProbe(image_set, cell.seed, cell.box_side, cell.mixed_pairs)
    return train_and_measure(cell, Experiment(net, image_set, objective, measure), checkpoint)


CIFAR = replace(
    SMALL, images="cifar10", per_class=1000, width=16, batch_size=100, steps=4000, rows=4
)


@recipe(full=Grid(CIFAR, {"mixing": (ERASING,)}), tiny=Grid(QUICK, {"mixing": (ERASING,)}))
def cifar10_erasing(cell: RivalCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Random Erasing on 10,000 images of CIFAR-10: the arm that ``cifar10_mixing`` does not have.

    Images, initial weights, batches and schedule of a seed are those of that record, so that its
    arms are this one's rivals: 4,000 steps of 100 images, 44,000 parameters, no other augmentation.
    Cost: about four minutes a run on one core. Expected: more accurate than no mixing, less than
    CutMix, by differences that three seeds may not tell from zero.
    """
    return rivals.run(cell, device, checkpoint)
