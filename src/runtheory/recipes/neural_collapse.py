"""Recipes train networks long past the last error, on classes of one size or of two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch.nn import functional

from runtheory import data, nets
from runtheory.instruments.collapse import CollapseProbe
from runtheory.instruments.groups import GroupProbe
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Arm, Grid, by_name, recipe
from runtheory.recipes.shared import Experiment, TrainedCell, train_and_measure
from runtheory.records import Row
from runtheory.shapes import Images, Labels, Logits, Scalar
from runtheory.training.loop import Evaluate


@dataclass(frozen=True)
class LossArm(Arm):
    """A loss of logits and labels, which is trained and measured; its labels may be smoothed."""

    loss: Callable[..., Scalar]
    label_smoothing: float = 0.0

    def __call__(self, logits: Logits, labels: Labels) -> Scalar:
        """Return the mean loss."""
        if self.label_smoothing:
            return self.loss(logits, labels, label_smoothing=self.label_smoothing)
        return self.loss(logits, labels)


def one_hot_square_loss(logits: Logits, labels: Labels) -> Scalar:
    """Return the mean of ||z - e_y||^2 / 2, summed over classes: that of the feature models."""
    targets = functional.one_hot(labels, logits.shape[1]).to(logits)  # (batch, class)
    return (logits - targets).square().sum(1).mean() / 2


CROSS_ENTROPY = LossArm("cross-entropy", functional.cross_entropy)
SMOOTHED = LossArm("smoothed cross-entropy", functional.cross_entropy, label_smoothing=0.1)
SQUARE = LossArm("square", one_hot_square_loss)
LOSSES = by_name(CROSS_ENTROPY, SMOOTHED, SQUARE)


@dataclass(frozen=True)
class NetworkArm(Arm):
    """A kind of network; ``build(cell, image_set, generator=...)`` returns it untrained."""

    build: Callable[..., nets.Classifier]
    layers: int


def build_perceptron(
    cell: CollapseCell, image_set: data.ImageSet, *, generator: torch.Generator
) -> nets.Classifier:
    """Return a perceptron with hidden layers of one width and a linear head."""
    inputs, classes = image_set.train_images[0].numel(), len(image_set.classes)
    widths = (cell.width,) * cell.network.layers
    return nets.perceptron(inputs=inputs, classes=classes, widths=widths, generator=generator)


def build_normalised(
    cell: CollapseCell, image_set: data.ImageSet, *, generator: torch.Generator
) -> nets.Classifier:
    """Return the same perceptron with a batch normalisation before each ReLU."""
    inputs, classes = image_set.train_images[0].numel(), len(image_set.classes)
    widths = (cell.width,) * cell.network.layers
    return nets.perceptron(
        inputs=inputs, classes=classes, widths=widths, normalised=True, generator=generator
    )


def build_without_bias(
    cell: CollapseCell, image_set: data.ImageSet, *, generator: torch.Generator
) -> nets.Classifier:
    """Return the same perceptron, its initial weights too, with a head that has no bias."""
    net = build_perceptron(cell, image_set, generator=generator)
    net.linear.register_parameter("bias", None)
    return net


def build_residual_net(
    cell: CollapseCell, image_set: data.ImageSet, *, generator: torch.Generator
) -> nets.Classifier:
    """Return the residual network, whose last maps are eight times as many as the width."""
    channels, classes = image_set.train_images.shape[1], len(image_set.classes)
    return nets.residual_net(
        generator=generator, channels=channels, classes=classes, width=cell.width
    )


PERCEPTRON = NetworkArm("perceptron", build_perceptron, layers=3)
UNBIASED = NetworkArm("perceptron without a bias at the head", build_without_bias, layers=3)
DEEP = NetworkArm("deep perceptron", build_perceptron, layers=7)
NORMALISED = NetworkArm("normalised deep perceptron", build_normalised, layers=7)
RESIDUAL = NetworkArm("residual", build_residual_net, layers=9)


@dataclass(frozen=True, kw_only=True)
class CollapseCell(TrainedCell):
    """One loss on ``per_class`` images of each class, ``ratio`` times fewer of the small ones.

    There are ``minority`` small classes, drawn by the seed; images of a larger ratio are among
    those of a smaller one.
    """

    objective: LossArm = CROSS_ENTROPY
    ratio: int = 1
    minority: int = 5
    images: str = "fashion-mini"
    per_class: int = 200
    network: NetworkArm = PERCEPTRON
    width: int = 256


SMALL = CollapseCell(steps=6000, rows=20, weight_decay=2e-3)
QUICK = replace(
    SMALL, per_class=20, width=16, batch_size=50, steps=8, rows=1, peak_learning_rate=0.01
)
LONG = replace(SMALL, per_class=400, steps=4000, rows=8)
CIFAR = replace(
    SMALL, images="cifar10", network=RESIDUAL, width=8, per_class=100, steps=1000, rows=5
)
LAYERED = CollapseCell(
    network=DEEP, per_class=100, width=100, peak_learning_rate=0.01, steps=1000, rows=2
)
ALL = {"objective": tuple(LOSSES.values())}
TWO = {"objective": (CROSS_ENTROPY, SQUARE)}


@dataclass(frozen=True)
class TrainedLoss:
    """The objective that trains one loss of the logits."""

    loss: LossArm

    def __call__(
        self, net: torch.nn.Module, images: Images, labels: Labels, streams: Streams
    ) -> Scalar:
        """Return the loss of one batch."""
        return self.loss(net(images), labels)


def minority_classes(seed: int, *, count: int = 5, classes: int = 10) -> tuple[int, ...]:
    """Return the ``count`` classes that a seed makes small, in rising order."""
    # A stream of its own: which classes are small does not move the images or the weights.
    order = torch.randperm(classes, generator=stream(seed, "minority classes"))
    return tuple(sorted(order[:count].tolist()))


def collapse_experiment(
    cell: CollapseCell, device: str = "cpu", *, measure: Callable[..., Evaluate] | None = None
) -> Experiment:
    """Return network, images, loss and ``measure(cell, image_set)`` of a cell.

    Runs of one seed share their initial weights, their images and the order of their batches. The
    measure is that of collapse unless another one is given.
    """
    image_set = _images(cell).to(device)
    net = cell.network.build(cell, image_set, generator=stream(cell.seed, "initial weights"))
    measured = (measure or _collapse)(cell, image_set)
    return Experiment(net.to(device), image_set, TrainedLoss(cell.objective), measured)


def _images(cell: CollapseCell) -> data.ImageSet:
    whole = data.load(cell.images)
    counts = [cell.per_class] * len(whole.classes)
    for label in minority_classes(cell.seed, count=cell.minority, classes=len(counts)):
        counts[label] = cell.per_class // cell.ratio  # subset: the first of those at ratio 1
    return data.subset(whole, counts, generator=stream(cell.seed, "chosen images"))


def _collapse(cell: CollapseCell, image_set: data.ImageSet) -> Evaluate:
    penalty = cell.weight_decay if cell.objective == SQUARE else None  # the parts are of this loss
    return CollapseProbe(image_set, cell.objective, penalty)


def _groups(cell: CollapseCell, image_set: data.ImageSet) -> Evaluate:
    classes = len(image_set.classes)
    small = minority_classes(cell.seed, count=cell.minority, classes=classes)
    square = cell.objective == SQUARE
    return GroupProbe(image_set, small, cell.weight_decay, square_frames=square)


@recipe(full=Grid(SMALL, ALL), tiny=Grid(QUICK, ALL))
def terminal_phase(cell: CollapseCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Three losses, far beyond the point where the training images are all classified.

    After [papyan2020prevalence] and [han2022neural], at the size of a CPU: 2,000 images of
    ``fashion-mini``, a perceptron of three hidden layers, 6,000 steps of 100 images (300 passes)
    with weight decay 0.002. Cost: about a minute a run on one core. Expected: under the square loss
    the training features collapse; under cross-entropy they stop halfway at this length; test
    features collapse far less under every loss.
    """
    return train_and_measure(cell, collapse_experiment(cell, device), checkpoint)


@recipe(full=Grid(CIFAR, TWO), tiny=Grid(replace(QUICK, network=RESIDUAL, width=2), TWO))
def terminal_phase_cifar10(
    cell: CollapseCell, device: str, checkpoint: Path | None
) -> Iterable[Row]:
    """Cross-entropy and the square loss on 1,000 images of CIFAR-10, a residual network.

    The data and the kind of network of [papyan2020prevalence] at a size for the CPU: nine layers,
    64 features, 1,000 steps of 100 images (100 passes), no augmentation. Cost: three minutes
    a run on one core. Expected: as the perceptron, with a lower test accuracy.
    """
    return train_and_measure(cell, collapse_experiment(cell, device), checkpoint)


@recipe(
    full=Grid(LONG, {**TWO, "ratio": (1, 10, 100)}),
    tiny=Grid(QUICK, {**TWO, "ratio": (1, 10)}),
)
def imbalanced(cell: CollapseCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Five classes of 400 images and five of 400/R, for R = 1, 10, 100, under two losses.

    The setting of [fang2021exploring] and [dang2023neural] at the size of a CPU: ``fashion-mini``,
    the perceptron of ``terminal_phase``, 4,000 steps. Cost: under a minute a run on one core.
    Expected: as R grows the minority rows of the classifier shorten and turn towards one another
    and the accuracy on the minority classes falls.
    """
    return train_and_measure(cell, collapse_experiment(cell, device, measure=_groups), checkpoint)


@recipe(
    full=Grid(replace(LONG, ratio=100), {**TWO, "network": (PERCEPTRON, UNBIASED)}),
    tiny=Grid(replace(QUICK, ratio=10), {**TWO, "network": (PERCEPTRON, UNBIASED)}),
)
def without_bias(cell: CollapseCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """The network of ``imbalanced`` at R = 100, its head with a bias and without.

    Whether the configurations that free features have without a bias, the right angles of the
    squared loss and the limit of cross-entropy as the decay vanishes [thrampoulidis2022imbalance],
    tell anything of a network. Cost: under a minute a run on one core. Expected: under
    cross-entropy the minority rows have a larger cosine without a bias than with one (in the limit
    0.34 against -0.06); under the squared loss, without a bias, W W' is nearer to the frame of the
    theorem without a bias than to that with a free one.
    """
    return train_and_measure(cell, collapse_experiment(cell, device, measure=_groups), checkpoint)


@recipe(
    full=Grid(LAYERED, {"network": (DEEP, NORMALISED)}),
    tiny=Grid(replace(QUICK, network=DEEP), {"network": (DEEP, NORMALISED)}),
)
def separation(cell: CollapseCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Seven hidden layers of 100 units, with and without batch normalisation, layer by layer.

    The setting of the code of [he2023law] for its perceptrons, as far as we have it: 100 images a
    class of clothes (here of 28 by 28 pixels, there of 10 by 10), cross-entropy, momentum, a
    learning rate of 0.01; here with a rate that rises and falls once, and 100 passes in place of
    600. Cost: ten seconds a run on one core. Expected: with batch normalisation the logarithm
    of the separation fuzziness is nearly a straight line over the layers, straighter than the
    fuzziness itself and straighter than without batch normalisation, where by the authors' notes
    the law fails.
    """
    return train_and_measure(cell, collapse_experiment(cell, device), checkpoint)
