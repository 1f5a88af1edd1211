"""CutMix as it is set elsewhere: in half of the steps, and with the label that is not corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory.mixing.boxes import Boxes
from runtheory.mixing.draw import Shape
from runtheory.mixing.plans import CutmixPlan, SoftRows, blend
from runtheory.mixing.variates import batch_sizes, beta_variates, draw_partners, gate
from runtheory.recipes.cutmix.mixing_family import (
    CUTMIX,
    NONE,
    MixingArm,
    MixingCell,
    MixingSettings,
    cutmix,
    train_under_mixing,
)
from runtheory.recipes.recipe import Grid, by_name, recipe
from runtheory.records import Row


@dataclass(frozen=True)
class NominalPlan(CutmixPlan):
    """Boxes of CutMix whose partner is credited with ``nominal`` = 1 - lambda, clipped or not."""

    nominal: Float64[Tensor, "batch"]

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return lambda y + (1 - lambda) y_partner, whatever share of the pixels was pasted."""
        return blend(targets, self.partner, self.nominal)


def nominal_label(cell: MixingSettings, shape: Shape, *, generator: torch.Generator) -> NominalPlan:
    """Paste as CutMix does, number by number, and take lambda itself for the label.

    The authors' code did so before it was corrected [yun2019cutmix].
    """
    replay = torch.Generator(generator.device)
    replay.set_state(generator.get_state())
    plan = cutmix(cell, shape, generator=generator)
    # The same partners, then the same numbers 1 - lambda, in the order in which CutMix draws them.
    batch, _, _ = batch_sizes(shape)
    draw_partners(batch, generator=replay)
    nominal = beta_variates(cell.alpha, batch, generator=replay)
    return NominalPlan(plan.partner, plan.boxes, nominal)


def cutmix_some_steps(cell: VariantCell, shape: Shape, *, generator: torch.Generator) -> CutmixPlan:
    """Mix the whole batch as CutMix does, or leave all of it alone: one gate for each step."""
    plan = cutmix(cell, shape, generator=generator)
    mixed = gate(cell.mixed_steps, 1, generator=generator)
    boxes = Boxes(plan.boxes.edges * mixed, plan.boxes.height, plan.boxes.width)
    return CutmixPlan(plan.partner, boxes)


HALF = MixingArm("cutmix, half of the steps", cutmix_some_steps)
NOMINAL = MixingArm("cutmix, nominal label", nominal_label)
VARIANTS = by_name(NONE, CUTMIX, HALF, NOMINAL)


@dataclass(frozen=True, kw_only=True)
class VariantCell(MixingCell):
    """A cell of the family; the arm of some steps mixes in the share ``mixed_steps`` of them."""

    mixed_steps: float = 0.5


SMALL = VariantCell(width=16, steps=4000, rows=4)
QUICK = replace(SMALL, per_class=20, width=4, batch_size=50, steps=8, rows=2)
ALL = {"mixing": tuple(VARIANTS.values())}


@recipe(full=Grid(SMALL, ALL), tiny=Grid(QUICK, ALL))
def cutmix_variants(cell: VariantCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """None, CutMix in every step, in half of the steps, and with the nominal label; one schedule.

    The authors train CIFAR with CutMix in half of the steps and ImageNet with it in all; their code
    credited 1 - lambda before it was corrected [yun2019cutmix]. ``fashion-mini`` and the network of
    the mixing family, 4,000 steps of 100 images; runs of one seed share initial weights, images and
    batches, the two arms of every step also boxes and partners. Cost: minutes a run on one core.
    Expected: half of the steps halves the average label smoothing, so that the network is less
    under-confident than under CutMix in every step, yet less sure than without mixing; it fits the
    training images better, and is more accurate than without mixing and, if the authors chose well,
    than in every step. The nominal label smooths by 1/2 instead of 77/240, so that confidence
    falls further, calibration and test loss grow worse, and accuracy a little. The part on nominal
    labels had been seen in trial runs (1,000 steps and five seeds, 4,000 and three) before.
    """
    return train_under_mixing(cell, device, checkpoint)
