"""Robustness of a network: scores of the images it says, and settings that are heeded."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from runtheory import data, evaluation, nets
from runtheory.evaluation.occlusion import occlude_centre
from runtheory.instruments.robustness import RobustnessProbe, RobustnessSettings

SETTINGS = RobustnessSettings(tried_images=40, scored_training_images=80)
Trained = tuple[nets.Classifier, data.ImageSet]


def test_test_scores_are_those_of_the_whole_test_set(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RobustnessProbe(image_set, 0, SETTINGS)(net)
    logits = evaluation.predict(net, image_set.test_images, image_set)
    assert row["test_accuracy"] == evaluation.accuracy(logits, image_set.test_labels).item()
    gap = evaluation.confidence_gap(logits, image_set.test_labels).item()
    assert row["confidence_gap"] == gap


def test_the_training_accuracy_is_that_of_the_first_images(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RobustnessProbe(image_set, 0, replace(SETTINGS, scored_training_images=7))(net)
    logits = evaluation.predict(net, image_set.train_images[:7], image_set)
    assert row["train_accuracy"] == evaluation.accuracy(logits, image_set.train_labels[:7]).item()


def test_covered_images_are_those_of_the_pixels(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RobustnessProbe(image_set, 0, SETTINGS)(net)
    pixels = image_set.test_images.float() / 255
    covered = occlude_centre(pixels, size=0.5, fill=image_set.mean[0])
    net.eval()
    with torch.no_grad():
        logits = net((covered - image_set.mean[0]) / image_set.deviation[0])
    assert row["centre_covered"] == evaluation.accuracy(logits, image_set.test_labels).item()


def test_bytes_become_shares_of_one(
    small_classifier: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, image_set = small_classifier
    tried: list[torch.Tensor] = []

    def note(probe: RobustnessProbe, net: nn.Module, pixels: torch.Tensor, labels: object) -> dict:
        tried.append(pixels)
        return {}

    monkeypatch.setattr(RobustnessProbe, "_robustness", note)
    RobustnessProbe(image_set, 0, SETTINGS)(net)
    brightest = image_set.test_images.flatten(1).amax(1).sort().values / 255
    assert len(tried[0]) == len(image_set.test_images)
    torch.testing.assert_close(tried[0].flatten(1).amax(1).sort().values, brightest)


def test_nothing_covered_and_no_attack_leave_the_accuracy(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    easy = replace(SETTINGS, occluded_side=0.0, attack_radius=0.0)
    row = RobustnessProbe(image_set, 0, easy)(net)
    assert row["centre_covered"] == row["attacked"] == row["test_accuracy"]


def test_milder_corruptions_cost_no_more(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    mild = RobustnessProbe(image_set, 0, replace(SETTINGS, corruption_severity=1))(net)
    assert mild["corrupted"] >= RobustnessProbe(image_set, 0, SETTINGS)(net)["corrupted"]


def test_the_seed_chooses_the_images_that_are_tried(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    few = replace(SETTINGS, tried_images=10, occluded_side=0.0)
    rows = [RobustnessProbe(image_set, seed, few)(net) for seed in (0, 0, 1, 2, 3)]
    assert rows[0] == rows[1]
    assert len({row["outliers_energy"] for row in rows}) > 1
    assert len({row["test_accuracy"] for row in rows}) == 1  # of all images, whatever the seed


def test_areas_and_overlaps_are_shares(small_classifier: Trained) -> None:
    net, image_set = small_classifier
    row = RobustnessProbe(image_set, 0, SETTINGS)(net)
    for name in ("outliers_probability", "outliers_energy", "localisation"):
        assert 0 <= row[name] <= 1


def test_a_network_without_maps_is_refused(small_classifier: Trained) -> None:
    _, image_set = small_classifier
    with pytest.raises(TypeError):
        RobustnessProbe(image_set, 0, SETTINGS)(nn.Sequential(nn.Flatten(), nn.Linear(256, 4)))
