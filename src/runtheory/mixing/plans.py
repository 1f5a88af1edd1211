"""Frozen plans: everything random about one mixed batch, drawn before anything is mixed.

A plan holds, for every image of the batch, its partner and the share of it that the partner
receives. It is applied by :func:`runtheory.mixing.apply.apply`, purely and without randomness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float32, Float64, Int64, Shaped
from torch import Tensor

from runtheory.boundary import checked
from runtheory.mixing.boxes import Boxes, check_device, check_partners
from runtheory.mixing.pasting import MixedImages, paste

Examples = Shaped[Tensor, "batch *rest"]
SoftRows = Float32[Tensor, "batch class"]


@runtime_checkable
class Plan(Protocol):
    """What :func:`apply` needs of a plan."""

    def check(self, images: Examples) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images."""

    def mix_images(self, images: Examples, out: Examples | None = None) -> Examples:
        """Return the mixed images, in ``out`` where it is given; that may be ``images`` itself."""

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return the mixed soft targets."""


class _BoxPlan:
    """What the plans that work inside boxes have in common."""

    boxes: Boxes

    @property
    def share(self) -> Float64[Tensor, "batch"]:
        """Share of pixels that the box takes from the image."""
        return self.boxes.share

    def check(self, images: Examples) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images, or none with 4 axes."""
        if images.ndim != 4:
            raise ValueError(
                f"images must have shape (batch, channel, height, width), got {tuple(images.shape)}"
            )
        self.boxes.check(images)


@dataclass(frozen=True, eq=False)
class CutmixPlan(_BoxPlan):
    """Paste each partner's pixels inside the box [yun2019cutmix]; see :func:`draw_cutmix`."""

    partner: Int64[Tensor, "batch"]
    boxes: Boxes

    def check(self, images: Examples) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images."""
        super().check(images)
        if len(self.partner) != len(images):
            raise ValueError(f"the plan has {len(self.partner)} partners for {len(images)} images")

    def mix_images(self, images: MixedImages, out: MixedImages | None = None) -> MixedImages:
        """Return M x_partner + (1 - M) x, M the indicator of the box; any dtype."""
        return paste(self.boxes, self.partner, images, out)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return (1 - share) y + share y_partner."""
        return blend(targets, self.partner, self.share)

    def to(self, device: torch.device | str) -> CutmixPlan:
        """Return the plan on ``device``."""
        return CutmixPlan(self.partner.to(device, non_blocking=True), self.boxes.to(device))


@dataclass(frozen=True, eq=False)
class CutoutPlan(_BoxPlan):
    """Fill the box of each image with one value; see :func:`draw_cutout`."""

    boxes: Boxes
    fill: float = 0.0

    def check(self, images: Examples) -> None:
        """Raise ``ValueError`` for other images, or where their integers cannot hold ``fill``."""
        super().check(images)
        if not (images.is_floating_point() or images.is_complex() or float(self.fill).is_integer()):
            raise ValueError(f"images of {images.dtype} cannot be filled with {self.fill}")

    def mix_images(self, images: MixedImages, out: MixedImages | None = None) -> MixedImages:
        """Return the images with ``fill``, in their dtype, inside the box."""
        inside = self.boxes.mask()[:, None]
        if out is not None:
            return (images if out is images else out.copy_(images)).masked_fill_(inside, self.fill)
        fill = torch.full((), self.fill, dtype=images.dtype, device=images.device)
        return torch.where(inside, fill, images)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return the targets themselves: removing pixels does not change the label."""
        return targets

    def to(self, device: torch.device | str) -> CutoutPlan:
        """Return the plan on ``device``."""
        return CutoutPlan(self.boxes.to(device), self.fill)


@dataclass(frozen=True, eq=False)
class MixupPlan:
    """Blend each example, of any shape, with its partner; see :func:`draw_mixup`."""

    partner: Int64[Tensor, "batch"]
    share: Float64[Tensor, "batch"]

    def check(self, images: Examples) -> None:
        """Raise ``ValueError`` for another batch, or for integer images, which cannot blend."""
        if len(self.partner) != len(images):
            raise ValueError(f"the plan is for {len(self.partner)} images, got {len(images)}")
        if not images.is_floating_point():
            raise ValueError(f"mixup needs floating-point images, got {images.dtype}: scale first")
        check_device(self.partner, images)

    def mix_images(self, images: Examples, out: Examples | None = None) -> Examples:
        """Return (1 - share) x + share x_partner, computed in float32 or wider."""
        wide = images.to(torch.promote_types(images.dtype, torch.float32))
        weight = self.share.to(wide.dtype).reshape(-1, *[1] * (images.ndim - 1))  # (batch, 1, ...)
        mixed = torch.lerp(wide, wide[self.partner], weight, out=out if wide is images else None)
        if out is None or mixed is out:
            return mixed.to(images.dtype)
        return out.copy_(mixed)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return (1 - share) y + share y_partner."""
        return blend(targets, self.partner, self.share)

    def to(self, device: torch.device | str) -> MixupPlan:
        """Return the plan on ``device``."""
        return MixupPlan(
            self.partner.to(device, non_blocking=True), self.share.to(device, non_blocking=True)
        )


@checked
def blend(
    targets: SoftRows, partner: Int64[Tensor, "batch"], share: Float64[Tensor, "batch"]
) -> SoftRows:
    """Return (1 - share) y + share y_partner: exact where share is 0 or the labels agree.

    Raises
    ------
    ValueError
        If a partner is none of the rows; looked at on the CPU.
    """
    check_partners(partner)
    weight = share.to(targets.dtype)[:, None]
    return targets + weight * (targets[partner] - targets)
