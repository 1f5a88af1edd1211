"""The arms of the mixing family: what each one draws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.randomness import stream
from runtheory.recipes.cutmix import mixing_family as family
from runtheory.training import classification

SHAPE = torch.Size((40, 3, 16, 16))


def plan(name: str, cell: family.MixingCell = family.SMALL):
    draw = family.FAMILY[name].bind(cell)
    return draw(SHAPE, generator=stream(0, "plans"))


def test_no_mixing_is_plain_classification() -> None:
    assert family.NONE.objective(family.SMALL, classes=10) is classification
    assert family.NONE.bind(family.SMALL) is None


def test_boxes_are_own_or_shared() -> None:
    assert len(plan("cutmix").share.unique()) > 10
    assert len(plan("cutmix, one box a batch").share.unique()) == 1


def test_cutout_removes_the_share_of_the_side_that_the_cell_says() -> None:
    for side, pixels in ((0.5, 8), (0.25, 4)):
        boxes = plan("cutout", replace(family.SMALL, cutout_side=side))
        # A square that is cut by the border loses pixels; one that is not has them all.
        assert (1 - boxes.share).max() == pytest.approx((pixels / 16) ** 2) or (
            boxes.share.max() == pytest.approx((pixels / 16) ** 2)
        )


def test_the_strength_of_mixing_is_that_of_the_cell() -> None:
    weak, strong = (
        plan("mixup", replace(family.SMALL, alpha=alpha)).share for alpha in (0.05, 50.0)
    )
    ends = ((weak < 0.1) | (weak > 0.9)).double().mean()
    middle = ((strong > 0.3) & (strong < 0.7)).double().mean()
    assert ends > 0.8
    assert middle > 0.8
