"""Collapse of a network: the bias in NC4, and the parts of the square loss."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.collapse.statistics import class_statistics
from runtheory.instruments.collapse import CollapseProbe, plane_of_means, row_space_share
from runtheory.randomness import stream
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


def test_the_row_space_share_is_one_minus_what_the_logits_cannot_see() -> None:
    generator = stream(0, "features")
    features = torch.randn(300, 6, generator=generator, dtype=torch.float64)
    labels = torch.arange(300) % 3
    classifier = torch.randn(2, 6, generator=generator, dtype=torch.float64)
    deviations = features - torch.stack([features[labels == k].mean(0) for k in range(3)])[labels]
    solved = torch.linalg.lstsq(classifier.T, deviations.T).solution
    seen = (classifier.T @ solved).square().sum() / deviations.square().sum()
    statistics = class_statistics(features, labels, classes=3)
    assert float(row_space_share(statistics, classifier)) == pytest.approx(float(seen), rel=1e-10)
    # A row that repeats the others adds nothing.
    repeated = torch.cat([classifier, classifier.sum(0, keepdim=True)])
    assert float(row_space_share(statistics, repeated)) == pytest.approx(float(seen), rel=1e-10)


def test_the_row_space_share_is_that_of_a_chosen_direction() -> None:
    features = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [5.0, 3.0], [5.0, -3.0]])
    statistics = class_statistics(features, torch.tensor([0, 0, 1, 1]), classes=2)
    assert float(row_space_share(statistics, torch.tensor([[0.0, 7.0]]))) == pytest.approx(0.9)


def test_no_variation_has_no_share() -> None:
    statistics = class_statistics(torch.eye(3), torch.arange(3), classes=3)
    with pytest.raises(ValueError, match="a scatter matrix that is not zero"):
        row_space_share(statistics, torch.eye(3))


def test_three_means_lie_in_their_plane_at_their_distances() -> None:
    means = torch.randn(3, 7, generator=stream(0, "means"), dtype=torch.float64)
    point, axes = plane_of_means(means)
    torch.testing.assert_close(axes @ axes.T, torch.eye(2, dtype=torch.float64))
    drawn = (means - point) @ axes.T
    torch.testing.assert_close(torch.cdist(drawn, drawn), torch.cdist(means, means))


def test_a_plane_needs_three_means() -> None:
    with pytest.raises(ValueError, match="means must be at least 3, got 2"):
        plane_of_means(torch.eye(2))
