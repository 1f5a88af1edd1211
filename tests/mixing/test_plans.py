"""Boxes with any edges, and plans that move and compare as one thing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import func

from runtheory.mixing import Boxes, apply, draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.plans import CutmixPlan, is_transformed
from tests.mixing.batches import generator, numbered

EDGES = st.lists(st.tuples(*[st.integers(-12, 20)] * 4), min_size=1, max_size=5)


@given(edges=EDGES)
def test_share_and_mask_agree_for_boxes_with_any_edges(edges: list[tuple[int, ...]]) -> None:
    boxes = Boxes(torch.tensor(edges), 5, 8)
    mask = boxes.mask()
    for i, (top, bottom, left, right) in enumerate(edges):
        for row in range(5):
            for column in range(8):
                assert mask[i, row, column] == (top <= row < bottom and left <= column < right)
    assert torch.equal(boxes.share, mask.double().mean((1, 2)))


@pytest.mark.parametrize("edges", [(0, 99, 0, 4), (-2, 3, 0, 4), (5, 2, 0, 4), (5, 2, 6, 3)])
def test_the_label_follows_the_pixels_of_a_box_that_leaves_the_image(
    edges: tuple[int, ...],
) -> None:
    images = numbered(2, 8, 8, dtype=torch.float64)
    plan = CutmixPlan(torch.tensor([1, 0]), Boxes(torch.tensor([edges, edges]), 8, 8))
    mixed, targets = apply(plan, images, torch.arange(2), classes=2)
    assert targets[:, 1].double().tolist() == mixed[:, 0].mean((1, 2)).tolist()


def test_bits_are_all_set_inside_the_box() -> None:
    boxes = Boxes(torch.tensor([[1, 3, 0, 2]]), 4, 3)
    for dtype in (torch.int8, torch.int64):
        assert torch.equal(boxes.bits(dtype), -boxes.mask().to(dtype))


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


def test_a_tensor_is_transformed_inside_torch_func_alone() -> None:
    answers: list[bool] = []

    def ask(values: torch.Tensor) -> torch.Tensor:
        answers.append(is_transformed(values))
        return values.sum()

    ask(torch.ones(3))
    func.grad(ask)(torch.ones(3))
    func.vmap(ask)(torch.ones(2, 3))
    assert answers == [False, True, True]
