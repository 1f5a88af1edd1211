from __future__ import annotations

import math

import pytest
import torch

from runtheory.information.supersamples.symbols import (
    difference_symbols,
    loss_symbols,
    prediction_symbols,
    table_information,
)


def test_symbols_are_one_to_one():
    pairs = torch.tensor([[[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]], dtype=torch.float64)
    assert loss_symbols(pairs).tolist() == [[0, 1, 2, 3]]
    assert difference_symbols(pairs).tolist() == [[1, 2, 0, 1]]
    predictions = torch.cartesian_prod(torch.arange(5), torch.arange(5))[None]
    assert prediction_symbols(predictions, classes=5).flatten().tolist() == list(range(25))


def test_plug_in_of_a_perfect_mark():
    marks = torch.tensor([[0], [0], [1], [1]])
    information, bias = table_information(marks * 7, marks)
    assert float(information[0]) == pytest.approx(math.log(2))
    assert float(bias[0]) == pytest.approx(1 / 8)


def test_codes_are_made_of_classes_and_losses_alone() -> None:
    predictions = torch.tensor([[[0, 3], [1, 1]]])  # 0 * 2 + 3 and 1 * 2 + 1 would be one code
    with pytest.raises(ValueError, match="predictions must lie in 0 to 1, got 3"):
        prediction_symbols(predictions, classes=2)
    for loss in (0.9, math.nan, -1.0, 2.0):
        losses = torch.full((1, 2, 2), loss, dtype=torch.float64)
        for codes in (loss_symbols, difference_symbols):
            with pytest.raises(ValueError, match="losses must be zero or one"):
                codes(losses)
    with pytest.raises(ValueError, match="marks must be zero or one"):
        table_information(torch.tensor([[0], [1]]), torch.tensor([[0], [2]]))
    for wrong in (torch.tensor([[0], [-1]]), torch.zeros(0, 1, dtype=torch.int64)):
        with pytest.raises(ValueError, match="symbols must be at least one and not negative"):
            table_information(wrong, torch.zeros_like(wrong))
