"""The recipe of rare features: its task, and what its columns measure."""

from __future__ import annotations

import pytest
import torch

from runtheory.mixing.patch_network import patch_logits, smooth_leaky
from runtheory.randomness import Streams
from runtheory.recipes.cutmix import rare_features as rare

CELL = {**rare.QUICK, "augmentation": "cutmix", "seed": 3}


@pytest.fixture(scope="module")
def task():
    return rare.patch_task(CELL, Streams(3))


def test_each_feature_occurs_as_often_as_it_should(task):
    assert task.training.features.bincount().tolist() == list(rare.COUNTS)
    assert (task.fresh.features.bincount() == rare.FRESH).all()


def test_coordinates_keep_every_inner_product(task):
    assert torch.allclose(task.directions @ task.directions.T, torch.eye(5), atol=1e-5)
    rows = torch.arange(100)
    placed = task.training.patches[rows, task.training.feature_places]
    expected = task.training.labels[:, None] * task.directions[task.training.features]
    assert torch.allclose(placed, expected, atol=1e-5)
    norms = task.training.patches[rows, task.training.noise_places].square().sum(1)
    # A sum of 500 squares of Gaussians: its standard deviation is 60 sqrt(2 / 500).
    assert abs(norms.mean() - 60) < 5 * 60 * (2 / 500 / 100) ** 0.5


def test_contributions_sum_to_the_margin(task):
    filters = torch.randn(2, task.directions.shape[1], generator=torch.Generator().manual_seed(0))
    parts = rare.contributions(filters, task.training)
    margins = task.training.labels * patch_logits(filters, task.training.patches)
    assert torch.allclose(parts.sum(1), margins, atol=1e-4)
    row = rare.measure(filters, task)
    ends = [smooth_leaky(sign * filters @ task.directions[2]) for sign in (1, -1)]
    response = ((ends[0] - ends[1]) @ torch.tensor([1.0, -1.0])) / 2
    assert row["response_10"] == pytest.approx(float(response), abs=1e-5)


@pytest.mark.parametrize("name", ["none", "cutout", "cutmix", "mixup"])
def test_augmentations_do_what_their_names_say(name):
    patches = torch.randn(50, 4, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0.0, 1.0]).repeat(25)
    augment = rare.augmentation(name, removed=1, generator=torch.Generator().manual_seed(2))
    mixed, targets = augment(patches, labels)
    assert torch.equal(targets, labels) == (name in ("none", "cutout"))
    zeros = (mixed == 0).all(2).sum(1)
    assert (zeros == (1 if name == "cutout" else 0)).all()
    from_some = (mixed[:, None] == patches[None]).all(3).any(1)
    assert bool(from_some.all()) == (name in ("none", "cutmix"))


def test_runs_of_one_seed_share_their_task():
    other = {**CELL, "augmentation": "none"}
    first, second = (rare.patch_task(cell, Streams(3)) for cell in (CELL, other))
    assert torch.equal(first.training.patches, second.training.patches)


def test_an_unknown_augmentation_gets_a_clear_error():
    with pytest.raises(ValueError, match="augmentation must be one of"):
        rare.augmentation("blur", removed=1, generator=torch.Generator())
