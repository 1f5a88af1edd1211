"""Collapse of a network: the bias in NC4, and the parts of the square loss."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.instruments.collapse import CollapseProbe
from runtheory.recipes.neural_collapse import one_hot_square_loss


def test_nc4_counts_the_bias(small_classifier) -> None:
    net, image_set = small_classifier
    probe = CollapseProbe(image_set, one_hot_square_loss, square_penalty=1e-3)
    before, other = probe(net), copy.deepcopy(net)
    with torch.no_grad():
        other.linear.bias[0] += 100
    after = probe(other)
    assert after["train_variability"] == before["train_variability"]
    assert after["train_accuracy"] == pytest.approx(0.25)
    assert after["train_centre_disagreement"] > 0.5
    assert after["part_deviation"] > before["part_deviation"]
    assert after["part_variability"] == before["part_variability"]


def test_the_parts_add_up_to_the_penalised_loss(small_classifier) -> None:
    net, image_set = small_classifier
    row = CollapseProbe(image_set, one_hot_square_loss, square_penalty=0.01)(net)
    linear = net.linear
    penalty = 0.005 * (linear.weight.square().sum() + linear.bias.square().sum()).item()
    total = sum(row[f"part_{name}"] for name in ("variability", "alignment", "deviation"))
    assert total == pytest.approx(row["train_loss"] + penalty, rel=1e-5)


def test_the_loss_is_the_one_given_and_parts_are_for_the_square_loss(small_classifier) -> None:
    net, image_set = small_classifier
    row = CollapseProbe(image_set, functional.cross_entropy)(net)
    assert row["train_loss"] != CollapseProbe(image_set, one_hot_square_loss)(net)["train_loss"]
    assert not any(name.startswith("part_") for name in row)
    assert row.keys() >= {"test_loss", "test_accuracy", "train_centre_accuracy"}


def test_another_module_is_refused(small_classifier) -> None:
    with pytest.raises(TypeError, match="measured on a Classifier, got Flatten"):
        CollapseProbe(small_classifier[1], functional.cross_entropy)(nn.Flatten())
