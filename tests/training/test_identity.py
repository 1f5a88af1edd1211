"""Texts tell objectives apart that are another, and no others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.dropout.objectives import MultiSampleObjective, loss_of_mean_logits
from runtheory.randomness import Streams
from runtheory.training import CheckpointMismatch, classification, train
from runtheory.training.identity import described
from tests.training.interruption import SETTINGS, make_net, measures, objective, run


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Weighted:
    weight: object

    def loss(self, value):
        return value


def dropping(rate):
    def objective(net, inputs, labels, streams):
        return functional.cross_entropy(net(functional.dropout(inputs, rate)), labels)

    return objective


DIFFERENT = [
    dropping(0.2),
    dropping(0.9),
    dropping([0.1, 0.2]),
    dropping((0.1, 0.3)),
    dropping({"rate": 0.1}),
    dropping({0.1}),
    dropping(torch.ones(2)),
    dropping(torch.ones(2).double()),
    dropping(torch.ones(2, 1)),
    dropping(torch.zeros(2, dtype=torch.bfloat16)),
    dropping(np.ones(2)),
    dropping(Colour.RED),
    dropping(Colour.BLUE),
    lambda value: value + 1,
    lambda value: value + 2,
    lambda value: lambda: value + 1,
    lambda value: lambda: value + 2,
    lambda value=1: value,
    lambda value=2: value,
    lambda *, value=2: value,
    classification,
    functional.mse_loss,
    torch.relu,
    nn.ReLU,
    nn.ReLU(),
    partial(classification, streams=Streams(0)),
    partial(functional.mse_loss, reduction="sum"),
    Weighted(1).loss,
    Weighted(2).loss,
    Weighted(None),
    Weighted(dropping(0.1)),
    Weighted(dropping(0.3)),
    MultiSampleObjective(1, 0.5),
    MultiSampleObjective(1, 0.5, loss_of_mean_logits),
    MultiSampleObjective(2, 0.5),
]


def test_other_objectives_have_other_texts() -> None:
    texts = [described(value) for value in DIFFERENT]
    assert len(set(texts)) == len(texts)
    assert not any(" at 0x" in text for text in texts)


def test_equal_objectives_have_equal_texts() -> None:
    first, second = dropping(torch.ones(2)), dropping(torch.ones(2))
    assert first is not second
    assert described(first) == described(second)
    assert described(MultiSampleObjective(3, 0.5)) == described(MultiSampleObjective(3, 0.5))


def test_what_may_change_as_a_run_goes_on_counts_as_its_class() -> None:
    net = nn.Linear(2, 2)
    before = described(dropping(net))
    with torch.no_grad():
        net.weight += 1
    assert described(dropping(net)) == before
    assert described(dropping(Streams(0))) == described(dropping(Streams(1)))


def test_a_circle_has_an_end() -> None:
    circle: list[object] = []
    circle.append(circle)
    assert "list" in described(circle)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": dropping(0.9)}, r"objective was .*rate=0.2.*asked is .*rate=0.9"),
        ({"objective": classification}, "objective was .*asked is 'runtheory.training.loop.class"),
        ({"identity": "the other one"}, "named was None, asked is 'the other one'"),
        ({"labels": 1}, "labels was '.*', asked is '.*'"),
    ],
)
@pytest.mark.parametrize("steps", [10, 20])
def test_a_run_does_not_go_on_as_another(image_set, tmp_path, change, message, steps) -> None:
    """Half done and finished: the rows of another objective were once handed out in silence."""
    path = tmp_path / "run.safetensors"
    rows = train(
        make_net(), image_set, dropping(0.2), SETTINGS,
        streams=Streams(0), evaluate=measures, checkpoint=path,
    )  # fmt: skip
    for row in rows:
        if row.step >= steps:
            break
    change = {"objective": dropping(0.2), **change}
    image_set = replace(
        image_set, train_labels=image_set.train_labels.roll(change.pop("labels", 0))
    )
    with pytest.raises(CheckpointMismatch, match=message):
        run(image_set, path, **change)


def test_another_evaluation_is_refused(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    run(image_set, path)
    with pytest.raises(
        CheckpointMismatch, match=r"evaluate was .*measures.*asked is .*no_measures"
    ):
        train(
            make_net(), image_set, objective, SETTINGS, streams=Streams(0), checkpoint=path
        )  # fmt: skip


def test_a_name_of_ones_own_stands_for_objective_and_evaluation(image_set, tmp_path) -> None:
    path = tmp_path / "run.safetensors"
    first = run(image_set, path, objective=dropping(0.2), identity="mine")
    again = run(image_set, path, objective=dropping(0.9), identity="mine")
    assert first[0] == again[0]
    with pytest.raises(CheckpointMismatch, match="named was 'mine', asked is 'yours'"):
        run(image_set, path, objective=dropping(0.2), identity="yours")
