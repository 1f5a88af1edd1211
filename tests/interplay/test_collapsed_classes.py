"""The label that survives dropout at collapse: against the matrix of the channel, and its ends."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.information.layers.channels import dropout_channel
from runtheory.information.measures.divergences import discrete_kl
from runtheory.interplay.collapsed_classes import label_information

CODES = st.lists(st.lists(st.integers(0, 1), min_size=4, max_size=4), min_size=2, max_size=5)


def channel_information(code: np.ndarray, rate: float) -> float:
    """Return the mean divergence of a class's outputs from those of all classes."""
    matrix = dropout_channel(width=code.shape[1], rate=rate)
    rows = matrix[code @ 2 ** np.arange(code.shape[1])[::-1]]
    return float(np.mean([discrete_kl(row, rows.mean(0)) for row in rows]))


@settings(max_examples=40, deadline=None)
@given(CODES, st.floats(0, 1))
def test_it_is_the_information_of_the_channel(words: list[list[int]], rate: float) -> None:
    code = np.array(words)
    found = label_information(code, rate=rate)
    assert found == pytest.approx(channel_information(code, rate), abs=1e-12)


@pytest.mark.parametrize("differing", [1, 2, 4])
def test_of_two_classes_the_bound_of_the_proposition_is_exact(differing: int) -> None:
    code = np.zeros((2, 4))
    code[1, :differing] = 0.3
    expected = (1 - 0.2**differing) * math.log(2)
    assert label_information(code, rate=0.2) == pytest.approx(expected, rel=1e-12)


def test_nothing_is_lost_without_dropout_and_all_is_lost_without_features() -> None:
    code = np.array(list(itertools.product((0.0, 1.0), repeat=2)))
    assert label_information(code, rate=0.0) == pytest.approx(math.log(4))
    assert label_information(code, rate=1.0) == 0.0


@pytest.mark.parametrize(
    ("shape", "rate", "message"),
    [
        ((2, 3), 1.1, r"rate must lie in \[0, 1\]"),
        ((0, 3), 0.5, "classes must be at least 1"),
        ((2, 17), 0.5, r"width must lie in \[0, 16\]"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    shape: tuple[int, int], rate: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        label_information(np.zeros(shape), rate=rate)


def test_means_that_are_no_points_are_refused() -> None:
    with pytest.raises(ValueError, match="means must be finite"):
        label_information(np.array([[0.0, np.nan]]), rate=0.5)
