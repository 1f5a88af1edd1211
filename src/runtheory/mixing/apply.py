"""The one deterministic step that carries out a drawn plan."""

from __future__ import annotations

import torch
from jaxtyping import Float32, Shaped
from torch import Tensor

from runtheory.mixing.plans import Plan
from runtheory.mixing.targets import Targets, soft_targets


def apply(
    plan: Plan,
    images: Shaped[Tensor, "batch channel height width"],
    targets: Targets,
    *,
    classes: int | None = None,
) -> tuple[Shaped[Tensor, "batch channel height width"], Float32[Tensor, "batch class"]]:
    """Return the mixed images, in the dtype and memory format that came, and float32 targets.

    x~_i = (1 - M_i) x_i + M_i x_partner(i) and y~_i = (1 - s_i) y_i + s_i y_partner(i), with the
    mask M and the share s of ``plan``. ``targets`` are integer labels, for which ``classes`` must
    be given, or soft rows. Pure: no argument changes, nothing random happens, all shapes are
    static (``torch.compile(fullgraph=True)`` takes it whole) and no device is waited for.

    Raises
    ------
    ValueError
        If the plan was drawn for another batch or image size or lies on another device, images
        and targets differ in length, labels are out of range, or mixup meets integer images.
    """
    if len(images) != len(targets):
        raise ValueError(
            f"images and targets must have one length, got {len(images)} and {len(targets)}"
        )
    plan.check(images)
    mixed = plan.mix_images(images)
    if images.is_contiguous(memory_format=torch.channels_last):
        mixed = mixed.contiguous(memory_format=torch.channels_last)
    return mixed, plan.mix_targets(soft_targets(targets, classes))
