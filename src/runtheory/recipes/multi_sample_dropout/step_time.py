"""The time of a training step against the number of dropout masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from runtheory import data
from runtheory.dropout.cost import fit_cost, measure_steps
from runtheory.randomness import Streams
from runtheory.recipes.recipe import Cell, Grid, recipe
from runtheory.recipes.shared import convnet
from runtheory.records import Row


@dataclass(frozen=True, kw_only=True)
class StepTimeCell(Cell):
    """``repetitions`` steps of ``batch_size`` images for each number in ``timed_samples``."""

    width: int = 8
    repetitions: int = 200
    images: str = "fashion-mini"
    batch_size: int = 100
    hidden: int = 128
    rate: float = 0.5
    timed_samples: tuple[int, ...] = (1, 2, 4, 8, 16, 32)


@recipe(
    full=Grid(StepTimeCell(), {"width": (8,)}),
    tiny=Grid(StepTimeCell(repetitions=2), {"width": (4,)}),
)
def step_time(cell: StepTimeCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Seconds of one step against the number of masks, for the network of the recipe ``grid``.

    Numbers of masks take turns, so that a machine that slows down slows all of them alike; medians.
    Cost: half a minute. Expected: a straight line, the body's cost plus one head's for each mask.
    """
    image_set = data.load(cell.images).to(device)
    net = convnet(image_set, seed=cell.seed, width=cell.width, hidden=cell.hidden)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = data.normalise(image_set.train_images[: cell.batch_size], image_set)
    times = measure_steps(
        net,
        images.contiguous(memory_format=torch.channels_last),
        image_set.train_labels[: cell.batch_size],
        samples=cell.timed_samples,
        rate=cell.rate,
        repetitions=cell.repetitions,
        streams=Streams(cell.seed, device=device),
    )
    cost = fit_cost(times)
    return [
        {
            "samples": one.samples,
            "milliseconds": 1000 * one.seconds,
            "spread": 1000 * one.spread,
            "predicted": 1000 * cost.seconds(one.samples),
            "body_cost": 1000 * cost.body,
            "head_cost": 1000 * cost.head,
        }
        for one in times
    ]
