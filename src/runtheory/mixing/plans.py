"""Frozen plans: everything random about one mixed batch, drawn before anything is mixed.

A plan holds, for every image of the batch, its partner and the share of it that the partner
receives. It is applied by :func:`runtheory.mixing.apply.apply`, purely and without randomness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float32, Float64, Int64, Shaped
from torch import Tensor

MixedImages = Shaped[Tensor, "batch channel height width"]
SoftRows = Float32[Tensor, "batch class"]

# The signed integer type that has as many bytes as one number of an image.
INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


@runtime_checkable
class Plan(Protocol):
    """What :func:`apply` needs of a plan."""

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images."""

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return the mixed images."""

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return the mixed soft targets."""


@dataclass(frozen=True)
class Boxes:
    """One box for each image: half-open pixel edges [top, bottom) x [left, right).

    ``edges`` has columns top, bottom, left, right; an empty box pastes nothing.
    """

    edges: Int64[Tensor, "batch 4"]
    height: int
    width: int

    @property
    def share(self) -> Float64[Tensor, "batch"]:
        """Share of the image's pixels that lie in the box: an integer area over an integer."""
        top, bottom, left, right = self.edges.unbind(1)
        area = (bottom - top) * (right - left)
        return area.to(torch.float64) / (self.height * self.width)

    def bits(self, dtype: torch.dtype) -> Shaped[Tensor, "batch height width"]:
        """Return, as a signed integer type, all bits set (-1) for pixels in the box, else none."""
        edges = self.edges[:, :, None]
        rows = torch.arange(self.height, device=edges.device)
        columns = torch.arange(self.width, device=edges.device)
        vertical = ((rows >= edges[:, 0]) & (rows < edges[:, 1])).to(dtype).neg()
        horizontal = ((columns >= edges[:, 2]) & (columns < edges[:, 3])).to(dtype).neg()
        return vertical[:, :, None] & horizontal[:, None, :]

    def mask(self) -> Bool[Tensor, "batch height width"]:
        """Return which pixels lie in the box, by comparing their indices with the edges."""
        return self.bits(torch.int8).to(torch.bool)

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` where the boxes were drawn for other images."""
        asked = (len(self.edges), self.height, self.width)
        came = (images.shape[0], images.shape[2], images.shape[3])
        if asked != came:
            raise ValueError(
                f"the plan is for (batch, height, width) = {asked}, got images with {came}"
            )
        check_device(self.edges, images)


@dataclass(frozen=True)
class CutmixPlan:
    """Paste each partner's pixels inside the box [yun2019cutmix]; see :func:`draw_cutmix`."""

    partner: Int64[Tensor, "batch"]
    boxes: Boxes

    @property
    def share(self) -> Float64[Tensor, "batch"]:
        """Share of pixels that come from the partner."""
        return self.boxes.share

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images."""
        self.boxes.check(images)

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return M x_partner + (1 - M) x, M the indicator of the box; any dtype."""
        return paste(self.boxes, images.index_select(0, self.partner), images)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return (1 - share) y + share y_partner."""
        return blend(targets, self.partner, self.share)

    def to(self, device: torch.device | str) -> CutmixPlan:
        """Return the plan on ``device``."""
        boxes = replace(self.boxes, edges=self.boxes.edges.to(device, non_blocking=True))
        return CutmixPlan(self.partner.to(device, non_blocking=True), boxes)


@dataclass(frozen=True)
class CutoutPlan:
    """Fill the box of each image with one value; see :func:`draw_cutout`."""

    boxes: Boxes
    fill: float = 0.0

    @property
    def share(self) -> Float64[Tensor, "batch"]:
        """Share of pixels that are filled."""
        return self.boxes.share

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images."""
        self.boxes.check(images)

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return the images with ``fill``, in their dtype, inside the box."""
        fill = torch.full((), self.fill, dtype=images.dtype, device=images.device)
        return torch.where(self.boxes.mask()[:, None], fill, images)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return the targets themselves: removing pixels does not change the label."""
        return targets

    def to(self, device: torch.device | str) -> CutoutPlan:
        """Return the plan on ``device``."""
        boxes = replace(self.boxes, edges=self.boxes.edges.to(device, non_blocking=True))
        return CutoutPlan(boxes, self.fill)


@dataclass(frozen=True)
class MixupPlan:
    """Blend each image with its partner; see :func:`draw_mixup`."""

    partner: Int64[Tensor, "batch"]
    share: Float64[Tensor, "batch"]

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` for another batch, or for integer images, which cannot blend."""
        if len(self.partner) != len(images):
            raise ValueError(f"the plan is for {len(self.partner)} images, got {len(images)}")
        if not images.is_floating_point():
            raise ValueError(f"mixup needs floating-point images, got {images.dtype}: scale first")
        check_device(self.partner, images)

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return (1 - share) x + share x_partner, computed in float32 or wider."""
        wide = images.to(torch.promote_types(images.dtype, torch.float32))
        weight = self.share.to(wide.dtype)[:, None, None, None]
        return torch.lerp(wide, wide[self.partner], weight).to(images.dtype)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return (1 - share) y + share y_partner."""
        return blend(targets, self.partner, self.share)

    def to(self, device: torch.device | str) -> MixupPlan:
        """Return the plan on ``device``."""
        return MixupPlan(
            self.partner.to(device, non_blocking=True), self.share.to(device, non_blocking=True)
        )


def paste(boxes: Boxes, donors: MixedImages, images: MixedImages) -> MixedImages:
    """Return ``donors`` inside the boxes and ``images`` outside; ``donors`` is used up.

    Same value as ``torch.where``, which is taken where a gradient must flow. Otherwise the bits
    are selected as image ^ ((donor ^ image) & mask), in the donors' own memory: exact for every
    dtype, and several times faster on a CPU, where the selection is vectorised and no second
    batch is allocated.
    """
    if images.requires_grad:
        return torch.where(boxes.mask()[:, None], donors, images)
    integer = INTEGERS[images.element_size()]
    outside = images.view(integer)
    selected = donors.view(integer)
    selected.bitwise_xor_(outside).bitwise_and_(boxes.bits(integer)[:, None])
    return selected.bitwise_xor_(outside).view(images.dtype)


def blend(
    targets: SoftRows, partner: Int64[Tensor, "batch"], share: Float64[Tensor, "batch"]
) -> SoftRows:
    """Return (1 - share) y + share y_partner: exact where share is 0 or the labels agree."""
    weight = share.to(targets.dtype)[:, None]
    return targets + weight * (targets[partner] - targets)


def check_device(planned: Tensor, images: Tensor) -> None:
    """Raise ``ValueError`` where the plan and the images lie on different devices."""
    if planned.device != images.device:
        raise ValueError(
            f"the plan lies on {planned.device}, the images on {images.device}: use plan.to(...)"
        )
