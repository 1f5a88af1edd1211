"""Ways of training: the law of the lengths, how much of a batch is kept, what is refused."""

from __future__ import annotations

import math

import pytest

from runtheory.capacity.noisy_labels import ways
from runtheory.capacity.noisy_labels.ways import Way


def test_chances_of_lengths() -> None:
    found = ways.length_chances(3, width=2.0)
    loop = [math.exp(-((k / 2) ** 2)) for k in (1, 2, 3)]
    assert found.tolist() == pytest.approx([one / sum(loop) for one in loop])
    assert ways.length_chances(4, width=math.inf).tolist() == [0.25] * 4
    assert ways.length_chances(4, width=1e-3).tolist() == [1, 0, 0, 0]


def test_kept_of_a_batch() -> None:
    way = Way(forget=0.4, gradual=10)
    assert [way.kept(step, 20) for step in (1, 5, 10, 99)] == [19, 16, 12, 12]
    assert Way(forget=0.9, gradual=0).kept(1, 3) == 1
    assert Way().kept(1, 8) == 8


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="rate must lie in"):
        Way(rate=1.0)
    with pytest.raises(ValueError, match="a rate or a width"):
        Way(rate=0.2, width=3.0)
    with pytest.raises(ValueError, match="width must be positive"):
        Way(width=0.0)
