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
from torch.autograd import forward_ad

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


@dataclass(frozen=True, eq=False)
class Boxes:
    """One box for each image: half-open pixel edges [top, bottom) x [left, right).

    ``edges`` has columns top, bottom, left, right and may hold any integers: a box is cut at the
    border of the image, and one whose stop does not lie above its start is empty and pastes
    nothing. So mask and share agree for every box, and no device has to be asked first.
    """

    edges: Int64[Tensor, "batch 4"]
    height: int
    width: int

    @property
    def share(self) -> Float64[Tensor, "batch"]:
        """Share of the image's pixels that lie in the box: an integer area over an integer."""
        rows = _visible_length(self.edges[:, 0], self.edges[:, 1], self.height)
        columns = _visible_length(self.edges[:, 2], self.edges[:, 3], self.width)
        return (rows * columns).to(torch.float64) / (self.height * self.width)

    def bits(self, dtype: torch.dtype) -> Shaped[Tensor, "batch height width"]:
        """Return, as a signed integer type, all bits set (-1) for pixels in the box, else none."""
        edges = self.edges[:, :, None]  # (batch, edge, 1)
        rows = torch.arange(self.height, device=edges.device)
        columns = torch.arange(self.width, device=edges.device)
        vertical = ((rows >= edges[:, 0]) & (rows < edges[:, 1])).to(dtype).neg()
        horizontal = ((columns >= edges[:, 2]) & (columns < edges[:, 3])).to(dtype).neg()
        return vertical[:, :, None] & horizontal[:, None, :]  # (batch, row, column)

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
        _check_device(self.edges, images)

    def to(self, device: torch.device | str) -> Boxes:
        """Return the boxes on ``device``."""
        return replace(self, edges=self.edges.to(device, non_blocking=True))


class _BoxPlan:
    """What the plans that work inside boxes have in common."""

    boxes: Boxes

    @property
    def share(self) -> Float64[Tensor, "batch"]:
        """Share of pixels that the box takes from the image."""
        return self.boxes.share

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` where the plan was drawn for other images."""
        self.boxes.check(images)


@dataclass(frozen=True, eq=False)
class CutmixPlan(_BoxPlan):
    """Paste each partner's pixels inside the box [yun2019cutmix]; see :func:`draw_cutmix`."""

    partner: Int64[Tensor, "batch"]
    boxes: Boxes

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return M x_partner + (1 - M) x, M the indicator of the box; any dtype."""
        return _select(self.boxes, images.index_select(0, self.partner), images)

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

    def check(self, images: MixedImages) -> None:
        """Raise ``ValueError`` for other images, or where their integers cannot hold ``fill``."""
        super().check(images)
        if not (images.is_floating_point() or images.is_complex() or float(self.fill).is_integer()):
            raise ValueError(f"images of {images.dtype} cannot be filled with {self.fill}")

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return the images with ``fill``, in their dtype, inside the box."""
        fill = torch.full((), self.fill, dtype=images.dtype, device=images.device)
        return torch.where(self.boxes.mask()[:, None], fill, images)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return the targets themselves: removing pixels does not change the label."""
        return targets

    def to(self, device: torch.device | str) -> CutoutPlan:
        """Return the plan on ``device``."""
        return CutoutPlan(self.boxes.to(device), self.fill)


@dataclass(frozen=True, eq=False)
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
        _check_device(self.partner, images)

    def mix_images(self, images: MixedImages) -> MixedImages:
        """Return (1 - share) x + share x_partner, computed in float32 or wider."""
        wide = images.to(torch.promote_types(images.dtype, torch.float32))
        weight = self.share.to(wide.dtype)[:, None, None, None]  # (batch, 1, 1, 1)
        return torch.lerp(wide, wide[self.partner], weight).to(images.dtype)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return (1 - share) y + share y_partner."""
        return blend(targets, self.partner, self.share)

    def to(self, device: torch.device | str) -> MixupPlan:
        """Return the plan on ``device``."""
        return MixupPlan(
            self.partner.to(device, non_blocking=True), self.share.to(device, non_blocking=True)
        )


def is_transformed(tensor: Tensor) -> bool:
    """Return whether ``torch.func`` follows the tensor: under ``vmap``, ``grad``, ``jvp``, ...

    Inside, a value must not be read and a memory format cannot be asked for. What is compiled is
    no transform: there the answer is no.
    """
    if torch.compiler.is_compiling():
        return False
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


def _visible_length(
    start: Int64[Tensor, "batch"], stop: Int64[Tensor, "batch"], pixels: int
) -> Int64[Tensor, "batch"]:
    """Return how many of the pixels 0, ..., pixels - 1 lie in [start, stop)."""
    return (stop.clamp(0, pixels) - start.clamp(0, pixels)).clamp(min=0)


def _select(boxes: Boxes, donors: MixedImages, images: MixedImages) -> MixedImages:
    """Return ``donors`` inside the boxes and ``images`` outside; ``donors`` may be overwritten.

    The value is that of ``torch.where``, which is taken wherever a derivative must follow the
    pixels, where the step is compiled, and for numbers of more than eight bytes.
    Otherwise the bits are selected as image ^ ((donor ^ image) & mask), in the donors' own
    memory: exact for every dtype, and no second batch is allocated. On a CPU that is faster for
    small images; for large ones whose memory is used again ``torch.where`` can be the faster.
    """
    integer = INTEGERS.get(images.element_size())
    if integer is None or _is_followed(images):
        return torch.where(boxes.mask()[:, None], donors, images)
    outside = images.view(integer)
    selected = donors.view(integer)
    selected.bitwise_xor_(outside).bitwise_and_(boxes.bits(integer)[:, None])
    return selected.bitwise_xor_(outside).view(images.dtype)


def _is_followed(images: Tensor) -> bool:
    """Return whether bits would lose what is asked of the images beside their values."""
    if images.requires_grad or torch.compiler.is_compiling():
        return True
    # A tangent of forward-mode differentiation lies on the tensor and not in its bits.
    return forward_ad.unpack_dual(images).tangent is not None


def blend(
    targets: SoftRows, partner: Int64[Tensor, "batch"], share: Float64[Tensor, "batch"]
) -> SoftRows:
    """Return (1 - share) y + share y_partner: exact where share is 0 or the labels agree."""
    weight = share.to(targets.dtype)[:, None]
    return targets + weight * (targets[partner] - targets)


def _check_device(planned: Tensor, images: Tensor) -> None:
    """Raise ``ValueError`` where the plan and the images lie on different devices."""
    if planned.device != images.device:
        raise ValueError(
            f"the plan lies on {planned.device}, the images on {images.device}: use plan.to(...)"
        )
