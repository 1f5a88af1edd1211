"""Maps of known singular values, and the task that examples pose."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.ordered_dropout import maps
from runtheory.randomness import stream

VALUES = torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64)


@given(outputs=st.integers(3, 7), inputs=st.integers(3, 7), seed=st.integers(0, 99))
def test_the_singular_values_are_those_asked_for(outputs, inputs, seed) -> None:
    drawn = maps.draw_map(VALUES, outputs=outputs, inputs=inputs, generator=stream(seed, "map"))
    assert drawn.shape == (outputs, inputs)
    assert torch.allclose(torch.linalg.svdvals(drawn)[:3], VALUES)


def test_errors_on_the_examples_are_those_of_the_task_and_a_constant() -> None:
    """Two maps: the difference of their errors on the examples is that on the task."""
    target = maps.draw_map(VALUES, outputs=4, inputs=3, generator=stream(0, "map"))
    task = maps.observed_task(target, examples=50, noise=0.5, generator=stream(1, "examples"))
    again = stream(1, "examples")
    inputs = torch.randn((50, 3), generator=again, dtype=torch.float64)
    noise = torch.randn((50, 4), generator=again, dtype=torch.float64)
    answers = inputs @ target.mT + 0.5 * noise

    def on_examples(candidate):
        return (answers - inputs @ candidate.mT).square().sum() / 50

    def on_task(candidate):
        missed = task.target - candidate
        return ((missed @ task.moments) * missed).sum()

    zero = torch.zeros_like(target)
    seen = on_examples(target) - on_examples(zero)
    assert float(seen) == pytest.approx(float(on_task(target) - on_task(zero)), rel=1e-10)


def test_the_error_of_least_squares_is_that_of_the_textbook() -> None:
    """The excess error on new inputs is noise^2 outputs inputs / (examples - inputs - 1)."""
    target = torch.zeros(4, 3, dtype=torch.float64)
    generator = stream(2, "examples")
    found = torch.stack(
        [
            maps.observed_task(target, examples=20, noise=2.0, generator=generator)
            .target.square()
            .sum()
            for _ in range(400)
        ]
    )
    stated = 4 * 4 * 3 / (20 - 3 - 1)
    assert abs(found.mean() - stated) < 5 * found.std() / math.sqrt(400)


def test_without_noise_the_map_is_found() -> None:
    target = maps.draw_map(VALUES, outputs=4, inputs=3, generator=stream(0, "map"))
    task = maps.observed_task(target, examples=3, noise=0.0, generator=stream(1, "examples"))
    assert torch.allclose(task.target, target)


def test_errors_say_what_came() -> None:
    generator = stream(0, "map")
    with pytest.raises(ValueError, match=r"rank must lie in \[1, 2\], got 3"):
        maps.draw_map(VALUES, outputs=2, inputs=5, generator=generator)
    with pytest.raises(ValueError, match="values must not be negative, got -3"):
        maps.draw_map(-VALUES, outputs=3, inputs=5, generator=generator)
    with pytest.raises(ValueError, match="examples must be at least 5, got 4"):
        maps.observed_task(
            torch.zeros(2, 5, dtype=torch.float64), examples=4, noise=1.0, generator=generator
        )
