"""Exact laws of whole pixels, against draws and closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from runtheory.mixing import (
    EVEN_SIDES,
    WHOLE_SIDES,
    CutmixPlan,
    TruncatedSides,
    draw_cutmix,
    laws,
    pixel_laws,
)
from tests.mixing.batches import RULES, generator

COUNT = 40_000


@cache
def shares(size: tuple[int, int], alpha: float, name: str) -> tuple[Tensor, CutmixPlan]:
    """Return the pasted shares of as many boxes, and their plan."""
    shape = (COUNT, 1, *size)
    plan = draw_cutmix(shape, alpha=alpha, placement=RULES[name], generator=generator())
    return plan.share, plan


# Near 1 a small alpha puts the side on 1 itself, in float64: once in some thousand draws.
SLACK = {0.2: 5e-4, 1.0: 1e-9}
every_case = [
    pytest.mark.parametrize("name", list(RULES)),
    pytest.mark.parametrize("size", [(8, 8), (7, 12), (32, 32), (1, 5)]),
    pytest.mark.parametrize("alpha", list(SLACK)),
]


def for_every_case(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test for every rule, size and alpha."""
    for mark in every_case:
        test = mark(test)
    return test


@for_every_case
def test_the_mean_share_agrees_with_draws(name: str, size: tuple[int, int], alpha: float) -> None:
    share, _ = shares(size, alpha, name)
    exact = pixel_laws.mean_pixel_share(*size, alpha, rule=RULES[name])
    assert abs(share.mean() - exact) <= 5 * share.std() / math.sqrt(COUNT) + SLACK[alpha]


@for_every_case
def test_boxes_are_empty_as_often_as_the_law_says(
    name: str, size: tuple[int, int], alpha: float
) -> None:
    share, _ = shares(size, alpha, name)
    chance = pixel_laws.probability_of_no_paste(*size, alpha, rule=RULES[name])
    error = math.sqrt(max(chance * (1 - chance), 0) / COUNT)
    assert abs((share == 0).double().mean() - chance) <= 5 * error + SLACK[alpha]


@for_every_case
def test_each_pixel_is_pasted_as_often_as_its_coverage(
    name: str, size: tuple[int, int], alpha: float
) -> None:
    _, plan = shares(size, alpha, name)
    coverage = torch.from_numpy(pixel_laws.coverage_map(*size, alpha, rule=RULES[name]))
    error = ((coverage * (1 - coverage)).clamp(min=0) / COUNT).sqrt()
    distance = (plan.boxes.mask().double().mean(dim=0) - coverage).abs()
    assert (distance <= 5.5 * error + SLACK[alpha]).all()


@for_every_case
def test_the_mean_coverage_is_the_mean_share(
    name: str, size: tuple[int, int], alpha: float
) -> None:
    coverage = pixel_laws.coverage_map(*size, alpha, rule=RULES[name])
    exact = pixel_laws.mean_pixel_share(*size, alpha, rule=RULES[name])
    assert coverage.mean() == pytest.approx(exact, abs=1e-9)


def test_pixel_centres_make_the_pixel_coverage_the_continuous_one() -> None:
    table = pixel_laws.coverage_map(8, 6, 1.0)
    for row, column in [(0, 0), (3, 2), (7, 1)]:
        exact = laws.coverage((row + 0.5) / 8, (column + 0.5) / 6, 1.0)
        assert table[row, column] == pytest.approx(exact, abs=1e-12)


def test_even_sides_lose_a_quarter_of_the_area_on_small_images() -> None:
    assert pixel_laws.mean_pixel_share(8, 8, 1.0, rule=EVEN_SIDES) == pytest.approx(
        0.2326, abs=1e-4
    )
    assert pixel_laws.probability_of_no_paste(8, 8, 1.0, rule=EVEN_SIDES) == pytest.approx(1 / 16)


@pytest.mark.parametrize(("pixels", "excess"), [(8, 2e-3), (512, 1e-6)])
def test_pixel_centres_keep_the_area(pixels: int, excess: float) -> None:
    share = pixel_laws.mean_pixel_share(pixels, pixels, 1.0)
    assert 0 <= share - 77 / 240 < excess


def test_a_box_by_pixel_centres_is_empty_once_in_two_n_squared() -> None:
    # One axis of n pixels is missed with chance 1 - n r for r < 1 / n, both axes likewise.
    exact = 1 / 8**2 - 2 * 8**2 * (1 / 8) ** 4 / 4
    assert pixel_laws.probability_of_no_paste(8, 8, 1.0) == pytest.approx(exact, abs=1e-12)
    assert exact == pytest.approx(1 / (2 * 8**2))


def test_odd_and_even_sides_both_occur() -> None:
    _, plan = shares((8, 8), 1.0, "inside")
    sides = plan.boxes.edges[:, 1] - plan.boxes.edges[:, 0]
    assert set(sides.tolist()) == set(range(9))


@pytest.mark.parametrize(("rule", "lost"), [(EVEN_SIDES, 41 / 60), (WHOLE_SIDES, 41 / 120)])
def test_truncation_loses_area_of_first_order(rule: TruncatedSides, lost: float) -> None:
    for pixels in (200, 800):
        mean = pixel_laws.mean_pixel_share(pixels, pixels, 1.0, rule=rule)
        assert abs(mean - 77 / 240 + lost / pixels) < 2 / pixels**2


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="height must be at least 1"):
        pixel_laws.coverage_map(0, 3, 1.0)


def test_an_image_one_pixel_wide_has_the_laws_of_one_that_is_as_high() -> None:
    for law in (pixel_laws.mean_pixel_share, pixel_laws.probability_of_no_paste):
        assert law(5, 1, 1.0) == pytest.approx(law(1, 5, 1.0), rel=1e-12)
    assert pixel_laws.coverage_map(5, 1, 1.0).shape == (5, 1)
