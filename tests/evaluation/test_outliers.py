"""Scores of known and foreign data, and how well they part them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.evaluation.outliers import (
    area_under_curve,
    max_probability,
    negative_energy,
)

scores = st.lists(st.integers(0, 6), min_size=1, max_size=30)


def test_the_scores_against_their_definitions() -> None:
    logits = torch.tensor([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]])
    assert max_probability(logits)[1].item() == pytest.approx(1 / 3)
    expected = 2 * np.log(np.exp([0.5, 1.0, 2.0]).sum())
    assert negative_energy(logits, temperature=2.0)[0].item() == pytest.approx(expected)


@given(known=scores, foreign=scores)
def test_the_area_is_the_share_of_ordered_pairs_ties_counting_half(
    known: list[int], foreign: list[int]
) -> None:
    area = area_under_curve(*(torch.tensor(s, dtype=torch.float64) for s in (known, foreign)))
    halves = sum((k > f) + (k >= f) for k in known for f in foreign)
    assert area == halves / (2 * len(known) * len(foreign))  # to the last bit


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: area_under_curve(torch.zeros(0), torch.zeros(1)), "both sets need"),
        (lambda: area_under_curve(torch.full((1,), torch.nan), torch.zeros(1)), "NaN"),
        (lambda: negative_energy(torch.zeros(1, 2), temperature=0.0), "temperature must"),
    ],
)
def test_wrong_input_gets_a_clear_error(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
