"""The schedule against its closed form at the points where it is known."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.training import warmup_cosine

shares = st.floats(0, 1)


@given(st.integers(1, 300), shares, shares)
def test_it_rises_to_one_and_falls_without_reaching_the_floor(steps, warmup, floor) -> None:
    values = [warmup_cosine(step, steps=steps, warmup=warmup, floor=floor) for step in range(steps)]
    top = values.index(max(values))
    assert all(a < b for a, b in pairwise(values[: top + 1]))
    assert all(a >= b for a, b in pairwise(values[top:]))
    assert 0 < max(values) <= 1
    assert values[-1] > 0
    assert values[-1] >= floor or warmup > 0


@given(st.integers(2, 200))
def test_without_warmup_it_is_half_a_cosine(steps: int) -> None:
    for step in range(steps):
        expected = math.cos(math.pi * step / (2 * steps)) ** 2
        assert warmup_cosine(step, steps=steps) == pytest.approx(expected, abs=1e-12)


def test_warmup_is_a_straight_line_to_the_peak() -> None:
    values = [warmup_cosine(step, steps=10, warmup=0.4) for step in range(10)]
    assert values[:4] == [0.25, 0.5, 0.75, 1.0]
    # From the peak (step 3) seven steps lead to the floor at step 10.
    assert values[4:] == pytest.approx([(1 + math.cos(math.pi * k / 7)) / 2 for k in range(1, 7)])


def test_constant_and_extremes() -> None:
    assert {warmup_cosine(step, steps=7, floor=1.0) for step in range(7)} == {1.0}
    assert warmup_cosine(0, steps=1) == 1.0
    assert [warmup_cosine(step, steps=4, warmup=1.0) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert warmup_cosine(99, steps=100, floor=0.1) == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"step": 5, "steps": 5}, r"step must lie in \[0, 5\), got 5"),
        ({"step": -1, "steps": 5}, r"got -1"),
        ({"step": 0, "steps": 5, "warmup": 1.5}, r"warmup must lie in \[0, 1\], got 1.5"),
        ({"step": 0, "steps": 5, "floor": -0.5}, r"floor must lie in \[0, 1\], got -0.5"),
    ],
)
def test_arguments_outside_their_range_are_refused(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        warmup_cosine(**arguments)
