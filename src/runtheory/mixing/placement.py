"""Where a box falls and which pixels it covers: one rule per axis, both axes independent.

Lengths are fractions of the axis. A continuous box of side r starts uniformly on
[-overhang * r, 1 - (1 - overhang) * r]: with overhang 1/2 its centre is uniform on the image and
the box is clipped (the paper's rule); with 0 it lies inside; with 1 the range of its centre is
padded by half a box at both ends. A pixel is pasted when its centre lies in the box. So a pixel's
probability of being pasted is exactly the continuous coverage at its centre, odd and even sides
occur alike, and non-square images need no special case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked

Number = TypeVar("Number", float, Tensor, np.ndarray)
Sides = Float64[np.ndarray, "side"]
Numbers = Float64[np.ndarray, "..."]


@runtime_checkable
class IntervalRule(Protocol):
    """How one axis of a box turns into pixels, each box for itself."""

    def interval(
        self, side: Float64[Tensor, "box"], position: Float64[Tensor, "box"], pixels: int
    ) -> tuple[Int64[Tensor, "box"], Int64[Tensor, "box"]]:
        """Return the half-open pixel interval [start, stop) from a uniform ``position``."""


@runtime_checkable
class BoxRule(IntervalRule, Protocol):
    """An interval rule with the exact law of its result."""

    def pixel_coverage(self, side: Sides, pixels: int) -> Float64[np.ndarray, "side pixel"]:
        """Return P(pixel k lies in the interval | side)."""

    def nonempty(self, side: Sides, pixels: int) -> Sides:
        """Return P(the interval holds at least one pixel | side)."""

    def kinks(self, pixels: int) -> Float64[np.ndarray, "kink"]:
        """Return the sides in (0, 1) at which those probabilities are not smooth."""


@dataclass(frozen=True)
class Placement:
    """A pixel is pasted when its centre is in the box; ``overhang`` in [0, 1] may leave the image.

    Raises
    ------
    ValueError
        If ``overhang`` lies outside [0, 1].
    """

    overhang: float

    def __post_init__(self) -> None:
        checks.in_interval(0, 1, overhang=self.overhang)

    def interval(
        self, side: Float64[Tensor, "box"], position: Float64[Tensor, "box"], pixels: int
    ) -> tuple[Int64[Tensor, "box"], Int64[Tensor, "box"]]:
        """Return the pixels [start, stop) whose centres lie in the box."""
        # With half of it outside, the range of the start is one image long whatever the side.
        reach = position if self.overhang == 0.5 else position * range_length(self, side)
        first = (reach - self.overhang * side) * pixels
        ends = torch.stack((first, first + side * pixels))
        # Pixel k has its centre at k + 1/2: the first one that is not left of the box.
        start, stop = ends.sub_(0.5).ceil_().clamp_(0, pixels).to(torch.int64)
        return start, stop

    def pixel_coverage(self, side: Sides, pixels: int) -> Float64[np.ndarray, "side pixel"]:
        """Return P(pixel k is pasted | side): the chance that the start falls in (x_k - r, x_k]."""
        centre = pixel_centres(pixels)[None, :]
        return starts_within(self, side[:, None], low=centre - side[:, None], high=centre)

    def nonempty(self, side: Sides, pixels: int) -> Sides:
        """Return P(some pixel centre is in the box | side), as a sum over disjoint starts."""
        centre = pixel_centres(pixels)
        # A start belongs to the first centre that the box holds, so that none counts twice.
        previous = np.concatenate(([-np.inf], centre[:-1]))
        low = np.maximum(centre[None, :] - side[:, None], previous[None, :])
        chance = starts_within(self, side[:, None], low=low, high=centre[None, :])
        return np.asarray(chance.sum(axis=1))

    def kinks(self, pixels: int) -> Float64[np.ndarray, "kink"]:
        """Return 1 / pixels and the sides at which a border box begins to reach a pixel centre."""
        centre = pixel_centres(pixels)
        kinks = [np.array([1.0 / pixels])]
        kinks += [centre / share for share in (self.overhang, 1 - self.overhang) if share > 0]
        points = np.unique(np.concatenate(kinks))
        return points[(points > 0) & (points < 1)]


@dataclass(frozen=True)
class TruncatedSides:
    """Clipped box with an integer centre and the side floor(r * pixels), with or without odd sides.

    The box holds ``centre - floor(side / 2)`` and the pixels after it, clipped. Where the side is
    halved by integer division at both ends (``odd`` false) only even sides exist: on small images
    this removes a first-order part of the pasted area, and a box of less than two pixels is empty.
    With ``odd`` the longer half lies behind the centre.
    """

    odd: bool

    def interval(
        self, side: Float64[Tensor, "box"], position: Float64[Tensor, "box"], pixels: int
    ) -> tuple[Int64[Tensor, "box"], Int64[Tensor, "box"]]:
        """Return the clipped pixels [centre - half of the side, centre + its other half)."""
        centre = (position * pixels).to(torch.int64).clamp(max=pixels - 1)
        whole = (side * pixels).to(torch.int64)
        before, behind = whole // 2, (whole + self.odd) // 2
        return (centre - before).clamp(0, pixels), (centre + behind).clamp(0, pixels)

    def pixel_coverage(self, side: Sides, pixels: int) -> Float64[np.ndarray, "side pixel"]:
        """Return P(pixel k is pasted | side): integer centres in (k - behind, k + before]."""
        whole = np.floor(side * pixels)[:, None]
        index = np.arange(pixels)[None, :]
        low = np.maximum(index - (whole + self.odd) // 2, -1)
        high = np.minimum(index + whole // 2, pixels - 1)  # (side, pixel)
        return np.asarray((high - low) / pixels)

    def nonempty(self, side: Sides, pixels: int) -> Sides:
        """Return 1 where the side reaches one pixel, or two: a clipped box then has a pixel."""
        least = 1 if self.odd else 2
        return np.asarray(np.floor(side * pixels) >= least, dtype=np.float64)

    def kinks(self, pixels: int) -> Float64[np.ndarray, "kink"]:
        """Return the multiples of one pixel, or of two, where the truncated side jumps."""
        step = 1 if self.odd else 2
        return np.asarray(np.arange(step, pixels, step) / pixels)


CLIPPED = Placement(overhang=0.5)
INSIDE = Placement(overhang=0.0)
PADDED = Placement(overhang=1.0)
EVEN_SIDES = TruncatedSides(odd=False)
WHOLE_SIDES = TruncatedSides(odd=True)


@checked
def range_length(placement: Placement, side: Number) -> Number:
    """Return 1 - (1 - 2 overhang) r, the length of the range of the box's start."""
    return 1 - (1 - 2 * placement.overhang) * side


@checked
def starts_within(
    placement: Placement, side: Numbers, *, low: Numbers, high: Numbers
) -> np.ndarray:
    """Return P(low < start <= high | side), elementwise; a range of length 0 is a point at 0.

    Raises
    ------
    ValueError
        If a side lies outside [0, 1], or the shapes cannot be broadcast.
    """
    checks.in_interval(0, 1, side=side)
    try:
        np.broadcast_shapes(side.shape, low.shape, high.shape)
    except ValueError:
        told = f"{side.shape}, {low.shape} and {high.shape}"
        raise ValueError(f"side, low and high must broadcast, got shapes {told}") from None
    begin = -placement.overhang * side
    length = range_length(placement, side)
    inside = np.clip(np.minimum(high, begin + length) - np.maximum(low, begin), 0, None)
    # At r = 1 a box inside the image can start at 0 alone.
    point = ((low < 0) & (high >= 0)).astype(np.float64)
    return np.where(length > 0, inside / np.where(length > 0, length, 1.0), point)


@checked
def pixel_centres(pixels: int) -> Float64[np.ndarray, "pixel"]:
    """Return (k + 1/2) / pixels for k = 0, ..., pixels - 1."""
    return (np.arange(pixels) + 0.5) / pixels
