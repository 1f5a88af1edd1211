"""The settings of a cell, the images and networks of a seed, and the one body that trains."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch

from runtheory.recipes.shared import (
    ConvnetCell,
    Experiment,
    chosen_images,
    convnet,
    train_and_measure,
)
from runtheory.training import Settings, classification

CELL = ConvnetCell(per_class=8, width=2, steps=8, rows=4, batch_size=20, seed=3)


def experiment(cell: ConvnetCell, **more) -> Experiment:
    image_set = chosen_images(cell, "cpu")
    net = convnet(image_set, seed=cell.seed, width=cell.width, hidden=0, pooled=True)
    return Experiment(net, image_set, classification, **more)


def timeless(rows) -> list[dict]:
    return [{**row, "seconds": 0.0} for row in rows]


def test_a_cell_says_all_that_the_loop_is_told() -> None:
    cell = replace(CELL, momentum=0.5, weight_decay=0.1, warmup=0.5, floor=0.25)
    assert cell.settings() == Settings(
        steps=8, batch_size=20, learning_rate=0.05, momentum=0.5, weight_decay=0.1, warmup=0.5,
        floor=0.25, evaluate_every=2, checkpoint_every=2,
    )  # fmt: skip
    assert replace(CELL, steps=3, rows=20).settings().evaluate_every == 1


def test_defaults_are_those_of_the_loop() -> None:
    defaults = Settings(steps=8, batch_size=20, learning_rate=0.05)
    for name in ("momentum", "weight_decay", "warmup", "floor"):
        assert getattr(CELL.settings(), name) == getattr(defaults, name)


def test_rows_measure_what_they_are_told() -> None:
    rows = list(train_and_measure(CELL, experiment(CELL, measure=lambda net: {"constant": 7.0})))
    assert [row["step"] for row in rows] == [2, 4, 6, 8]
    assert {row["constant"] for row in rows} == {7.0}


def test_runs_of_one_seed_repeat_and_others_do_not() -> None:
    first, again, other = (
        timeless(train_and_measure(cell, experiment(cell)))
        for cell in (CELL, CELL, replace(CELL, seed=4))
    )
    assert first == again
    assert first != other


def test_the_network_is_that_of_the_last_row_taken(tmp_path) -> None:
    whole = experiment(CELL)
    rows = list(train_and_measure(CELL, whole))
    started = experiment(CELL)
    early = list(islice(train_and_measure(CELL, started, tmp_path / "run.safetensors"), 2))
    assert timeless(early) == timeless(rows[:2])
    assert not torch.equal(started.net.linear.weight, whole.net.linear.weight)
    resumed = experiment(CELL)
    late = list(train_and_measure(CELL, resumed, tmp_path / "run.safetensors"))
    assert timeless(late) == timeless(rows)
    assert torch.equal(resumed.net.linear.weight, whole.net.linear.weight)


def test_images_of_a_smaller_number_are_among_those_of_a_larger() -> None:
    few, many = (chosen_images(replace(CELL, per_class=n), "cpu").train_images for n in (2, 5))
    larger = {image.numpy().tobytes() for image in many}
    assert all(image.numpy().tobytes() in larger for image in few)
    assert len(few) == 20


@pytest.mark.parametrize(("hidden", "pooled", "features"), [(0, True, 8), (5, False, 72)])
def test_networks_of_one_seed_have_one_set_of_weights(hidden, pooled, features) -> None:
    image_set = chosen_images(CELL, "cpu")
    one, two, other = (
        convnet(image_set, seed=seed, width=2, hidden=hidden, pooled=pooled) for seed in (3, 3, 4)
    )
    assert torch.equal(one.head[0].weight, two.head[0].weight)
    assert not torch.equal(one.head[0].weight, other.head[0].weight)
    assert one.head[0].in_features == features
