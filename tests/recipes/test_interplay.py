"""Dropout times mixing: the split of pairs, the objectives of the arms, what is trained."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from runtheory import data
from runtheory.mixing.laws import label_smoothing
from runtheory.randomness import Streams
from runtheory.recipes import interplay as recipe
from runtheory.recipes.shared import convnet

CELL = replace(recipe.QUICK, seed=2)


@pytest.fixture(scope="module")
def split() -> recipe.PairedSplit:
    return recipe.paired_split(data.load(CELL.images), CELL.pairs_per_class, seed=CELL.seed)


def test_pairs_share_a_class_and_no_image_is_in_both_halves(split) -> None:
    trained = split.image_set
    assert torch.equal(trained.train_labels, split.held_out_labels)
    assert trained.train_labels.bincount().tolist() == [20] * 10
    halves = [
        {image.numpy().tobytes() for image in images}
        for images in (trained.train_images, split.held_out_images)
    ]
    assert halves[0].isdisjoint(halves[1])


def test_the_coins_are_fair_and_drawn_by_the_seed() -> None:
    whole = data.load("fashion-mini")
    same, other = (
        recipe.paired_split(whole, 20, seed=seed).image_set.train_images for seed in (2, 3)
    )
    again = recipe.paired_split(whole, 20, seed=2).image_set.train_images
    assert torch.equal(same, again)
    assert not torch.equal(same, other)


def test_the_plain_arms_are_cross_entropy(split) -> None:
    experiment = recipe.interplay_experiment(CELL, split.image_set)
    images = data.normalise(split.image_set.train_images[:30], split.image_set)
    labels = split.image_set.train_labels[:30]
    loss = experiment.objective(experiment.net, images, labels, Streams(0))
    torch.testing.assert_close(loss, functional.cross_entropy(experiment.net(images), labels))


def test_smoothed_labels_hold_as_much_of_others_as_cutmix_pastes(split) -> None:
    cell = replace(CELL, mixing=recipe.SMOOTHING)
    experiment = recipe.interplay_experiment(cell, split.image_set)
    images = data.normalise(split.image_set.train_images[:30], split.image_set)
    labels = split.image_set.train_labels[:30]
    loss = experiment.objective(experiment.net, images, labels, Streams(0))
    amount = label_smoothing(1.0, 1.0)
    expected = functional.cross_entropy(experiment.net(images), labels, label_smoothing=amount)
    torch.testing.assert_close(loss, expected)
    assert recipe.SMOOTHING.smoothing(cell) == amount
    assert recipe.NONE.smoothing(cell) == 0.0


@pytest.mark.parametrize("mixing", [*recipe.MIXING.values(), recipe.SMOOTHING])
@pytest.mark.parametrize("dropout", list(recipe.DROPOUT.values()))
def test_every_combination_draws_from_the_streams_that_it_needs(split, dropout, mixing) -> None:
    cell = replace(CELL, dropout=dropout, mixing=mixing)
    objective = recipe.interplay_experiment(cell, split.image_set).objective
    net = convnet(split.image_set, seed=0, width=2, pooled=True)
    images = data.normalise(split.image_set.train_images[:10], split.image_set)
    streams = Streams(0)
    loss = objective(net, images, split.image_set.train_labels[:10], streams)
    assert loss.isfinite()
    drawn = {"masks"} if dropout.samples else set()
    drawn |= {"mixing"} if mixing.draw else set()
    assert set(streams.state_dict()) == drawn
