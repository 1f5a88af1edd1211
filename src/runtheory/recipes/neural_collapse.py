"""Recipes of the chapter on neural collapse: networks trained long past the last error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from runtheory import data, nets
from runtheory.instruments.collapse import LOSSES, CollapseProbe, GroupProbe
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Cell, Grid, Recipe
from runtheory.records import Row
from runtheory.shapes import Images, Labels, Scalar
from runtheory.training import Row as TrainingRow
from runtheory.training import Settings, train

CHAPTER = "neural_collapse"
SMALL: Cell = {
    "images": "fashion-mini",
    "per_class": 200,
    "network": "perceptron",
    "width": 256,
    "batch_size": 100,
    "steps": 6000,
    "rows": 20,
    "peak_learning_rate": 0.05,
    "weight_decay": 2e-3,
}
QUICK: Cell = {
    **SMALL,
    "per_class": 20,
    "width": 16,
    "batch_size": 50,
    "steps": 8,
    "rows": 1,
    "peak_learning_rate": 0.01,
}


@dataclass(frozen=True)
class TrainedLoss:
    """The objective that trains one of the named losses."""

    loss: str

    def __call__(
        self, net: torch.nn.Module, images: Images, labels: Labels, streams: Streams
    ) -> Scalar:
        """Return the loss of one batch."""
        return LOSSES[self.loss](net(images), labels)


@dataclass(frozen=True, eq=False)
class Training:
    """A network, its images, and the rows of its training, which goes on as they are taken."""

    net: nets.Classifier
    image_set: data.ImageSet
    rows: Iterator[TrainingRow]


def begin(cell: Cell, device: str = "cpu", checkpoint: Path | None = None) -> Training:
    """Return the training of one cell; stop taking rows, and the network stays as it is then.

    Runs of one seed share their initial weights, their images and the order of their batches. A
    cell with a ``ratio`` has five minority classes, drawn by the seed, whose images are so many
    times fewer; images of a larger ratio are among those of a smaller one.
    """
    image_set = _images(cell).to(device)
    net = _network(cell, image_set).to(device)
    settings = Settings(
        steps=cell["steps"],
        batch_size=cell["batch_size"],
        learning_rate=cell["peak_learning_rate"],
        weight_decay=cell["weight_decay"],
        evaluate_every=max(1, cell["steps"] // cell["rows"]),
    )
    rows = train(
        net,
        image_set,
        TrainedLoss(cell["objective"]),
        settings,
        streams=Streams(cell["seed"], device=device),
        evaluate=_probe(cell, image_set),
        checkpoint=checkpoint,
    )
    return Training(net, image_set, rows)


def run_cell(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train one network to the end and return its rows."""
    return [row.flat() for row in begin(cell, device, checkpoint).rows]


def minority_classes(seed: int, classes: int = 10) -> tuple[int, ...]:
    """Return the half of the classes that a seed makes small, in rising order."""
    order = torch.randperm(classes, generator=stream(seed, "minority classes"))
    return tuple(sorted(order[: classes // 2].tolist()))


def _images(cell: Cell) -> data.ImageSet:
    whole, per_class = data.load(cell["images"]), cell["per_class"]
    counts = [per_class] * len(whole.classes)
    if "ratio" in cell:
        for label in minority_classes(cell["seed"], len(counts)):
            counts[label] = per_class // cell["ratio"]
    return data.subset(whole, counts, generator=stream(cell["seed"], "chosen images"))


def _network(cell: Cell, image_set: data.ImageSet) -> nets.Classifier:
    generator = stream(cell["seed"], "initial weights")
    _, channels, *sides = image_set.train_images.shape
    classes, width = len(image_set.classes), cell["width"]
    if cell["network"] == "residual":
        return nets.residual_net(
            generator=generator, channels=channels, classes=classes, width=width
        )
    inputs = channels * sides[0] * sides[1]
    return nets.perceptron(inputs=inputs, classes=classes, widths=(width,) * 3, generator=generator)


def _probe(cell: Cell, image_set: data.ImageSet) -> CollapseProbe | GroupProbe:
    if "ratio" in cell:
        minority = minority_classes(cell["seed"], len(image_set.classes))
        return GroupProbe(image_set, minority, cell["objective"], cell["weight_decay"])
    return CollapseProbe(image_set, cell["objective"], cell["weight_decay"])


def terminal_phase() -> Recipe:
    """Three losses, far beyond the point where the training images are all classified.

    After [papyan2020prevalence] and [han2022neural], at the size of a CPU: 2,000 images of
    ``fashion-mini``, a perceptron of three hidden layers, 6,000 steps of 100 images (300 passes)
    with weight decay 0.002. Cost: half a minute a run on one core. Expected: under the square loss
    the training features collapse; under cross-entropy they stop halfway at this length; test
    features collapse far less under every loss.
    """
    presets = {
        "full": Grid({"objective": tuple(LOSSES)}, fixed=SMALL),
        "tiny": Grid({"objective": tuple(LOSSES)}, fixed=QUICK),
    }
    return Recipe("terminal_phase", CHAPTER, presets, run_cell, terminal_phase.__doc__ or "")


def terminal_phase_cifar10() -> Recipe:
    """Cross-entropy and the square loss on 1,000 images of CIFAR-10, a residual network.

    The data and the kind of network of [papyan2020prevalence] at a size for the CPU: nine layers,
    64 features, 1,000 steps of 100 images (100 passes), no augmentation. Cost: about two minutes
    a run on one core. Expected: as the perceptron, with a lower test accuracy.
    """
    fixed = {**SMALL, "images": "cifar10", "network": "residual", "width": 8}
    fixed |= {"per_class": 100, "steps": 1000, "rows": 5}
    quick = {**QUICK, "network": "residual", "width": 2}
    losses = ("cross-entropy", "square")
    presets = {
        "full": Grid({"objective": losses}, fixed=fixed),
        "tiny": Grid({"objective": losses}, fixed=quick),
    }
    about = terminal_phase_cifar10.__doc__ or ""
    return Recipe("terminal_phase_cifar10", CHAPTER, presets, run_cell, about)


def imbalanced() -> Recipe:
    """Five classes of 400 images and five of 400/R, for R = 1, 10, 100, under two losses.

    The setting of [fang2021exploring] and [dang2023neural] at the size of a CPU: ``fashion-mini``,
    the perceptron of ``terminal_phase``, 4,000 steps. Cost: half a minute a run on one core.
    Expected: as R grows the minority rows of the classifier shorten and turn towards one another
    and the accuracy on the minority classes falls.
    """
    fixed = {**SMALL, "per_class": 400, "steps": 4000, "rows": 8}
    presets = {
        "full": Grid(
            {"objective": ("cross-entropy", "square"), "ratio": (1, 10, 100)}, fixed=fixed
        ),
        "tiny": Grid({"objective": ("cross-entropy", "square"), "ratio": (1, 10)}, fixed=QUICK),
    }
    return Recipe("imbalanced", CHAPTER, presets, run_cell, imbalanced.__doc__ or "")


RECIPES = (terminal_phase, terminal_phase_cifar10, imbalanced)
