"""Rows in one line, and the state that a run starts from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from runtheory.randomness import Streams
from runtheory.training import RunState, TrainingRow


def test_measures_may_not_hide_a_column() -> None:
    row = TrainingRow(1, 1.0, 0.5, 2.0, 0.1, {"accuracy": 0.5})
    assert row.flat() == {
        "step": 1, "epoch": 1.0, "seconds": 0.5, "loss": 2.0, "learning_rate": 0.1, "accuracy": 0.5
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"called like a column of the row, got \['loss'\]"):
        replace(row, measures={"loss": 1.0}).flat()


def test_states_share_nothing_that_changes() -> None:
    net = nn.Linear(1, 1)
    first, second = (
        RunState(net, torch.optim.SGD(net.parameters(), lr=0.1), Streams(0)) for _ in range(2)
    )
    first.losses.append(1.0)
    first.rows.append(TrainingRow(1, 1.0, 0.5, 2.0, 0.1))
    assert (second.step, second.losses, second.rows, second.seconds) == (0, [], [], 0.0)
    assert second.order.shape == (0,)
