"""Second-order weights against closed forms and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from runtheory.mixing import CLIPPED, INSIDE, PADDED, Placement, draw_cutmix, draw_mixup, laws
from runtheory.mixing.kernels import mixup_kernel, placed_kernel, toroidal_kernel


def test_the_values_at_alpha_one() -> None:
    assert mixup_kernel(1.0) == pytest.approx(1 / 3)
    offsets = np.array([0.0, 0.5, -0.5, 0.999])
    values = toroidal_kernel(offsets, np.zeros(4), 1.0)
    assert values[:3] == pytest.approx([0.5, 17 / 96, 17 / 96], abs=1e-12)
    assert values[3] < 2e-6


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
def test_the_mixup_weight_is_the_second_moment_of_the_share(alpha: float) -> None:
    plan = draw_mixup((50_000, 1, 1, 1), alpha=alpha, generator=torch.Generator().manual_seed(0))
    square = plan.share**2
    assert abs(square.mean() - mixup_kernel(alpha)) < 5 * square.std() / math.sqrt(50_000)


@pytest.mark.parametrize("placement", [CLIPPED, INSIDE, PADDED])
def test_the_placed_weight_against_pairs_of_pasted_pixels(placement: Placement) -> None:
    generator = torch.Generator().manual_seed(0)
    plan = draw_cutmix((40_000, 1, 10, 10), placement=placement, generator=generator)
    mask = plan.boxes.mask()
    for first, second in [((0, 0), (9, 9)), ((2, 3), (2, 7)), ((4, 5), (6, 5)), ((1, 1), (1, 1))]:
        together = (mask[:, first[0], first[1]] & mask[:, second[0], second[1]]).double()
        points = [((row + 0.5) / 10, (column + 0.5) / 10) for row, column in (first, second)]
        exact = placed_kernel(points[0], points[1], 1.0, placement=placement)
        spread = math.sqrt(exact * (1 - exact)) + 1e-3
        assert abs(together.mean() - exact) < 5 * spread / math.sqrt(40_000)


def test_equal_points_give_the_coverage_and_the_interior_gives_the_toroidal_law() -> None:
    point = (0.2, 0.7)
    assert placed_kernel(point, point, 1.0) == pytest.approx(laws.coverage(*point), abs=1e-12)
    # Every box that holds two points this close to the centre has its centre in the image.
    pair = ((0.5, 0.48), (0.5, 0.52))
    toroidal = toroidal_kernel(np.array([0.0]), np.array([0.04]), 1.0)[0]
    assert placed_kernel(*pair, 1.0) == pytest.approx(toroidal, abs=1e-12)


@pytest.mark.parametrize("outside", [-0.1, 1.2, math.nan])
def test_points_outside_the_square_have_no_weight(outside: float) -> None:
    # A start just below 1 would otherwise paste a point at 1.2 now and then.
    with pytest.raises(ValueError, match=r"first(\[0\])? must"):
        placed_kernel((outside, 0.5), (0.5, 0.5), 1.0)
    with pytest.raises(ValueError, match=r"position must lie in \[0, 1\]"):
        laws.coverage_given_side(np.array([0.5]), np.array([0.5, outside]))
