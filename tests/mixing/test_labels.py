"""What each published label rule credits, on the same draws."""

from __future__ import annotations

import math

import pytest
import torch

from runtheory.mixing import laws, pixel_laws
from runtheory.mixing.labels import SEVEN_RULES, draw_boxes, label_error, paste
from runtheory.mixing.placement import EVEN_SIDES

RULES = {rule.name: rule for rule in SEVEN_RULES}
DRAWS = draw_boxes(40_000, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["pixel centres", "even sides", "padded"])
def test_rules_that_count_pixels_are_exact(name):
    assert (label_error(RULES[name], DRAWS, 9, 14) == 0).all()


@pytest.mark.parametrize("size", [8, 32])
def test_the_nominal_rule_over_credits_by_the_lost_area(size):
    error = label_error(RULES["nominal"], DRAWS, size, size)
    exact = 0.5 - pixel_laws.mean_pixel_share(size, size, 1.0, EVEN_SIDES)
    assert (error > -1e-12).all()
    assert abs(error.mean() - exact) < 5 * error.std() / math.sqrt(len(error))


def test_on_large_images_nominal_and_unclipped_areas_over_credit_by_43_240():
    for name in ("nominal", "unclipped"):
        error = label_error(RULES[name], DRAWS, 4096, 4096)
        tolerance = 5 * error.std() / math.sqrt(len(error)) + 1e-3
        assert abs(error.mean() - laws.label_over_credit(1.0)) < tolerance


def test_the_area_in_real_numbers_errs_on_small_images_only():
    errors = [label_error(RULES["real area"], DRAWS, n, n).abs().mean() for n in (8, 32, 1024)]
    assert errors[0] > 0.04
    assert errors[1] < 0.02
    assert errors[2] < 1e-3


def test_the_exchanged_rule_is_right_only_at_one_half():
    pasted = paste(RULES["exchanged"], DRAWS, 32, 32)
    error = label_error(RULES["exchanged"], DRAWS, 32, 32)
    assert torch.allclose(error, 1 - 2 * pasted.boxes.share)
    assert error.abs().mean() > 0.4


def test_every_rule_keeps_its_boxes_in_the_image():
    assert len(RULES) == 7
    for rule in SEVEN_RULES:
        top, bottom, left, right = paste(rule, DRAWS, 5, 13).boxes.edges.unbind(1)
        assert ((top >= 0) & (bottom <= 5) & (left >= 0) & (right <= 13)).all(), rule.name
        assert ((bottom >= top) & (right >= left)).all(), rule.name
