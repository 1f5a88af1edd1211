"""Random Erasing: a rectangle of random area and shape, filled with noise [zhong2020random].

Cutout's relative: the label stays, but the rectangle lies inside the image, its area and the ratio
of its sides are drawn, and what fills it is noise and no colour. As everywhere in this package, a
plan is drawn first, the noise included, and applied without randomness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.draw import Shape
from runtheory.mixing.pasting import MixedImages
from runtheory.mixing.placement import INSIDE
from runtheory.mixing.plans import SoftRows, _BoxPlan
from runtheory.mixing.variates import batch_sizes, gate
from runtheory.shapes import Images

TRIES = 10  # rectangles drawn for an image until one fits, as torchvision does


@dataclass(frozen=True, eq=False)
class ErasingPlan(_BoxPlan):
    """Fill the box of each image with its part of ``noise``; see :func:`draw_erasing`."""

    boxes: Boxes
    noise: Images

    def mix_images(self, images: MixedImages, out: MixedImages | None = None) -> MixedImages:
        """Return the images with noise, in their dtype, inside the box."""
        inside = self.boxes.mask()[:, None]
        mixed = torch.where(inside, self.noise.to(images.dtype), images)
        return mixed if out is None else out.copy_(mixed)

    def mix_targets(self, targets: SoftRows) -> SoftRows:
        """Return the targets themselves: erasing pixels does not change the label."""
        return targets

    def to(self, device: torch.device | str) -> ErasingPlan:
        """Return the plan on ``device``."""
        return ErasingPlan(self.boxes.to(device), self.noise.to(device, non_blocking=True))


@checked
def draw_erasing(
    shape: Shape,
    *,
    area: tuple[float, float] = (0.02, 0.4),
    stretch: float = 1 / 0.3,
    probability: float = 0.5,
    generator: torch.Generator,
) -> ErasingPlan:
    """Draw a rectangle and its noise for every image of ``shape``.

    Its share of the image is uniform on ``area``, the ratio of height to width, in pixels, is
    log-uniform on [1 / ``stretch``, ``stretch``]; what does not fit is drawn anew, ten times at the
    most. The noise is standard normal, in the scale of normalised images. Defaults are those of
    [zhong2020random], but for the law of the ratio, which is torchvision's. A pixel is erased when
    its centre lies in the rectangle.

    Raises
    ------
    ValueError
        If ``area`` is no interval within (0, 1], ``stretch`` is below 1 or infinite, probability
        lies outside [0, 1], or the shape does not have four axes.

    Examples
    --------
    >>> import torch
    >>> from runtheory.mixing import apply, draw_erasing
    >>> plan = draw_erasing((4, 3, 8, 8), generator=torch.Generator())
    >>> images, targets = apply(plan, torch.rand(4, 3, 8, 8), torch.arange(4), classes=4)
    >>> targets.argmax(1)
    tensor([0, 1, 2, 3])
    """
    batch, height, width = batch_sizes(shape)
    low, high = _interval(area)
    checks.in_interval(1, math.inf, ends="[)", stretch=stretch)
    uniform = torch.rand(
        2, TRIES, batch, dtype=torch.float64, device=generator.device, generator=generator
    )
    share = low + (high - low) * uniform[0]
    ratio = torch.exp(math.log(stretch) * (2 * uniform[1] - 1))  # height over width, in pixels
    sides = torch.stack(
        ((share * ratio * width / height).sqrt(), (share / ratio * height / width).sqrt())
    )
    position = torch.rand(
        2, batch, dtype=torch.float64, device=generator.device, generator=generator
    )
    edges = _edges(_first_that_fits(sides), position, (height, width))
    edges = edges * gate(probability, batch, generator=generator)[:, None]
    noise = torch.randn(tuple(shape), device=generator.device, generator=generator)
    return ErasingPlan(Boxes(edges, height, width), noise)


@checked
def mean_erased_share(*, area: tuple[float, float], stretch: float) -> float:
    """Return the mean share of a rectangle that fits into a square image, if tries never end.

    A rectangle of the share a and the ratio exp(u) fits exactly if a exp(|u|) < 1, so that it is
    kept with the probability min(1, log(1 / a) / log ``stretch``): large shares are kept less
    often, and the mean lies below the middle of ``area`` wherever its end times ``stretch`` is
    above 1.

    Raises
    ------
    ValueError
        If ``area`` is no interval within (0, 1], or ``stretch`` is below 1 or infinite.
    """
    low, high = _interval(area)
    checks.in_interval(1, math.inf, ends="[)", stretch=stretch)
    if low == high:
        return low
    bend = min(max(1 / stretch, low), high)  # up to here every ratio fits
    kept, moment = bend - low, (bend**2 - low**2) / 2
    if bend < high:
        # Integrals of log(1/a) and of a log(1/a), from the bend to the end.
        kept += (_entropy(high, 1) - _entropy(bend, 1)) / math.log(stretch)
        moment += (_entropy(high, 2) - _entropy(bend, 2)) / math.log(stretch)
    return moment / kept


def _entropy(share: float, power: int) -> float:
    """Return the antiderivative of a ** (power - 1) log(1 / a) at ``share``."""
    return float(share**power / power * (1 / power - math.log(share)))


def _interval(area: tuple[float, float]) -> tuple[float, float]:
    low, high = area
    checks.in_interval(0, 1, ends="(]", largest_area=high)
    checks.in_interval(0, high, ends="(]", least_area=low)
    return low, high


def _first_that_fits(
    sides: Float64[Tensor, "two try batch"],
) -> Float64[Tensor, "two batch"]:
    """Return the sides of the first try that fits, zero where none does."""
    fits = (sides < 1).all(0)  # (try, batch)
    first = fits.int().argmax(0, keepdim=True)  # 0 where none fits, too
    chosen = sides.gather(1, first.expand(2, 1, -1))[:, 0]
    return chosen * fits.any(0)


def _edges(
    sides: Float64[Tensor, "two batch"],
    position: Float64[Tensor, "two batch"],
    pixels: tuple[int, int],
) -> Int64[Tensor, "batch 4"]:
    top, bottom = INSIDE.interval(sides[0], position[0], pixels[0])
    left, right = INSIDE.interval(sides[1], position[1], pixels[1])
    return torch.stack((top, bottom, left, right), dim=1)
