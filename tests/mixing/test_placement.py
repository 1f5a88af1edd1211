"""Where a box falls and which pixels it covers, on one axis."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.mixing import CLIPPED, INSIDE, PADDED, Placement
from runtheory.mixing.placement import (
    EVEN_SIDES,
    WHOLE_SIDES,
    BoxRule,
    pixel_centres,
    range_length,
    starts_within,
)
from tests.mixing.batches import PLACEMENTS, RULES, generator


@given(
    side=st.floats(0, 1),
    position=st.floats(0, 1),
    pixels=st.integers(1, 40),
    overhang=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
def test_a_pixel_is_pasted_when_its_centre_lies_in_the_box(
    side: float, position: float, pixels: int, overhang: float
) -> None:
    rule = Placement(overhang)
    low = position * range_length(rule, side) - overhang * side
    start, stop = rule.interval(
        torch.tensor([side], dtype=torch.float64), torch.tensor([position]).double(), pixels
    )
    for k, centre in enumerate(pixel_centres(pixels)):
        # Centres on an edge may fall either way in floating point.
        if min(abs(centre - low), abs(centre - low - side)) > 1e-9:
            assert (int(start) <= k < int(stop)) == (low <= centre < low + side)


@pytest.mark.parametrize("name", list(RULES))
def test_the_chance_of_a_pixel_is_the_share_of_positions_that_reach_it(name: str) -> None:
    rule, sides = RULES[name], np.array([0.05, 0.3, 0.6, 0.95])
    position = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    exact, some = rule.pixel_coverage(sides, 7), rule.nonempty(sides, 7)
    for index, side in enumerate(sides):
        start, stop = rule.interval(torch.full_like(position, side), position, 7)
        pixels = torch.arange(7)
        inside = (start[:, None] <= pixels) & (pixels < stop[:, None])
        assert inside.double().mean(0).numpy() == pytest.approx(exact[index], abs=2e-4)
        assert float((stop > start).double().mean()) == pytest.approx(some[index], abs=2e-4)


@pytest.mark.parametrize("rule", PLACEMENTS)
def test_between_kinks_the_coverage_is_smooth(rule: BoxRule) -> None:
    edges = np.concatenate(([0.0], np.unique(rule.kinks(6)), [1.0]))
    for left, right in pairwise(edges):
        inner = left + (right - left) * np.array([0.2, 0.4, 0.6, 0.8])
        length = range_length(rule, inner)[:, None] if isinstance(rule, Placement) else 1
        # Times the range of the start, the chance of a pixel is linear in the side.
        bend = np.diff(rule.pixel_coverage(inner, 6) * length, n=2, axis=0)
        assert abs(bend).max() < 1e-12


def test_the_range_of_the_start_follows_the_overhang() -> None:
    assert [range_length(rule, 0.4) for rule in (INSIDE, CLIPPED, PADDED)] == [0.6, 1.0, 1.4]


def test_a_range_of_length_zero_is_a_point() -> None:
    whole = np.array([1.0])
    inside = starts_within(INSIDE, whole, low=np.array([-0.1]), high=np.array([0.0]))
    outside = starts_within(INSIDE, whole, low=np.array([0.1]), high=np.array([0.5]))
    assert (inside[0], outside[0]) == (1.0, 0.0)


@pytest.mark.parametrize(("rule", "odd"), [(EVEN_SIDES, False), (WHOLE_SIDES, True)])
def test_truncated_sides_transcribe_the_integer_arithmetic_of_the_libraries(
    rule: BoxRule, odd: bool
) -> None:
    """Authors: centre -+ cut // 2; timm: from centre - cut // 2 to centre + (cut + 1) // 2."""
    side = torch.rand(500, dtype=torch.float64, generator=generator())
    centre = torch.arange(500) % 11
    start, stop = rule.interval(side, (centre.double() + 0.5) / 11, 11)
    for r, c, first, last in zip(side.tolist(), centre.tolist(), start, stop, strict=True):
        cut = int(11 * r)
        assert first == min(max(c - cut // 2, 0), 11)
        assert last == min(max(c + (cut + odd) // 2, 0), 11)


def test_an_overhang_of_more_than_the_whole_box_is_refused() -> None:
    with pytest.raises(ValueError, match="overhang must lie in"):
        Placement(1.5)
