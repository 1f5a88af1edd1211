"""The one deterministic step that carries out a drawn plan."""

from __future__ import annotations

import torch
from jaxtyping import Float32, Shaped
from torch import Tensor

from runtheory.mixing.plans import Plan, is_transformed
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
    Derivatives pass in either direction, and ``torch.func`` may map over the images.

    Raises
    ------
    TypeError
        If images or targets are no tensors.
    ValueError
        If the plan was drawn for another batch or image size or lies on another device, images
        and targets differ in length, targets are neither integer labels nor rows of floating-point
        weights, labels are out of range, or mixup meets integer images.
    """
    check_batch(images, targets)
    plan.check(images)
    mixed = plan.mix_images(images)
    # A mapped tensor does not know its memory format.
    if not is_transformed(images) and images.is_contiguous(memory_format=torch.channels_last):
        mixed = mixed.contiguous(memory_format=torch.channels_last)
    return mixed, plan.mix_targets(soft_targets(targets, classes))


def check_batch(images: object, targets: object) -> None:
    """Raise what :func:`apply` says of images and targets that do not belong together."""
    for name, value in (("images", images), ("targets", targets)):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(value).__name__}")
    assert isinstance(images, Tensor)
    assert isinstance(targets, Tensor)
    if images.ndim != 4:
        raise ValueError(
            f"images must have shape (batch, channel, height, width), got {tuple(images.shape)}"
        )
    if len(images) != len(targets):
        raise ValueError(
            f"images and targets must have one length, got {len(images)} and {len(targets)}"
        )
