"""The recipes of the chapter in which the four techniques meet on the same networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from runtheory import data, nets
from runtheory.data.image_set import channel_statistics
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.instruments import interplay as probes
from runtheory.instruments.collapse import CollapseProbe
from runtheory.instruments.interplay import DRAWS, RATE, Inspection, smoothed
from runtheory.instruments.robustness import Probes
from runtheory.mixing.objective import MixedObjective, TargetLoss, soft_cross_entropy
from runtheory.mixing.targets import soft_targets
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Cell, Grid, Recipe
from runtheory.recipes.shared import cell_network
from runtheory.records import Row
from runtheory.shapes import Images, Labels, RawImages, Scalar
from runtheory.training import Objective, Settings, classification, train

CHAPTER = "interplay"
DROPOUT = ("plain", "dropout", "multi-sample dropout")
MIXING = ("none", "mixup", "cutmix")
SAMPLES = {"plain": 0, "dropout": 1, "multi-sample dropout": 8}
SMALL: Cell = {
    "images": "fashion-mini",
    "pairs_per_class": 500,
    "width": 16,
    "batch_size": 100,
    "steps": 4000,
    "peak_learning_rate": 0.05,
}
QUICK: Cell = {**SMALL, "pairs_per_class": 20, "width": 4, "batch_size": 50, "steps": 8}


@dataclass(frozen=True)
class SmoothedObjective:
    """The loss of the same images against targets smoothed by the mean pasted share of CutMix."""

    classes: int
    loss: TargetLoss

    def __call__(self, net: nn.Module, images: Images, labels: Labels, streams: Streams) -> Scalar:
        return self.loss(net, images, smoothed(soft_targets(labels, self.classes)), streams)


def objective(dropout: str, mixing: str, *, classes: int) -> Objective:
    """Return the objective of one combination.

    Dropout of rate 1/2 acts on the features before the linear head, under one mask or eight
    independent ones for each example. Mixup and CutMix have alpha 1, in every step, each image with
    a share or box of its own. ``smoothing`` smooths labels by CutMix's mean pasted share.
    """
    samples = SAMPLES[dropout]
    if mixing == "none":
        return MultiSampleObjective(samples, RATE) if samples else classification
    loss = MultiSampleObjective(samples, RATE) if samples else soft_cross_entropy
    if mixing == "smoothing":
        return SmoothedObjective(classes, loss)
    return MixedObjective(DRAWS[mixing], classes, loss)


@dataclass(frozen=True, eq=False)
class Halves:
    """A super-sample: the image set that is trained on, and the other copy of every pair.

    Training image i and held image i have one class and form a pair, of which a fair coin chose.
    """

    image_set: data.ImageSet
    held_images: RawImages
    held_labels: Labels


def halves(image_set: data.ImageSet, pairs_per_class: int, seed: int) -> Halves:
    """Pair training images within each class, at random, and let a coin choose from each pair.

    Raises
    ------
    ValueError
        If a class has fewer than 2 ``pairs_per_class`` training images.
    """
    chosen = data.subset(image_set, 2 * pairs_per_class, generator=stream(seed, "chosen images"))
    pairs = _pairs(chosen.train_labels, len(chosen.classes), stream(seed, "pairs"))
    coins = torch.randint(2, (len(pairs), 1), generator=stream(seed, "coins"))
    kept, held = (pairs.gather(1, column).squeeze(1) for column in (coins, 1 - coins))
    images, labels = chosen.train_images, chosen.train_labels
    statistics = channel_statistics(images[kept])
    trained = replace(
        chosen,
        train_images=images[kept],
        train_labels=labels[kept],
        mean=statistics.mean,
        deviation=statistics.deviation,
    )
    return Halves(trained, images[held], labels[held])


def _pairs(labels: Labels, classes: int, generator: torch.Generator) -> Int64[Tensor, "pair 2"]:
    order = torch.randperm(len(labels), generator=generator)
    members = [order[labels[order] == label] for label in range(classes)]
    return torch.cat([found.reshape(-1, 2) for found in members])


def trained(
    cell: Cell, split: Halves, device: str, checkpoint: Path | None
) -> tuple[nets.Classifier, Row]:
    """Return the network of one cell after training, and the row of its last step.

    Runs of one seed share their super-sample, initial weights, batches, masks and mixing draws.
    """
    image_set = split.image_set
    net = cell_network(cell, image_set, pooled=True)
    settings = Settings(
        steps=cell["steps"],
        batch_size=cell["batch_size"],
        learning_rate=cell["peak_learning_rate"],
        checkpoint_every=max(1, cell["steps"] // 4),
    )
    rows = train(
        net,
        image_set,
        objective(cell["dropout"], cell["mixing"], classes=len(image_set.classes)),
        settings,
        streams=Streams(cell["seed"], device=device),
        checkpoint=checkpoint,
    )
    return net, list(rows)[-1].flat()


def run_cell(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train one combination and return one row: all the book's instruments on the network."""
    split = halves(data.load(cell["images"]), cell["pairs_per_class"], cell["seed"])
    split = Halves(
        split.image_set.to(device), split.held_images.to(device), split.held_labels.to(device)
    )
    net, row = trained(cell, split, device, checkpoint)
    seen = Inspection(net, split.image_set, cell["seed"])
    samples = SAMPLES[cell["dropout"]]
    row |= Probes(split.image_set, cell["seed"])(net)
    row |= CollapseProbe(split.image_set, "cross-entropy", Settings.weight_decay)(net)
    row |= probes.pair_counts(seen, split.held_images, split.held_labels)
    row |= probes.dropout_measures(seen)
    row |= probes.logit_gaps(seen)
    row |= probes.mixture_measures(seen)
    row |= probes.gradient_sources(seen, mixing=cell["mixing"], samples=samples)
    return [row | probes.shown_points(seen)]


def interplay() -> Recipe:
    """Every combination of three kinds of dropout and three of mixing, under all instruments.

    5,000 images of ``fashion-mini``, one of each of 5,000 pairs; a convolutional network of 43,000
    parameters with global average pooling and a linear head; 4,000 steps of 100 images. A tenth
    network smooths its labels as much as CutMix does on average, and four run for 300 steps only:
    a lab repeats those. Cost: 75 seconds a run on one core. Expected: mixing lowers the gap between
    test and training error, and with it the bound; the classifier stays near the simplex frame
    under mixing; multi-sample dropout differs from dropout in noise alone.
    """
    smoothing = {"dropout": ("plain",), "mixing": ("smoothing",)}
    corners = {"dropout": ("plain", "multi-sample dropout"), "mixing": ("none", "cutmix")}
    short = {**SMALL, "steps": 300}
    also = (Grid(smoothing, fixed=SMALL), Grid(corners, fixed=short))
    presets = {
        "full": Grid({"dropout": DROPOUT, "mixing": MIXING}, fixed=SMALL, also=also),
        "tiny": Grid(corners, fixed=QUICK, also=(Grid(smoothing, fixed=QUICK),)),
    }
    return Recipe("interplay", CHAPTER, presets, run_cell, interplay.__doc__ or "")


def cifar10_interplay() -> Recipe:
    """The nine combinations on 5,000 images of CIFAR-10.

    As ``interplay``; no other augmentation. Cost: three minutes a run on one core. Expected: the
    same signs, larger differences.
    """
    fixed = {**SMALL, "images": "cifar10"}
    quick = {"dropout": ("plain", "dropout"), "mixing": ("none", "cutmix")}
    presets = {
        "full": Grid({"dropout": DROPOUT, "mixing": MIXING}, fixed=fixed),
        "tiny": Grid(quick, fixed=QUICK),
    }
    return Recipe("cifar10_interplay", CHAPTER, presets, run_cell, cifar10_interplay.__doc__ or "")


RECIPES = (interplay, cifar10_interplay)
