"""Fully connected parts: sizes that they refuse."""

from __future__ import annotations

import pytest

from runtheory.nets import linear_head, perceptron
from runtheory.randomness import stream


def test_a_head_of_no_features_is_refused() -> None:
    with pytest.raises(ValueError, match="features must be at least 1, got 0"):
        linear_head(0, 3)


@pytest.mark.parametrize(
    ("inputs", "widths", "message"),
    [
        (0, (), "inputs must be at least 1"),
        (4, (3, 0), r"widths\[1\] must be at least 1, got 0"),
    ],
)
def test_an_empty_layer_is_refused(inputs: int, widths: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        perceptron(inputs=inputs, classes=2, widths=widths, generator=stream(0, "initialisation"))
