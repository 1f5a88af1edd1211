"""The networks on which the four techniques meet: dropout times mixing, under every instrument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Int64
from torch import Tensor, nn
from torch.nn import functional

from runtheory import data
from runtheory.data.image_set import channel_statistics
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.instruments import interplay as instruments
from runtheory.instruments.collapse import CollapseProbe
from runtheory.instruments.interplay import Inspection
from runtheory.instruments.robustness import RobustnessProbe, RobustnessSettings
from runtheory.mixing.laws import label_smoothing
from runtheory.mixing.objective import TargetLoss, soft_cross_entropy
from runtheory.mixing.targets import smooth_targets, soft_targets
from runtheory.randomness import Streams, stream
from runtheory.recipes.cutmix.mixing_family import CUTMIX, MIXUP, NONE, MixingArm, MixingSettings
from runtheory.recipes.recipe import Arm, Grid, by_name, recipe
from runtheory.recipes.shared import Experiment, TrainedCell, convnet, train_and_measure
from runtheory.records import Row
from runtheory.shapes import Images, Labels, RawImages, Scalar
from runtheory.training import Objective


@dataclass(frozen=True)
class DropoutArm(Arm):
    """Dropout on the features before the head, under ``samples`` masks; none at 0."""

    samples: int

    def loss(self, rate: float) -> TargetLoss | None:
        """Return the loss under these masks, or None where there are none."""
        return MultiSampleObjective(self.samples, rate) if self.samples else None


@dataclass(frozen=True)
class SmoothingArm(MixingArm):
    """No mixing, but labels smoothed by the mean pasted share of CutMix."""

    def smoothing(self, cell: MixingSettings) -> float:
        """Return that share."""
        return label_smoothing(1.0, cell.alpha)

    def objective(
        self, cell: MixingSettings, *, classes: int, loss: TargetLoss | None = None
    ) -> Objective:
        """Return ``loss`` (cross-entropy, if none is given) against smoothed labels."""
        return SmoothedObjective(classes, loss or soft_cross_entropy, self.smoothing(cell))


@dataclass(frozen=True)
class SmoothedObjective:
    """A loss of the same images against targets of which ``amount`` is shared out evenly."""

    classes: int
    loss: TargetLoss
    amount: float

    def __call__(self, net: nn.Module, images: Images, labels: Labels, streams: Streams) -> Scalar:
        """Return the loss of one batch."""
        targets = smooth_targets(soft_targets(labels, self.classes), self.amount)
        return self.loss(net, images, targets, streams)


PLAIN, DROPPED = DropoutArm("plain", 0), DropoutArm("dropout", 1)
MULTI_SAMPLE = DropoutArm("multi-sample dropout", 8)
DROPOUT, MIXING = by_name(PLAIN, DROPPED, MULTI_SAMPLE), by_name(NONE, MIXUP, CUTMIX)
SMOOTHING = SmoothingArm("smoothing")


@dataclass(frozen=True, kw_only=True)
class InterplayCell(TrainedCell):
    """One kind of dropout and one of mixing, and what the instruments take.

    ``pairs_per_class`` images of each class are trained on, each chosen from a pair. ``rate`` is
    that of dropout, in training and in the instruments; mixing acts in every step with ``alpha``.
    """

    dropout: DropoutArm = PLAIN
    mixing: MixingArm = NONE
    rate: float = 0.5
    alpha: float = 1.0
    images: str = "fashion-mini"
    pairs_per_class: int = 500
    width: int = 16
    divergence_masks: int = 64
    mixed_pairs: int = 500
    path_intervals: int = 10
    gradient_examples: int = 256
    gradient_repeats: int = 3
    shown_classes: tuple[int, ...] = (0, 1, 6)
    shown_images: int = 25
    robustness: RobustnessSettings = field(default_factory=RobustnessSettings)


SMALL = InterplayCell(steps=4000)
QUICK = replace(SMALL, pairs_per_class=20, width=4, batch_size=50, steps=8, rows=2)
ALL = {"dropout": tuple(DROPOUT.values()), "mixing": tuple(MIXING.values())}
CORNERS = {"dropout": (PLAIN, MULTI_SAMPLE), "mixing": (NONE, CUTMIX)}
SMOOTHED: Mapping[str, tuple[Arm, ...]] = {"dropout": (PLAIN,), "mixing": (SMOOTHING,)}


@dataclass(frozen=True, eq=False)
class PairedSplit:
    """A super-sample: the image set that is trained on, and the other copy of every pair.

    Training image i and held-out image i have one class and form a pair, of which a fair coin
    chose.
    """

    image_set: data.ImageSet
    held_out_images: RawImages
    held_out_labels: Labels


def paired_split(image_set: data.ImageSet, pairs_per_class: int, *, seed: int) -> PairedSplit:
    """Pair training images within each class, at random, and let a coin choose from each pair.

    Raises
    ------
    ValueError
        If a class has fewer than 2 ``pairs_per_class`` training images.
    """
    chosen = data.subset(image_set, 2 * pairs_per_class, generator=stream(seed, "chosen images"))
    pairs = _pairs(chosen.train_labels, len(chosen.classes), stream(seed, "pairs"))
    coins = torch.randint(2, (len(pairs), 1), generator=stream(seed, "coins"))
    # Column `coin` of a pair is trained on, the other one is held out.
    trained, held_out = (pairs.gather(1, column).squeeze(1) for column in (coins, 1 - coins))
    images, labels = chosen.train_images, chosen.train_labels
    statistics = channel_statistics(images[trained])
    trained_on = replace(
        chosen,
        train_images=images[trained],
        train_labels=labels[trained],
        mean=statistics.mean,
        deviation=statistics.deviation,
    )
    return PairedSplit(trained_on, images[held_out], labels[held_out])


def _pairs(labels: Labels, classes: int, generator: torch.Generator) -> Int64[Tensor, "pair 2"]:
    order = torch.randperm(len(labels), generator=generator)
    members = [order[labels[order] == label] for label in range(classes)]
    return torch.cat([one_class.reshape(-1, 2) for one_class in members])


def interplay_experiment(cell: InterplayCell, image_set: data.ImageSet) -> Experiment:
    """Return the network of one combination and its objective on an image set.

    Runs of one seed share their super-sample, initial weights, batches, masks and mixing draws.
    """
    net = convnet(image_set, seed=cell.seed, width=cell.width, pooled=True)
    loss = cell.dropout.loss(cell.rate)
    objective = cell.mixing.objective(cell, classes=len(image_set.classes), loss=loss)
    return Experiment(net, image_set, objective)


def inspect_network(network: Inspection, cell: InterplayCell, split: PairedSplit) -> Row:
    """Return what all the book's instruments measure on a trained network."""
    net, images = network.net, network.image_set
    draws = {arm.name: draw for arm in MIXING.values() if (draw := arm.bind(cell))}
    shares = [step / cell.path_intervals for step in range(cell.path_intervals + 1)]
    return {
        **RobustnessProbe(images, cell.seed, cell.robustness)(net),
        **CollapseProbe(images, functional.cross_entropy)(net),
        **instruments.pair_counts(network, split.held_out_images, split.held_out_labels),
        **instruments.dropout_measures(network, rate=cell.rate, masks=cell.divergence_masks),
        **instruments.logit_gaps(network),
        **instruments.mixture_measures(network, draws=draws, pairs=cell.mixed_pairs, shares=shares),
        **instruments.gradient_sources(
            network,
            draw=cell.mixing.bind(cell),
            smoothing=cell.mixing.smoothing(cell),
            samples=cell.dropout.samples,
            rate=cell.rate,
            examples=cell.gradient_examples,
            repeats=cell.gradient_repeats,
        ),
        **instruments.shown_points(network, classes=cell.shown_classes, count=cell.shown_images),
    }


def train_and_inspect(cell: InterplayCell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train one combination and return one row: all the book's instruments on the network."""
    whole = paired_split(data.load(cell.images), cell.pairs_per_class, seed=cell.seed)
    split = PairedSplit(
        whole.image_set.to(device),
        whole.held_out_images.to(device),
        whole.held_out_labels.to(device),
    )
    experiment = interplay_experiment(cell, split.image_set)
    *_, row = train_and_measure(cell, experiment, checkpoint)
    network = Inspection(experiment.net, split.image_set, cell.seed)
    return [row | inspect_network(network, cell, split)]


@recipe(
    full=Grid(SMALL, ALL, also=(Grid(SMALL, SMOOTHED), Grid(replace(SMALL, steps=300), CORNERS))),
    tiny=Grid(QUICK, CORNERS, also=(Grid(QUICK, SMOOTHED),)),
)
def interplay(cell: InterplayCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Every combination of three kinds of dropout and three of mixing, under all instruments.

    5,000 images of ``fashion-mini``, one of each of 5,000 pairs; a convolutional network of 42,000
    parameters with global average pooling and a linear head; 4,000 steps of 100 images. A tenth
    network smooths its labels as much as CutMix does on average, and four run for 300 steps only:
    a lab repeats one of them. Cost: half a minute a run on one core. Expected: mixing lowers the
    gap between test and training error, and with it the bound; the classifier stays near the
    simplex frame under mixing; multi-sample dropout differs from dropout in noise alone.
    """
    return train_and_inspect(cell, device, checkpoint)


@recipe(
    full=Grid(replace(SMALL, images="cifar10"), ALL),
    tiny=Grid(QUICK, {"dropout": (PLAIN, DROPPED), "mixing": (NONE, CUTMIX)}),
)
def cifar10_interplay(cell: InterplayCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """The nine combinations on 5,000 images of CIFAR-10.

    As ``interplay``; no other augmentation. Cost: three minutes a run on one core. Expected: the
    same signs, larger differences.
    """
    return train_and_inspect(cell, device, checkpoint)
