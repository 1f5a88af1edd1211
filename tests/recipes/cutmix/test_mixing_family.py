"""The arms of the mixing family: what each one draws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.mixing.plans import CutmixPlan, CutoutPlan, MixupPlan
from runtheory.randomness import stream
from runtheory.recipes.cutmix import mixing_family as family
from runtheory.training import classification

SHAPE = torch.Size((40, 3, 16, 16))


def shares(name: str, cell: family.MixingCell = family.SMALL) -> torch.Tensor:
    draw = family.FAMILY[name].bind(cell)
    assert draw is not None
    plan = draw(SHAPE, generator=stream(0, "plans"))
    assert isinstance(plan, CutmixPlan | CutoutPlan | MixupPlan)
    return plan.share


def test_no_mixing_is_plain_classification() -> None:
    assert family.NONE.objective(family.SMALL, classes=10) is classification
    assert family.NONE.bind(family.SMALL) is None


def test_boxes_are_own_or_shared() -> None:
    assert len(shares("cutmix").unique()) > 10
    assert len(shares("cutmix, one box a batch").unique()) == 1


@pytest.mark.parametrize(("side", "pixels"), [(0.5, 8), (0.25, 4)])
def test_cutout_removes_the_share_of_the_side_that_the_cell_says(side: float, pixels: int) -> None:
    # A square that is cut by the border loses pixels; among forty one at least is whole.
    removed = shares("cutout", replace(family.SMALL, cutout_side=side))
    assert removed.max() == pytest.approx((pixels / 16) ** 2)


def test_weak_mixing_leaves_one_image_and_strong_mixing_blends_by_halves() -> None:
    weak, strong = (shares("mixup", replace(family.SMALL, alpha=alpha)) for alpha in (0.05, 50.0))
    ends = ((weak < 0.1) | (weak > 0.9)).double().mean()
    middle = ((strong > 0.3) & (strong < 0.7)).double().mean()
    assert ends > 0.8
    assert middle > 0.8
