"""Seven published ways to paste a box and to credit its label, on the same draws.

A rule says which pixels are pasted and how much of the label the partner is given. Only where
the two agree does the target say what the image shows. Used by the chapter's comparison; train
with :func:`draw_cutmix`, which credits the pixels really pasted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from runtheory.mixing.placement import CLIPPED, EVEN_SIDES, INSIDE, PADDED, IntervalRule
from runtheory.mixing.plans import Boxes
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
    """A way to paste and to credit, with a neutral description of what it does."""

    name: str
    behaviour: str
    paste: IntervalRule
    credit: Callable[[PastedBoxes], Tensor]


@dataclass(frozen=True)
class CornerPixels:
    """Box inside the image; a pixel is pasted when its top-left corner lies in it."""

    def interval(
        self, side: Float64[Tensor, "box"], position: Float64[Tensor, "box"], pixels: int
    ) -> tuple[Int64[Tensor, "box"], Int64[Tensor, "box"]]:
        """Return the pixels k with first <= k < first + side * pixels."""
        first = position * (1 - side) * pixels
        stop = torch.ceil(first + side * pixels).clamp(max=pixels)
        return torch.ceil(first).to(torch.int64), stop.to(torch.int64)


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


def paste(rule: LabelRule, draws: BoxDraws, height: int, width: int) -> PastedBoxes:
    """Return the boxes that ``rule`` pastes for ``draws`` in images of height x width pixels."""
    top, bottom = rule.paste.interval(draws.side, draws.position[0], height)
    left, right = rule.paste.interval(draws.side, draws.position[1], width)
    edges = torch.stack((top, bottom, left, right), dim=1)
    return PastedBoxes(draws.side, Boxes(edges, height, width))


def label_error(rule: LabelRule, draws: BoxDraws, height: int, width: int) -> Shares:
    """Return the partner's credited share minus its share of pixels, one entry per draw."""
    pasted = paste(rule, draws, height, width)
    return rule.credit(pasted) - pasted.boxes.share


def pixel_share(pasted: PastedBoxes) -> Shares:
    """Credit the share of pixels really pasted."""
    return pasted.boxes.share


def nominal_share(pasted: PastedBoxes) -> Shares:
    """Credit 1 - lambda = r^2, whatever was pasted."""
    return pasted.side**2


def whole_pixel_share(pasted: PastedBoxes) -> Shares:
    """Credit the box of truncated integer sides before it is clipped."""
    boxes = pasted.boxes
    area = torch.floor(pasted.side * boxes.height) * torch.floor(pasted.side * boxes.width)
    return area / (boxes.height * boxes.width)


def kept_share(pasted: PastedBoxes) -> Shares:
    """Credit the partner with the share of the pixels that were kept."""
    return 1 - pasted.boxes.share


SEVEN_RULES: tuple[LabelRule, ...] = (
    LabelRule("pixel centres", "clipped by pixel centre; pasted pixels", CLIPPED, pixel_share),
    LabelRule("even sides", "clipped, even integer sides; pasted pixels", EVEN_SIDES, pixel_share),
    LabelRule("nominal", "clipped, even integer sides; 1 - lambda", EVEN_SIDES, nominal_share),
    LabelRule("unclipped", "clipped; integer area before clipping", CLIPPED, whole_pixel_share),
    LabelRule("real area", "inside; area in real numbers", CornerPixels(), nominal_share),
    LabelRule("exchanged", "inside; share of pixels kept", INSIDE, kept_share),
    LabelRule("padded", "centre range padded; pasted pixels", PADDED, pixel_share),
)
