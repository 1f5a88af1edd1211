"""The rivals: Random Erasing at the setting of the cell, runs of one seed that begin alike."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.mixing.erasing import ErasingPlan
from runtheory.randomness import stream
from runtheory.recipes.cutmix import rivals

SHAPE = torch.Size((2000, 1, 28, 28))


@pytest.mark.parametrize("probability", [0.5, 0.2])
def test_erasing_takes_the_probability_of_the_cell(probability: float) -> None:
    draw = rivals.ERASING.bind(replace(rivals.SMALL, erasing_probability=probability))
    assert draw is not None
    plan = draw(SHAPE, generator=stream(0, "plans"))
    assert isinstance(plan, ErasingPlan)
    erased = (plan.share > 0).double().mean()
    assert abs(erased - probability) < 0.06  # five standard deviations


def test_the_five_rivals_are_those_of_the_grid() -> None:
    arms = {cell.mixing.name for cell in rivals.rivals.cells("full", [0])}
    assert arms == {"none", "cutout", "random erasing", "mixup", "cutmix"}
