"""Networks trained under mixing and erasing, and how they fare with spoiled and foreign images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch

from runtheory.instruments.robustness import RobustnessProbe, RobustnessSettings
from runtheory.mixing.draw import Shape, draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.objective import MixedObjective, TargetLoss, soft_cross_entropy
from runtheory.mixing.plans import CutmixPlan, Plan
from runtheory.recipes.recipe import Arm, Grid, by_name, recipe
from runtheory.recipes.shared import (
    ConvnetCell,
    Experiment,
    chosen_images,
    convnet,
    train_and_measure,
)
from runtheory.records import Row
from runtheory.training import Objective, classification


@runtime_checkable
class MixingSettings(Protocol):
    """A cell that says how strongly images are mixed: the ``alpha`` of the CutMix paper."""

    @property
    def alpha(self) -> float: ...


@dataclass(frozen=True)
class MixingArm(Arm):
    """One kind of mixing; ``draw(cell, shape, generator=...)`` plans that of one batch, if any."""

    draw: Callable[..., Plan] | None = None

    def bind(self, cell: MixingSettings) -> Callable[..., Plan] | None:
        """Return ``draw`` of this cell, or None."""
        return partial(self.draw, cell) if self.draw else None

    def smoothing(self, cell: MixingSettings) -> float:
        """Return by how much the targets of unmixed images are smoothed: not at all."""
        return 0.0

    def objective(
        self, cell: MixingSettings, *, classes: int, loss: TargetLoss | None = None
    ) -> Objective:
        """Return ``loss`` (cross-entropy, if none is given) of images mixed anew in each step."""
        draw = self.bind(cell)
        if draw is None:
            return loss or classification
        return MixedObjective(draw, classes, loss or soft_cross_entropy)


def cutout(cell: MixingCell, shape: Shape, *, generator: torch.Generator) -> Plan:
    """Remove a square with the cell's share of the side from every image."""
    size = int(cell.cutout_side * shape[-1])
    return draw_cutout(shape, size=size, generator=generator)


def mixup(cell: MixingSettings, shape: Shape, *, generator: torch.Generator) -> Plan:
    """Blend every image with a partner, each with a share of its own."""
    return draw_mixup(shape, alpha=cell.alpha, generator=generator)


def cutmix(cell: MixingSettings, shape: Shape, *, generator: torch.Generator) -> CutmixPlan:
    """Paste a box of its own from a partner into every image."""
    return draw_cutmix(shape, alpha=cell.alpha, generator=generator)


def cutmix_one_box(cell: MixingSettings, shape: Shape, *, generator: torch.Generator) -> Plan:
    """Paste one and the same box in all images of a batch, as published code does."""
    return draw_cutmix(shape, alpha=cell.alpha, per_image=False, generator=generator)


NONE, CUTOUT = MixingArm("none"), MixingArm("cutout", cutout)
MIXUP, CUTMIX = MixingArm("mixup", mixup), MixingArm("cutmix", cutmix)
ONE_BOX = MixingArm("cutmix, one box a batch", cutmix_one_box)
FAMILY = by_name(NONE, CUTOUT, MIXUP, CUTMIX, ONE_BOX)


@dataclass(frozen=True, kw_only=True)
class MixingCell(ConvnetCell):
    """One kind of mixing in every step, of strength ``alpha``; Cutout takes ``cutout_side``."""

    mixing: MixingArm = NONE
    alpha: float = 1.0
    cutout_side: float = 0.5
    robustness: RobustnessSettings = field(default_factory=RobustnessSettings)


SMALL = MixingCell(width=16, steps=4000, rows=4)
QUICK = replace(SMALL, per_class=20, width=4, batch_size=50, steps=8, rows=2)
ALL = {"mixing": tuple(FAMILY.values())}


def train_under_mixing(cell: MixingCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Train one pooled convolutional network under one kind of mixing.

    Runs of one seed share their initial weights, their batches and their measured images.
    """
    image_set = chosen_images(cell, device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, pooled=True)
    objective = cell.mixing.objective(cell, classes=len(image_set.classes))
    measure = RobustnessProbe(image_set, cell.seed, cell.robustness)
    return train_and_measure(cell, Experiment(net, image_set, objective, measure), checkpoint)


@recipe(full=Grid(SMALL, ALL, also=(Grid(replace(SMALL, steps=1000), ALL),)), tiny=Grid(QUICK, ALL))
def mixing_family(cell: MixingCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """None, Cutout, mixup, CutMix and CutMix with one box a batch, on short and long schedules.

    After [yun2019cutmix], at the size of a CPU: ``fashion-mini``, a convolutional network of
    42,000 parameters with global average pooling, 1,000 or 4,000 steps of 100 images. Cost: 20 and
    80 seconds a run on one core. Expected: on the short schedule mixing underfits; on the long one
    differences in accuracy are small, calibration and robustness to occlusion change clearly.
    """
    return train_under_mixing(cell, device, checkpoint)


@recipe(
    full=Grid(replace(SMALL, images="cifar10"), ALL),
    tiny=Grid(QUICK, {"mixing": (NONE, CUTMIX)}),
)
def cifar10_mixing(cell: MixingCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """The same five on 10,000 images of CIFAR-10.

    The paper's data at a size for the CPU: 4,000 steps of 100 images, 44,000 parameters, no other
    augmentation. Cost: about four minutes a run on one core. Expected: as the family.
    """
    return train_under_mixing(cell, device, checkpoint)
