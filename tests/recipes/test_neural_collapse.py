"""The networks that are trained long past the last error."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch

from runtheory import records
from runtheory.instruments.collapse import CollapseProbe
from runtheory.randomness import stream
from runtheory.recipes import neural_collapse as recipe
from runtheory.recipes.shared import train_and_measure
from runtheory.runs import RunPlan, run

CELL = replace(recipe.QUICK, seed=3)


def test_no_cell_has_the_name_of_a_column_of_its_rows(tmp_path) -> None:
    path = run(RunPlan(recipe.imbalanced, "tiny", (0,)), tmp_path)
    record = records.read("neural_collapse/imbalanced_tiny", path.parents[1])
    assert record.column("step", objective="square", ratio=10) == [8]


def test_the_square_loss_is_that_of_the_feature_models() -> None:
    generator = stream(0, "logits")
    logits = torch.randn(7, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (7,), generator=generator)
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total += sum((value - (k == label)) ** 2 for k, value in enumerate(row)) / 2
    loss = float(recipe.one_hot_square_loss(logits, labels))
    assert loss == pytest.approx(total / 7, rel=1e-12)


def test_smoothed_labels_are_the_mean_of_the_label_and_of_all_classes() -> None:
    logits = torch.randn(5, 4, generator=stream(0, "logits"), dtype=torch.float64)
    labels = torch.tensor([0, 1, 2, 3, 0])
    rows = logits.log_softmax(1)
    expected = -0.9 * rows[torch.arange(5), labels].mean() - 0.1 * rows.mean()
    assert float(recipe.SMOOTHED(logits, labels)) == pytest.approx(float(expected), rel=1e-12)


def test_the_first_rows_are_those_of_the_whole_run() -> None:
    cell = replace(CELL, rows=4)
    experiment = recipe.collapse_experiment(cell)
    early = list(islice(train_and_measure(cell, experiment), 2))
    whole = list(recipe.terminal_phase.run(cell, "cpu", None))
    assert len(whole) == 4
    for row, other in zip(early, whole, strict=False):
        assert {**row, "seconds": 0} == {**other, "seconds": 0}
    # The network is that of the last row taken.
    probe = CollapseProbe(experiment.image_set, recipe.CROSS_ENTROPY)
    assert probe(experiment.net)["train_loss"] == early[-1]["train_loss"]


def test_minority_classes_have_fewer_of_the_same_images() -> None:
    small, large = (
        recipe.collapse_experiment(replace(CELL, ratio=ratio)).image_set for ratio in (10, 1)
    )
    minority = recipe.minority_classes(3)
    counts = small.train_labels.bincount().tolist()
    assert counts == [2 if label in minority else 20 for label in range(10)]
    assert large.train_labels.bincount().tolist() == [20] * 10
    images = {image.numpy().tobytes() for image in large.train_images}
    assert all(image.numpy().tobytes() in images for image in small.train_images)
    assert minority != recipe.minority_classes(4)


def test_the_deep_perceptrons_differ_in_the_normalisation_alone() -> None:
    plain, normalised = (
        recipe.collapse_experiment(replace(CELL, network=network)).net
        for network in (recipe.DEEP, recipe.NORMALISED)
    )
    layers = list(normalised.body.children())
    kept = [one for one in layers if not isinstance(one, torch.nn.BatchNorm1d)]
    assert len(layers) - len(kept) == recipe.NORMALISED.layers
    assert [type(one) for one in kept] == [type(one) for one in plain.body.children()]
