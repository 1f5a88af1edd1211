"""Moments of a mask by its two values, and of the drawn normal factors."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.noise.gaussian_dropout.moments import draw_noise, mask_moments
from runtheory.randomness import stream

RATES = st.floats(0.05, 0.95)


@given(rate=RATES)
def test_moments_of_a_coordinate_against_its_two_values(rate) -> None:
    values = torch.tensor([0.0, 1 / (1 - rate)], dtype=torch.float64) - 1
    weights = torch.tensor([rate, 1 - rate], dtype=torch.float64)
    found = mask_moments(rate)
    expected = [float(weights @ values**power) for power in (2, 3, 4)]
    assert [found.variance, found.third, found.fourth] == pytest.approx(
        expected, rel=1e-9, abs=1e-9
    )
    assert found.absolute == pytest.approx(float(weights @ values.abs() ** 3))
    assert (found.third > 0) == (rate > 0.5) or rate == 0.5


@given(rate=RATES)
def test_the_third_moment_is_that_of_the_theory_page(rate) -> None:
    third = rate * (2 * rate - 1) / (1 - rate) ** 2
    fourth = rate * (1 - 3 * rate + 3 * rate**2) / (1 - rate) ** 3
    found = mask_moments(rate)
    assert [found.third, found.fourth] == pytest.approx([third, fourth], rel=1e-9, abs=1e-9)


def test_drawn_factors_have_mean_one_and_the_variance_of_a_mask() -> None:
    draws = draw_noise(40, (50, 100), rate=0.2, generator=stream(0, "noise"))
    assert draws.shape == (40, 50, 100)
    assert abs(float(draws.mean()) - 1) < 5 * math.sqrt(0.25 / draws.numel())
    assert abs(float(draws.var()) - 0.25) < 5 * 0.25 * math.sqrt(2 / draws.numel())


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        draw_noise(0, (1, 2), rate=0.2, generator=stream(0, "noise"))
