"""Robustness of a network: scores of the images it says, and settings that are heeded."""

from __future__ import annotations

from dataclasses import replace

import torch

from runtheory import evaluation
from runtheory.evaluation.occlusion import occlude_centre
from runtheory.instruments.robustness import RobustnessProbe, RobustnessSettings

SETTINGS = RobustnessSettings(tried_images=40, scored_training_images=80)


def test_scores_are_those_of_the_whole_test_set(small_classifier) -> None:
    net, image_set = small_classifier
    row = RobustnessProbe(image_set, 0, SETTINGS)(net)
    logits = evaluation.predict(net, image_set.test_images, image_set)
    assert row["test_accuracy"] == evaluation.accuracy(logits, image_set.test_labels).item()
    gap = evaluation.confidence_gap(logits, image_set.test_labels).item()
    assert row["confidence_gap"] == gap
    assert 0 <= row["localisation"] <= 1


def test_covered_images_are_those_of_the_pixels(small_classifier) -> None:
    net, image_set = small_classifier
    row = RobustnessProbe(image_set, 0, SETTINGS)(net)
    pixels = image_set.test_images.float() / 255
    covered = occlude_centre(pixels, size=0.5, fill=image_set.mean[0])
    net.eval()
    with torch.no_grad():
        logits = net((covered - image_set.mean[0]) / image_set.deviation[0])
    assert row["centre_covered"] == evaluation.accuracy(logits, image_set.test_labels).item()


def test_harder_settings_are_heeded(small_classifier) -> None:
    net, image_set = small_classifier
    easy = replace(SETTINGS, occluded_side=0.0, attack_radius=0.0, corruption_severity=1)
    row = RobustnessProbe(image_set, 0, easy)(net)
    assert row["centre_covered"] == row["attacked"] == row["test_accuracy"]
    assert row["corrupted"] >= RobustnessProbe(image_set, 0, SETTINGS)(net)["corrupted"]
