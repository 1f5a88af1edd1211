"""Networks trained under multi-sample dropout: what the number of masks does to the objective."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from runtheory import data, evaluation
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.modes import evaluating
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Grid, recipe
from runtheory.recipes.shared import (
    ConvnetCell,
    Experiment,
    chosen_images,
    convnet,
    train_and_measure,
)
from runtheory.records import Row

# The body costs as much as this many passes of the head (the record `step_time`), so the batches of
# `equal_cost` cost the same at every number of samples.
BODY_COST = 11.5
PLAIN = {"samples": (1,), "rate": (0.0,)}


@dataclass(frozen=True, kw_only=True)
class MasksCell(ConvnetCell):
    """``samples`` masks of ``rate`` for each example, before a head of ``hidden`` units.

    A row measures the objective by ``measuring_masks`` masks for each of ``measured_images``.
    """

    samples: int = 1
    rate: float = 0.5
    hidden: int = 128
    measured_images: int = 2000
    measuring_masks: int = 8


SMALL = MasksCell(width=8, steps=1500, rows=10)
QUICK = replace(SMALL, per_class=20, batch_size=50, steps=8)
CIFAR = replace(SMALL, images="cifar10", width=16)


def train_under_masks(cell: MasksCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Train one small convolutional network under multi-sample dropout.

    Runs of one seed share their initial weights, their batches and their measured images.
    """
    image_set = chosen_images(cell, device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, hidden=cell.hidden)
    objective = MultiSampleObjective(cell.samples, cell.rate)
    experiment = Experiment(net, image_set, objective, DropoutProbe(image_set, cell))
    return train_and_measure(cell, experiment, checkpoint)


@dataclass(frozen=True, eq=False)
class DropoutProbe:
    """Scores of a network on the test set, and on training images without and with dropout.

    ``dropout_loss`` estimates the objective itself, the expected loss under dropout; it is the same
    function of the network for every number of samples, and the same masks measure all of them.
    """

    image_set: data.ImageSet
    cell: MasksCell

    @torch.no_grad()
    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return all measures as plain numbers."""
        images, labels = self._measured_images()
        test = evaluation.score_network(
            net,
            self.image_set.test_images,
            labels=self.image_set.test_labels,
            statistics=self.image_set,
        )
        train = evaluation.score_network(net, images, labels=labels, statistics=self.image_set)
        objective = MultiSampleObjective(self.cell.measuring_masks, self.cell.rate)
        streams = Streams(self.cell.seed, device=images.device)
        with evaluating(net):
            loss = objective(net, data.normalise(images, self.image_set), labels, streams)
        return {
            "test_accuracy": test["accuracy"],
            "test_loss": test["cross_entropy"],
            "test_calibration_error": test["calibration_error"],
            "train_accuracy": train["accuracy"],
            "train_loss": train["cross_entropy"],
            "dropout_loss": loss.item(),
        }

    def _measured_images(self) -> tuple[Tensor, Tensor]:
        images, labels = self.image_set.train_images, self.image_set.train_labels
        order = torch.randperm(len(images), generator=stream(self.cell.seed, "measured"))
        index = order[: self.cell.measured_images].to(images.device)
        return images[index], labels[index]


@recipe(
    full=Grid(
        SMALL,
        {"samples": (1, 2, 4, 8, 16), "rate": (0.2, 0.5, 0.8)},
        also=(Grid(SMALL, PLAIN),),
    ),
    tiny=Grid(QUICK, {"samples": (1, 4), "rate": (0.5,)}),
)
def grid(cell: MasksCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Five numbers of masks at three rates, and no dropout, on 10,000 small images.

    After [inoue2019multi], at the size of a CPU: ``fashion-mini``, a network of 49,000 parameters,
    1,500 steps of 100 images. Cost: about 40 seconds a run on one core. Expected: at a high rate
    more masks lower the training loss after equal steps; differences in test accuracy are small
    beside the spread over seeds.
    """
    return train_under_masks(cell, device, checkpoint)


def equal_cost_grid(samples: int) -> Grid[MasksCell]:
    """Return two rates for a number of masks, the batch size chosen so that a step costs as much.

    The learning rate is constant, so that the noise of the gradient keeps its say to the end.
    """
    batch_size = round(128 * (BODY_COST + 1) / (BODY_COST + samples))
    cell = replace(SMALL, batch_size=batch_size, floor=1.0, peak_learning_rate=0.02)
    return Grid(cell, {"samples": (samples,), "rate": (0.5, 0.8)})


@recipe(
    full=replace(equal_cost_grid(1), also=tuple(map(equal_cost_grid, (2, 4, 8, 16, 32)))),
    tiny=Grid(replace(QUICK, floor=1.0), {"samples": (1, 2), "rate": (0.5,)}),
)
def equal_cost(cell: MasksCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Numbers of masks that trade against the batch size at one arithmetic cost for each step.

    The test of the best number of masks: constant learning rate, so that the noise of the gradient
    keeps its say to the end. Cost: 15 seconds a run on one core. Expected: the objective is lowest
    near the number of masks with the least gradient variance, if gradient variance is what counts.
    """
    return train_under_masks(cell, device, checkpoint)


@recipe(
    full=Grid(CIFAR, {"samples": (1, 2, 8), "rate": (0.5,)}, also=(Grid(CIFAR, PLAIN),)),
    tiny=Grid(QUICK, {"samples": (1, 2), "rate": (0.5,)}),
)
def cifar10(cell: MasksCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """One, two and eight masks at rate one half, and no dropout, on 10,000 images of CIFAR-10.

    The paper's data at a size for the CPU: 174,000 parameters, 1,500 steps of 100
    images. Cost: about a minute a run on one core. Expected: as the grid.
    """
    return train_under_masks(cell, device, checkpoint)
