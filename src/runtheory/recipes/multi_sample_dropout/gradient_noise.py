"""The two parts of the gradient's variance, data and masks, while a network is trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from runtheory import data
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.dropout.variance import gradient_variance
from runtheory.randomness import stream
from runtheory.recipes.recipe import Grid, recipe
from runtheory.recipes.shared import Experiment, TrainedCell, convnet, train_and_measure
from runtheory.records import Row


@dataclass(frozen=True, kw_only=True)
class NoiseCell(TrainedCell):
    """Dropout of ``rate`` with ``samples`` masks; a row splits the variance of the gradient.

    ``repeats`` masks of each of ``measured_images`` training images measure it.
    """

    rate: float = 0.5
    samples: int = 1
    measured_images: int = 256
    repeats: int = 4
    images: str = "fashion-mini"
    width: int = 8
    hidden: int = 128


SMALL = NoiseCell(steps=1500, rows=6)


@dataclass(frozen=True, eq=False)
class VarianceProbe:
    """The variance of an example's gradient: over examples, and over the masks of one example."""

    image_set: data.ImageSet
    cell: NoiseCell

    def __call__(self, net: nn.Module) -> dict[str, float]:
        """Return both parts, their ratio and its standard error."""
        images, cell = self.image_set, self.cell
        order = torch.randperm(len(images.train_images), generator=stream(cell.seed, "measured"))
        index = order[: cell.measured_images].to(images.train_images.device)
        variance = gradient_variance(
            net,
            data.normalise(images.train_images[index], images),
            images.train_labels[index],
            rate=cell.rate,
            repeats=cell.repeats,
            generator=stream(cell.seed, "measuring masks", device=index.device),
        )
        return {
            "data_variance": variance.data,
            "mask_variance": variance.mask,
            "ratio": variance.ratio,
            "ratio_error": variance.ratio_error,
        }


@recipe(
    full=Grid(SMALL, {"rate": (0.2, 0.5, 0.8)}),
    tiny=Grid(replace(SMALL, width=4, steps=4), {"rate": (0.5,)}),
)
def noise(cell: NoiseCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """The two parts of the gradient's variance while a network is trained, at three rates.

    The network and data of the recipe ``grid``. Cost: about a minute a run on one core. Expected:
    the share of the masks grows with the rate; how it moves during training is the question.
    """
    image_set = data.load(cell.images).to(device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, hidden=cell.hidden)
    objective = MultiSampleObjective(cell.samples, cell.rate)
    experiment = Experiment(net, image_set, objective, VarianceProbe(image_set, cell))
    return train_and_measure(cell, experiment, checkpoint)
