"""Plans that move and compare as one thing."""

from __future__ import annotations

import torch

from runtheory.mixing import draw_cutmix, draw_cutout, draw_mixup
from tests.mixing.batches import generator


def test_plans_move_whole() -> None:
    shape = (4, 1, 8, 8)
    for plan in (
        draw_cutmix(shape, generator=generator()),
        draw_cutout(shape, size=3, fill=2.0, generator=generator()),
        draw_mixup(shape, generator=generator()),
    ):
        assert plan.to("meta").share.device.type == "meta"
        assert torch.equal(plan.to("cpu").share, plan.share)


def test_a_plan_equals_itself_alone() -> None:
    first, second = (draw_cutmix((4, 1, 8, 8), generator=generator()) for _ in "ab")
    assert first == first
    assert first != second
    assert len({first, second, first}) == 2
