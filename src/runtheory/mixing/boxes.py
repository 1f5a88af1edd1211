"""One box for each image of a batch: which pixels it holds, and what share of the image it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float64, Int64, Shaped
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked


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
        if self.height == self.width:
            seen = self.edges.clamp(0, self.height)
            lengths = (seen[:, 1::2] - seen[:, ::2]).clamp_(min=0)  # (batch, axis)
            area = lengths[:, 0] * lengths[:, 1]
        else:
            rows = _visible_length(self.edges[:, 0], self.edges[:, 1], self.height)
            area = rows * _visible_length(self.edges[:, 2], self.edges[:, 3], self.width)
        return area.to(torch.float64) / (self.height * self.width)

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

    def check(self, images: Shaped[Tensor, "batch channel height width"]) -> None:
        """Raise ``ValueError`` where the boxes were drawn for other images."""
        asked = (len(self.edges), self.height, self.width)
        came = (images.shape[0], images.shape[2], images.shape[3])
        if asked != came:
            raise ValueError(
                f"the plan is for (batch, height, width) = {asked}, got images with {came}"
            )
        check_device(self.edges, images)

    def to(self, device: torch.device | str) -> Boxes:
        """Return the boxes on ``device``."""
        return replace(self, edges=self.edges.to(device, non_blocking=True))


@checked
def check_partners(partner: Int64[Tensor, "batch"]) -> None:
    """Raise ``ValueError`` where a partner is none of the batch; looked at on the CPU."""
    if tensor_checks.readable(partner):
        checks.labels_below(partner, len(partner), name="partner")


@checked
def check_device(planned: Tensor, images: Tensor) -> None:
    """Raise ``ValueError`` where the plan and the images lie on different devices."""
    if planned.device != images.device:
        raise ValueError(
            f"the plan lies on {planned.device}, the images on {images.device}: use plan.to(...)"
        )


def _visible_length(
    start: Int64[Tensor, "batch"], stop: Int64[Tensor, "batch"], pixels: int
) -> Int64[Tensor, "batch"]:
    """Return how many of the pixels 0, ..., pixels - 1 lie in [start, stop)."""
    return (stop.clamp(0, pixels) - start.clamp(0, pixels)).clamp(min=0)
