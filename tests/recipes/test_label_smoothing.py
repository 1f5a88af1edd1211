"""What is trained under smoothed labels, and which images choose and which are scored."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory import data, runs
from runtheory.evaluation import predict
from runtheory.evaluation.calibration import expected_calibration_error
from runtheory.noise.label_smoothing import fitted_temperature, lead
from runtheory.randomness import Streams
from runtheory.recipes import label_smoothing as recipe
from runtheory.recipes.shared import chosen_images, convnet


def small_net() -> tuple[nn.Module, data.ImageSet]:
    images = chosen_images(recipe.QUICK, "cpu")
    return convnet(images, seed=0, width=recipe.QUICK.width, pooled=True), images


def test_the_objective_is_the_cross_entropy_against_smoothed_targets() -> None:
    net, images = small_net()
    batch = data.normalise(images.train_images[:20], images)
    labels = images.train_labels[:20]
    logits = net(batch)
    targets = 0.7 * functional.one_hot(labels, 10) + 0.03
    expected = -(targets * logits.log_softmax(1)).sum(1).mean()
    loss = recipe.SmoothedObjective(0.3)(net, batch, labels, Streams(0))
    torch.testing.assert_close(loss, expected)


def test_the_first_half_of_the_test_images_chooses_and_the_second_is_scored() -> None:
    net, images = small_net()
    row = recipe.TrustProbe(images, 0.1)(net)
    logits, labels = predict(net, images.test_images, images), images.test_labels
    half = len(labels) // 2
    temperature = fitted_temperature(logits[:half], labels[:half])
    assert row["temperature"] == temperature
    first = expected_calibration_error(logits[:half], labels[:half]).item()
    second = expected_calibration_error(logits[half:], labels[half:]).item()
    assert (row["held_out_calibration_error"], row["scored_calibration_error"]) == (first, second)
    scaled = expected_calibration_error(logits[half:] / temperature, labels[half:]).item()
    assert row["scaled_calibration_error"] == scaled
    losses = [
        functional.cross_entropy(logits[half:] / divisor, labels[half:]).item()
        for divisor in (1.0, temperature)
    ]
    assert [row["scored_loss"], row["scaled_loss"]] == pytest.approx(losses, rel=1e-6)


def test_leads_and_the_smoothed_loss_are_those_of_the_training_images() -> None:
    net, images = small_net()
    logits, labels = predict(net, images.train_images, images), images.train_labels
    row = recipe.TrustProbe(images, 0.3)(net)
    assert row["train_lead"] == pytest.approx(float(lead(logits, labels).mean()), rel=1e-5)
    smoothed = functional.cross_entropy(logits, labels, label_smoothing=0.3).item()
    plain = functional.cross_entropy(logits, labels).item()
    assert row["train_smoothed_loss"] == pytest.approx(smoothed, rel=1e-5)
    assert row["train_loss"] == pytest.approx(plain, rel=1e-5)


def test_amounts_of_one_seed_share_weights_and_batches() -> None:
    rows = runs.live(recipe.label_smoothing, "tiny", seeds=[0, 1])
    start = min(row["step"] for row in rows)
    losses = {(r["seed"], r["amount"]): r["train_loss"] for r in rows if r["step"] == start}
    assert abs(losses[0, 0.0] - losses[0, 0.2]) < abs(losses[0, 0.0] - losses[1, 0.0])
