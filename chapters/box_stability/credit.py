"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import torch

from tools.credit import drawn, uniform, whole

PRINTED = {
    "evenly_spread": {
        "height": 20,
        "width": 20,
        "pull": 12,
        "rate": 0.2,
        "few": 4,
        "many": 36,
        "wanted": 0.9,
    }
}


def _floor(source: random.Random, given: Mapping[str, Any]) -> float:
    """Draw a floor that is reached between two whole numbers of features, half-way."""
    odds = given["rate"] / (1 - given["rate"])
    moved = 2 * given["pull"] * math.sqrt(odds) * (1 / given["height"] + 1 / given["width"])
    return round(1 - moved / math.sqrt(source.randint(60, 250) - 0.5), 6)


def _boxes(source: random.Random, sides: list[tuple[float, float]]) -> torch.Tensor:
    """Draw boxes, a height and a width each between these two numbers."""
    rows = []
    for low, high in sides:
        top, left = source.randint(0, 30) / 10, source.randint(0, 30) / 10
        height, width = (round(source.uniform(low, high), 2) for _ in range(2))
        rows.append([top, round(top + height, 2), left, round(left + width, 2)])
    return torch.tensor(rows, dtype=torch.float64)


def _overlaps(source: random.Random, given: Mapping[str, Any]) -> torch.Tensor:
    """Draw the overlaps of boxes with themselves under a constant fault."""
    down, right = (round(source.uniform(0.25, 0.6), 2) for _ in range(2))
    top, bottom, left, end = given["boxes"].unbind(1)
    common = (1 - down / (bottom - top)) * (1 - right / (end - left))
    return common / (2 - common)


def evenly_spread(
    solved,
    height=uniform(15, 40, 1),
    width=uniform(15, 40, 1),
    pull=uniform(8, 14, 1),
    rate=uniform(0.15, 0.45),
    few=whole(3, 8),
    many=whole(25, 60),
    wanted=drawn(_floor),
):
    r"""The box is `height` pixels high and `width` pixels wide, **which may differ**; each edge
    lies `pull` pixels from where the bias has it, and dropout acts at the rate `rate`. Return the
    standard deviation of an edge for $n$ = `few` and for $n$ = `many`, the floor for $n$ = `many`,
    as it stands even if it is negative, and the least whole $n$ for which it is at least `wanted`.
    """
    one = pull * math.sqrt(rate / (1 - rate))  # the deviation for n = 1
    sides = 2 / height + 2 / width  # two edges end each side
    least = math.ceil((one * sides / (1 - wanted)) ** 2 - 1e-9)
    return one / math.sqrt(few), one / math.sqrt(many), 1 - one / math.sqrt(many) * sides, least


def three_boxes(solved, first=uniform(0.5, 4), third=uniform(0.5, 4)):
    r"""The first box has the length `first`; the third lies to the right of it and has the length
    `third`; between them there is now **a gap**, and the second box reaches from the left end of
    the first to the right end of the third. **Return the width of the gap** at which one minus
    Dice's overlap of the first and the third is exactly the sum of the other two: that of the
    first and the second, and that of the second and the third.
    """
    both = first + third
    # (g + c)/(2a + g + c) + (g + a)/(a + g + 2c) = 1 becomes g^2 + (a + c) g = 3ac.
    return (math.sqrt(both**2 + 12 * first * third) - both) / 2


def fault(
    solved,
    boxes=drawn(lambda source, _: _boxes(source, [(0.8, 3)] * 5)),
    overlap=drawn(_overlaps),
    others=drawn(lambda source, _: _boxes(source, [(0.8, 2), (0.05, 0.2), (1, 3)])),
):
    r"""The same detector, with the same fault, predicts the boxes `others` (image, 4) on further
    images, whose overlaps nobody has measured (`boxes` and `overlap` determine the fault); **some
    of these may be smaller than the fault**. Return **the true overlap of each of the others**, in
    their order.
    """
    down, right = solved(boxes, overlap)
    height, width = others[:, 1] - others[:, 0], others[:, 3] - others[:, 2]
    common = (1 - down / height).clamp(min=0) * (1 - right / width).clamp(min=0)
    return common / (2 - common)
