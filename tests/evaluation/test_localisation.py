"""Class activation maps, the boxes read from them, and their overlap."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.evaluation.localisation import (
    class_activation_map,
    intersection_over_union,
    localise,
    scattered,
    upsample,
)


def test_the_mean_of_the_activation_map_is_the_logit() -> None:
    maps, weights = torch.randn(4, 6, 5, 7), torch.randn(3, 6)
    labels = torch.tensor([2, 0, 1, 2])
    logits = maps.mean(dim=(2, 3)) @ weights.T
    heat = class_activation_map(maps, weights, labels)
    assert torch.allclose(heat.mean(dim=(1, 2)), logits[torch.arange(4), labels], atol=1e-6)
    assert upsample(heat, (10, 14)).shape == (4, 10, 14)


def test_localisation_takes_the_largest_component_not_the_hottest() -> None:
    heat = torch.zeros(2, 10, 12)
    heat[0, 1:5, 2:9] = 0.5
    heat[0, 8, 11] = 1.0
    heat[1] = 3.0
    expected = torch.tensor([[1, 5, 2, 9], [0, 10, 0, 12]])
    assert torch.equal(localise(heat, fraction=0.2), expected)
    assert torch.equal(localise(heat, fraction=0.9)[0], torch.tensor([8, 9, 11, 12]))
    assert torch.equal(localise(heat * 7 - 3, fraction=0.2), expected)


edges = st.tuples(*[st.integers(0, 8)] * 4).map(
    lambda e: (min(e[:2]), max(e[:2]), min(e[2:]), max(e[2:]))
)


@given(first=edges, second=edges)
def test_the_overlap_of_boxes_is_that_of_their_pixels(
    first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    masks = np.zeros((2, 8, 8), dtype=bool)
    for mask, (top, bottom, left, right) in zip(masks, (first, second), strict=True):
        mask[top:bottom, left:right] = True
    union = (masks[0] | masks[1]).sum()
    expected = (masks[0] & masks[1]).sum() / union if union else 0.0
    overlap = intersection_over_union(torch.tensor([first]), torch.tensor([second]))
    assert overlap.item() == pytest.approx(expected)


def test_a_threshold_outside_the_range_is_refused() -> None:
    with pytest.raises(ValueError, match="fraction must lie in"):
        localise(torch.zeros(1, 2, 2), fraction=2.0)


def test_an_image_lies_in_its_box_on_a_black_canvas() -> None:
    pixels = torch.rand(20, 2, 5, 7, generator=torch.Generator().manual_seed(0)) + 0.1
    canvases, boxes = scattered(pixels, torch.Generator().manual_seed(1))
    assert canvases.shape == (20, 2, 10, 14)
    for pixel, canvas, (top, bottom, left, right) in zip(
        pixels, canvases, boxes.tolist(), strict=True
    ):
        assert torch.equal(canvas[:, top:bottom, left:right], pixel)
        assert (canvas != 0).sum() == pixel.numel()
    assert len(boxes.unique(dim=0)) > 10
