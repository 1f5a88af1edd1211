"""Boxes with any edges: mask, share and label agree."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.mixing import Boxes, apply
from runtheory.mixing.plans import CutmixPlan
from tests.mixing.batches import numbered

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


def test_the_share_of_a_square_image_is_that_of_its_mask() -> None:
    # Both axes are measured at once where they are equally long.
    edges = torch.randint(-4, 13, (200, 4), generator=torch.Generator().manual_seed(0))
    boxes = Boxes(edges, 8, 8)
    assert torch.equal(boxes.share, boxes.mask().double().mean((1, 2)))
    assert len(boxes.share.unique()) > 10
