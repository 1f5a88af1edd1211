"""Networks trained towards smoothed labels, and temperature scaling beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from runtheory import data, evaluation
from runtheory.evaluation.calibration import confidence_gap, expected_calibration_error
from runtheory.evaluation.metrics import accuracy, cross_entropy
from runtheory.noise.label_smoothing import fitted_temperature, lead, smoothed_loss
from runtheory.randomness import Streams
from runtheory.recipes.recipe import Grid, recipe
from runtheory.recipes.shared import (
    ConvnetCell,
    Experiment,
    chosen_images,
    convnet,
    train_and_measure,
)
from runtheory.records import Row
from runtheory.shapes import Images, Labels, Logits, Scalar


@dataclass(frozen=True, kw_only=True)
class SmoothingCell(ConvnetCell):
    """Targets of which ``amount`` is shared out evenly over all classes."""

    amount: float = 0.1


@dataclass(frozen=True)
class SmoothedObjective:
    """The mean cross-entropy against targets smoothed by ``amount``."""

    amount: float

    def __call__(self, net: nn.Module, images: Images, labels: Labels, streams: Streams) -> Scalar:
        """Return the loss of one batch."""
        return smoothed_loss(net(images), labels, amount=self.amount)


@dataclass(frozen=True, eq=False)
class TrustProbe:
    """Leads and losses on training images; scores, trust and a temperature on test images.

    The first half of the test images is held out to choose by (an amount, a temperature), the
    second half is scored.
    """

    image_set: data.ImageSet
    amount: float

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers."""
        images = self.image_set
        train = evaluation.predict(net, images.train_images, images)
        test = evaluation.predict(net, images.test_images, images)
        half = len(test) // 2
        labels = images.test_labels
        return (
            _training(train, images.train_labels, self.amount)
            | _testing(test, labels)
            | _halves((test[:half], labels[:half]), (test[half:], labels[half:]))
        )


def _training(logits: Logits, labels: Labels, amount: float) -> dict[str, float]:
    return {
        "train_lead": lead(logits, labels).double().mean().item(),
        "train_accuracy": accuracy(logits, labels).item(),
        "train_loss": cross_entropy(logits, labels).item(),
        "train_smoothed_loss": smoothed_loss(logits.double(), labels, amount=amount).item(),
    }


def _testing(logits: Logits, labels: Labels) -> dict[str, float]:
    return {
        "test_accuracy": accuracy(logits, labels).item(),
        "test_loss": cross_entropy(logits, labels).item(),
        "test_calibration_error": expected_calibration_error(logits, labels).item(),
        "test_confidence_gap": confidence_gap(logits, labels).item(),
    }


def _halves(held_out: tuple[Logits, Labels], scored: tuple[Logits, Labels]) -> dict[str, float]:
    temperature = fitted_temperature(*held_out)
    logits, labels = scored
    return {
        "temperature": temperature,
        "held_out_calibration_error": expected_calibration_error(*held_out).item(),
        "scored_calibration_error": expected_calibration_error(logits, labels).item(),
        "scaled_calibration_error": expected_calibration_error(logits / temperature, labels).item(),
        "scored_loss": cross_entropy(logits, labels).item(),
        "scaled_loss": cross_entropy(logits / temperature, labels).item(),
    }


SMALL = SmoothingCell(width=16, steps=1000)
SHORT = replace(SMALL, steps=100)
QUICK = replace(SMALL, per_class=20, width=4, batch_size=50, steps=8)


@recipe(
    full=Grid(
        SMALL,
        {"amount": (0.0, 0.05, 0.1, 0.2, 0.4)},
        also=(Grid(SHORT, {"amount": (0.0, 0.1, 0.2)}),),
    ),
    tiny=Grid(QUICK, {"amount": (0.0, 0.2)}),
)
def label_smoothing(cell: SmoothingCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Five amounts of label smoothing, and a temperature fitted afterwards.

    After [szegedy2016rethinking] and [muller2019when], at the size of a CPU: ``fashion-mini``, a
    convolutional network of 42,000 parameters with global average pooling and a linear head, 1,000
    steps of 100 images; three amounts run for 100 steps too; a lab repeats two. Cost: a minute
    a run on one core. Expected: smoothing lowers the lead on training images and the confidence,
    by about the amount; at 0.1 accuracy rises a little and calibration error falls, at 0.4 the
    network is under-confident; a temperature fitted to the plain network calibrates it better
    than the best amount of smoothing does.
    """
    image_set = chosen_images(cell, device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, pooled=True)
    experiment = Experiment(
        net, image_set, SmoothedObjective(cell.amount), TrustProbe(image_set, cell.amount)
    )
    return train_and_measure(cell, experiment, checkpoint)
