"""Random Erasing: rectangles inside, shares of their law, noise where the rectangle is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from runtheory.mixing import apply, draw_erasing
from runtheory.mixing.erasing import mean_erased_share
from runtheory.randomness import stream

STRETCH = 1 / 0.3


def test_pixels_outside_the_rectangle_stay_and_those_inside_are_the_noise() -> None:
    plan = draw_erasing((50, 3, 12, 9), probability=1.0, generator=stream(0, "erasing"))
    images, labels = torch.rand(50, 3, 12, 9), torch.arange(50)
    erased, targets = apply(plan, images, labels, classes=50)
    inside = plan.boxes.mask()[:, None].expand_as(images)
    assert torch.equal(erased[~inside], images[~inside])
    assert torch.equal(erased[inside], plan.noise[inside])
    assert torch.equal(targets.argmax(1), labels)


def test_the_given_memory_is_written_and_may_be_the_images() -> None:
    plan = draw_erasing((6, 1, 8, 8), probability=1.0, generator=stream(0, "erasing"))
    images = torch.rand(6, 1, 8, 8)
    expected = plan.mix_images(images)
    assert plan.mix_images(images, images) is images
    assert torch.equal(images, expected)


def test_the_mean_share_is_that_of_rectangles_that_fit() -> None:
    count = 40_000
    plan = draw_erasing((count, 1, 32, 32), probability=1.0, generator=stream(0, "erasing"))
    expected = mean_erased_share(area=(0.02, 0.4), stretch=STRETCH)
    error = plan.share.std().item() / math.sqrt(count)
    assert abs(plan.share.mean().item() - expected) < 4 * error
    assert abs(0.21 - expected) > 5 * error  # the middle of the range, which rejection lowers


def test_the_mean_share_by_sums_over_a_fine_grid() -> None:
    for low, high, stretch in ((0.02, 0.4, STRETCH), (0.1, 0.9, 4.0), (0.5, 0.6, 5.0)):
        share = np.linspace(low, high, 20_001)
        kept = np.minimum(1, np.log(1 / share) / np.log(stretch))
        expected = (share * kept).sum() / kept.sum()
        assert mean_erased_share(area=(low, high), stretch=stretch) == pytest.approx(
            expected, rel=1e-4
        )
    assert mean_erased_share(area=(0.3, 0.3), stretch=2.0) == 0.3
    assert mean_erased_share(area=(0.1, 0.5), stretch=1.0) == pytest.approx(0.3)


def test_the_gate_opens_for_each_image_and_moves_no_other_number() -> None:
    whole, half = (
        draw_erasing((4000, 1, 16, 16), probability=chance, generator=stream(0, "erasing"))
        for chance in (1.0, 0.5)
    )
    erased = half.share > 0
    assert abs(erased.double().mean() - 0.5) < 0.04  # five standard deviations
    assert torch.equal(half.boxes.edges[erased], whole.boxes.edges[erased])
    assert torch.equal(half.noise, whole.noise)


def test_the_sides_of_a_wide_image_have_the_ratio_in_pixels() -> None:
    plan = draw_erasing(
        (20_000, 1, 40, 80), area=(0.1, 0.1), stretch=1.0, probability=1.0,
        generator=stream(0, "erasing"),
    )  # fmt: skip
    height, width = (plan.boxes.edges[:, 1::2] - plan.boxes.edges[:, ::2]).double().mean(0)
    assert height.item() == pytest.approx(math.sqrt(320), abs=0.1)
    assert width.item() == pytest.approx(math.sqrt(320), abs=0.1)


@pytest.mark.parametrize("area", [(0.0, 0.4), (0.4, 0.2), (0.2, 1.2), (math.nan, 0.4)])
def test_areas_that_are_no_interval_are_refused(area: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="area must"):
        draw_erasing((2, 1, 8, 8), area=area, generator=stream(0, "erasing"))
