"""What recipes share: images and network of a cell, and the one body that trains and measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtheory import data, nets
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Cell
from runtheory.records import Row
from runtheory.training import Objective, Settings, train
from runtheory.training.loop import Evaluate, no_measures

CHECKPOINTS = 4  # of a run at least: how often it is saved moves no number


@dataclass(frozen=True, kw_only=True)
class TrainedCell(Cell):
    """Length, batch, optimiser and schedule of a training run, which returns ``rows`` rows.

    As ``training.Settings``; the peak learning rate is called so beside that of a row's step.
    """

    batch_size: int = 100
    steps: int
    rows: int = 1
    peak_learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup: float = 0.2
    floor: float = 0.0

    def settings(self) -> Settings:
        """Return the settings of the training loop."""
        return Settings(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.peak_learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            floor=self.floor,
            evaluate_every=max(1, self.steps // self.rows),
            checkpoint_every=max(1, self.steps // max(self.rows, CHECKPOINTS)),
        )


@dataclass(frozen=True, kw_only=True)
class ConvnetCell(TrainedCell):
    """A convolutional network of ``width`` on ``per_class`` images of each class of ``images``."""

    images: str = "fashion-mini"
    per_class: int = 1000
    width: int


@dataclass(frozen=True, eq=False)
class Experiment:
    """What one cell trains, all on one device, and what a row of its training measures.

    ``measure`` returns columns that are not called like those of ``training.TrainingRow`` or of the
    cell.
    """

    net: nets.Classifier
    image_set: data.ImageSet
    objective: Objective
    measure: Evaluate = no_measures


def train_and_measure(
    cell: TrainedCell, experiment: Experiment, checkpoint: Path | None = None
) -> Iterator[Row]:
    """Train in place and yield the rows; stop taking them, and the network stays as it is then.

    Runs of one seed share the order of their batches, and each random stream that they both draw.
    """
    rows = train(
        experiment.net,
        experiment.image_set,
        experiment.objective,
        cell.settings(),
        streams=Streams(cell.seed, device=experiment.image_set.train_images.device),
        evaluate=experiment.measure,
        checkpoint=checkpoint,
    )
    return (row.flat() for row in rows)


def chosen_images(cell: ConvnetCell, device: str) -> data.ImageSet:
    """Return ``per_class`` training images of each class, chosen by the seed, and all test images.

    Images of a smaller number are among those of a larger one.
    """
    whole = data.load(cell.images)
    generator = stream(cell.seed, "chosen images")
    return data.subset(whole, cell.per_class, generator=generator).to(device)


def convnet(
    image_set: data.ImageSet, *, seed: int, width: int, hidden: int = 0, pooled: bool = False
) -> nets.Classifier:
    """Return the untrained convolutional network for an image set, on its device.

    Without ``hidden`` units the head is linear; ``pooled`` averages the last maps over their
    places. With both there are class activation maps and measures of collapse. One seed, one set
    of first weights.
    """
    _, channels, size, _ = image_set.train_images.shape
    return nets.small_convnet(
        generator=stream(seed, "initial weights"),
        channels=channels,
        classes=len(image_set.classes),
        size=size,
        width=width,
        hidden=hidden,
        pooled=pooled,
    ).to(image_set.train_images.device)
