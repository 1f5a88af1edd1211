"""What each label rule pastes and credits, on the same draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from runtheory.mixing import label_rules as rules
from runtheory.mixing import laws, pixel_laws
from runtheory.mixing.placement import EVEN_SIDES
from tests.mixing.batches import generator

COUNT = 40_000
DRAWS = rules.draw_boxes(COUNT, generator=generator())


@pytest.mark.parametrize("rule", [rules.EXACT, rules.AUTHORS, rules.TIMM, rules.EVEN_COVERAGE])
def test_rules_that_count_pixels_are_exact(rule: rules.LabelRule) -> None:
    assert (rules.label_error(rule, DRAWS, (9, 14)) == 0).all()


@pytest.mark.parametrize("size", [8, 32])
def test_the_nominal_rule_over_credits_by_the_lost_area(size: int) -> None:
    error = rules.label_error(rules.NOMINAL, DRAWS, (size, size))
    exact = 0.5 - pixel_laws.mean_pixel_share(size, size, 1.0, rule=EVEN_SIDES)
    assert (error > -1e-12).all()
    assert abs(error.mean() - exact) < 5 * error.std() / math.sqrt(COUNT)


@pytest.mark.parametrize("rule", [rules.NOMINAL, rules.UNCLIPPED])
def test_without_clipping_large_images_over_credit_by_43_240(rule: rules.LabelRule) -> None:
    error = rules.label_error(rule, DRAWS, (4096, 4096))
    tolerance = 5 * error.std() / math.sqrt(COUNT) + 1e-3
    assert abs(error.mean() - laws.label_over_credit(1.0)) < tolerance


def test_the_area_in_real_numbers_errs_on_small_images_only() -> None:
    errors = [rules.label_error(rules.REAL_AREA, DRAWS, (n, n)).abs().mean() for n in (8, 32, 1024)]
    assert errors[0] > 0.04
    assert errors[1] < 0.02
    assert errors[2] < 1e-3


def test_the_exchanged_rule_is_right_only_at_one_half() -> None:
    pasted = rules.paste(rules.EXCHANGED, DRAWS, (32, 32))
    error = rules.label_error(rules.EXCHANGED, DRAWS, (32, 32))
    assert torch.allclose(error, 1 - 2 * pasted.boxes.share)
    assert error.abs().mean() > 0.4


@pytest.mark.parametrize("size", [1, 8, 28])
def test_the_mean_error_of_the_exchanged_rule_is_its_closed_form(size: int) -> None:
    side = np.floor(np.sqrt((np.arange(10**6) + 0.5) / 10**6) * size)
    assert rules.mean_exchanged_error(size) == pytest.approx(
        1 - 2 * (side**2).mean() / size**2, abs=1e-4
    )
    error = rules.label_error(rules.EXCHANGED, DRAWS, (size, size))
    expected = rules.mean_exchanged_error(size)
    assert abs(error.mean() - expected) <= 5 * error.std() / math.sqrt(COUNT)


def test_boxes_inside_reach_every_start() -> None:
    side = torch.full((2_000,), 0.5, dtype=torch.float64)
    position = torch.linspace(0, 1, 2_000, dtype=torch.float64)
    start, stop = rules.WholeInside().interval(side, position, 7)
    assert set(start.tolist()) == {0, 1, 2, 3, 4}
    assert (stop - start == 3).all()


@pytest.mark.parametrize("rule", rules.LABEL_RULES, ids=lambda rule: rule.name)
def test_every_rule_keeps_its_boxes_in_the_image(rule: rules.LabelRule) -> None:
    top, bottom, left, right = rules.paste(rule, DRAWS, (5, 13)).boxes.edges.unbind(1)
    assert ((top >= 0) & (bottom <= 5) & (left >= 0) & (right <= 13)).all()
    assert ((bottom >= top) & (right >= left)).all()


def test_every_rule_has_a_name_of_its_own_and_a_source() -> None:
    assert len({rule.name for rule in rules.LABEL_RULES}) == len(rules.LABEL_RULES)
    assert all(rule.source for rule in rules.LABEL_RULES)
