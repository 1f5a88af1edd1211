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
    assert len(set(prediction_symbols(predictions, classes=5).flatten().tolist())) == 25


def test_plug_in_of_a_perfect_mark():
    marks = torch.tensor([[0], [0], [1], [1]])
    information, bias = table_information(marks * 7, marks)
    assert float(information[0]) == pytest.approx(math.log(2))
    assert float(bias[0]) == pytest.approx(1 / 8)
