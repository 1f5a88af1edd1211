"""Situations in which public libraries were reported wrong: labels and pixels, height, width."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory.mixing import apply, draw_cutmix, draw_mixup


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_label_counts_the_pixels_of_boxes_cut_off_at_the_edge() -> None:
    images = torch.arange(512.0).view(-1, 1, 1, 1).expand(512, 1, 13, 40)
    labels = torch.arange(512)
    plan = draw_cutmix(images.shape, generator=generator())
    mixed, targets = apply(plan, images, labels, classes=512)
    own = (mixed == images).double().mean((1, 2, 3))  # counted in the picture
    kept = targets[labels, labels].double()
    other = plan.partner != labels
    assert other.sum() > 500
    torch.testing.assert_close(kept[other], own[other], atol=1e-7, rtol=0)


def test_sides_of_a_box_are_shares_of_their_own_axis() -> None:
    count = 4000
    images = torch.zeros(2 * count, 1, 10, 200)
    images[count:] = 1  # the donors
    plan = draw_cutmix(images.shape, generator=generator(1))
    plan = replace(plan, partner=torch.arange(2 * count).roll(count))
    mixed, _ = apply(plan, images, torch.zeros(2 * count, dtype=torch.long), classes=1)
    rows = mixed[:count].amax((1, 3)).mean(1)  # the share of rows that the box touches
    columns = mixed[:count].amax((1, 2)).mean(1)
    error = (rows - columns).std() / count**0.5
    assert abs(float((rows - columns).mean())) < 4 * float(error) + 0.06  # a row is a tenth


def test_a_box_without_a_pixel_leaves_image_and_label_alone() -> None:
    images = torch.rand(300, 1, 8, 8, generator=generator())
    labels = torch.arange(300) % 7
    plan = draw_cutmix(images.shape, alpha=0.05, generator=generator(2))
    mixed, targets = apply(plan, images, labels, classes=7)
    untouched = (mixed == images).all(-1).all(-1).all(-1) & (plan.partner != torch.arange(300))
    assert untouched.sum() > 50
    torch.testing.assert_close(targets[untouched], torch.eye(7)[labels[untouched]])


@pytest.mark.parametrize("draw", [draw_cutmix, draw_mixup])
def test_large_class_numbers_are_exact_beside_half_precision_images(draw) -> None:
    labels = torch.tensor([257, 999, 4097, 5000])
    images = torch.rand(4, 3, 8, 8, generator=generator()).bfloat16()
    plan = draw(images.shape, generator=generator())
    mixed, targets = apply(plan, images, labels, classes=5001)
    assert (mixed.dtype, targets.dtype) == (torch.bfloat16, torch.float32)
    touched = {int(one) for one in targets.nonzero()[:, 1]}
    assert touched <= set(labels.tolist())
    torch.testing.assert_close(targets.sum(1), torch.ones(4))
