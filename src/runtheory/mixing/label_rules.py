"""Ways to paste a box and to credit its label, as libraries have them, on the same draws.

A rule says which pixels are pasted and how much of the label the partner is given. Only where
the two agree does the target say what the image shows. Each rule names the code in which it was
read; train with :func:`draw_cutmix`, which credits the pixels really pasted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.placement import CLIPPED, EVEN_SIDES, PADDED, WHOLE_SIDES, IntervalRule
from runtheory.mixing.variates import beta_variates

Shares = Float64[Tensor, "box"]


@dataclass(frozen=True)
class BoxDraws:
    """Nominal sides r = sqrt(1 - lambda) and uniform positions (vertical, horizontal)."""

    side: Float64[Tensor, "box"]
    position: Float64[Tensor, "axis box"]


@dataclass(frozen=True)
class PastedBoxes:
    """What a rule for labels may look at: the nominal sides and the boxes really pasted."""

    side: Float64[Tensor, "box"]
    boxes: Boxes


@dataclass(frozen=True)
class LabelRule:
    """A way to paste and to credit: what it does, and where that was read."""

    name: str
    behaviour: str
    source: str
    paste: IntervalRule
    credit: Callable[[PastedBoxes], Tensor]


@dataclass(frozen=True)
class CornerPixels:
    """Box inside the image; a pixel is pasted when its top-left corner lies in it."""

    def interval(
        self, side: Float64[Tensor, "box"], position: Float64[Tensor, "box"], pixels: int
    ) -> tuple[Int64[Tensor, "box"], Int64[Tensor, "box"]]:
        """Return the pixels k with first <= k < first + side * pixels."""
        first = position * (1 - side) * pixels  # uniform on what leaves the box inside
        stop = torch.ceil(first + side * pixels).clamp(max=pixels)
        return torch.ceil(first).to(torch.int64), stop.to(torch.int64)


@dataclass(frozen=True)
class WholeInside:
    """Box inside the image, with the side floor(r * pixels) and an integer start."""

    def interval(
        self, side: Float64[Tensor, "box"], position: Float64[Tensor, "box"], pixels: int
    ) -> tuple[Int64[Tensor, "box"], Int64[Tensor, "box"]]:
        """Return [start, start + side) with the start uniform on 0, ..., pixels - side."""
        whole = (side * pixels).to(torch.int64)
        # The position 1 itself would lead one pixel too far.
        start = torch.minimum((position * (pixels - whole + 1)).to(torch.int64), pixels - whole)
        return start, start + whole


@checked
def draw_boxes(count: int, *, alpha: float = 1.0, generator: torch.Generator) -> BoxDraws:
    """Draw ``count`` nominal sides and positions, to be interpreted by every rule.

    Raises
    ------
    ValueError
        If alpha is not positive and finite, or count is below 1.
    """
    side = beta_variates(alpha, count, generator=generator).sqrt()
    position = torch.rand(
        2, count, dtype=torch.float64, device=generator.device, generator=generator
    )
    return BoxDraws(side, position)


@checked
def paste(rule: LabelRule, draws: BoxDraws, size: tuple[int, int]) -> PastedBoxes:
    """Return the boxes that ``rule`` pastes for ``draws`` in images of (height, width) pixels."""
    height, width = size
    top, bottom = rule.paste.interval(draws.side, draws.position[0], height)
    left, right = rule.paste.interval(draws.side, draws.position[1], width)
    edges = torch.stack((top, bottom, left, right), dim=1)
    return PastedBoxes(draws.side, Boxes(edges, height, width))


@checked
def label_error(rule: LabelRule, draws: BoxDraws, size: tuple[int, int]) -> Shares:
    """Return the partner's credited share minus its share of pixels, one entry per draw."""
    pasted = paste(rule, draws, size)
    return rule.credit(pasted) - pasted.boxes.share


@checked
def mean_exchanged_error(pixels: int) -> float:
    """Return the mean error of :data:`EXCHANGED` at alpha = 1 on square images.

    The partner is credited 1 - share for its share, and the mean share is E[j^2] / pixels^2, where
    the side j = floor(r * pixels) has the probability (2 j + 1) / pixels^2. The error is
    1 - (n - 1)(3 n^2 - n - 1) / (3 n^3) for n pixels a side: 4 / (3 n) up to second order.

    Raises
    ------
    ValueError
        If there is no pixel.
    """
    checks.at_least(1, pixels=pixels)
    return 1 - (pixels - 1) * (3 * pixels**2 - pixels - 1) / (3 * pixels**3)


@checked
def pixel_share(pasted: PastedBoxes) -> Shares:
    """Credit the share of pixels really pasted."""
    return pasted.boxes.share


@checked
def nominal_share(pasted: PastedBoxes) -> Shares:
    """Credit 1 - lambda = r^2, whatever was pasted."""
    return pasted.side**2


@checked
def whole_pixel_share(pasted: PastedBoxes) -> Shares:
    """Credit the box of truncated integer sides before it is clipped."""
    boxes = pasted.boxes
    area = torch.floor(pasted.side * boxes.height) * torch.floor(pasted.side * boxes.width)
    return area / (boxes.height * boxes.width)


@checked
def kept_share(pasted: PastedBoxes) -> Shares:
    """Credit the partner with the share of the pixels that were kept."""
    return 1 - pasted.boxes.share


EXACT = LabelRule(
    "pixel centres", "clipped, by pixel centre; pasted pixels", "this book", CLIPPED, pixel_share
)
AUTHORS = LabelRule(
    "even sides",
    "clipped, even sides; pasted pixels",
    "the authors since August 2019, torchvision",
    EVEN_SIDES,
    pixel_share,
)
TIMM = LabelRule(
    "whole sides", "clipped, whole sides; pasted pixels", "timm", WHOLE_SIDES, pixel_share
)
NOMINAL = LabelRule(
    "nominal",
    "clipped, even sides; 1 - lambda",
    "the authors before August 2019",
    EVEN_SIDES,
    nominal_share,
)
UNCLIPPED = LabelRule(
    "unclipped",
    "clipped, whole sides; area before",
    "KerasCV, 2022",
    WHOLE_SIDES,
    whole_pixel_share,
)
REAL_AREA = LabelRule(
    "real area",
    "inside; area in real numbers",
    "made for comparison",
    CornerPixels(),
    nominal_share,
)
EXCHANGED = LabelRule(
    "exchanged",
    "inside, whole sides; pixels kept",
    "kornia 0.9, as it comes",
    WholeInside(),
    kept_share,
)
EVEN_COVERAGE = LabelRule(
    "padded",
    "centre range padded; pasted pixels",
    "Composer's uniform sampling, up to rounding",
    PADDED,
    pixel_share,
)
LABEL_RULES = (EXACT, AUTHORS, TIMM, NOMINAL, UNCLIPPED, REAL_AREA, EXCHANGED, EVEN_COVERAGE)
"""The rules that the chapter compares, each in the words of what it does.

Read in: clovaai/CutMix-PyTorch, ``train.py`` at 5ee7b8d and f0c71b1; torchvision,
``transforms/v2/_augment.py``; timm 1.0.31, ``data/mixup.py`` (``correct_lam``); KerasCV,
``layers/preprocessing/cut_mix.py``; kornia 0.9.0, ``RandomCutMixV2`` with its default
``use_correct_lambda=False`` (its weight is meant for the image's own label; issue 3077);
Composer, ``algorithms/cutmix/cutmix.py``.
"""
