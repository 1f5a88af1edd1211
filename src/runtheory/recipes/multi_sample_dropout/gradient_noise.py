"""Recipes of the chapter on multi-sample dropout that measure noise and time."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from runtheory import data, nets
from runtheory.dropout.cost import fit_cost, measure_steps
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.dropout.variance import gradient_variance
from runtheory.randomness import Streams, stream
from runtheory.recipes.recipe import Cell, Grid, Recipe
from runtheory.records import Row
from runtheory.training import Settings, train

CHAPTER = "multi_sample_dropout"
EXAMPLES = 256


def run_noise(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train with one mask for each example; split the gradient's variance at every row."""
    image_set = data.load("fashion-mini").to(device)
    net = nets.small_convnet(
        generator=stream(cell["seed"], "initial weights"), width=cell["width"]
    ).to(device)
    order = torch.randperm(len(image_set.train_images), generator=stream(cell["seed"], "measured"))
    chosen = order[:EXAMPLES].to(device)
    images = data.normalise(image_set.train_images[chosen], image_set)
    labels = image_set.train_labels[chosen]

    def split(network: nn.Module) -> dict[str, float]:
        found = gradient_variance(
            network,
            images,
            labels,
            rate=cell["rate"],
            repeats=4,
            generator=stream(cell["seed"], "measuring masks", device=device),
        )
        return {
            "data_variance": found.data,
            "mask_variance": found.mask,
            "ratio": found.ratio,
            "ratio_error": found.ratio_error,
        }

    settings = Settings(
        steps=cell["steps"],
        batch_size=100,
        learning_rate=0.05,
        evaluate_every=max(1, cell["steps"] // 6),
    )
    objective = MultiSampleObjective(1, cell["rate"])
    streams = Streams(cell["seed"], device=device)
    rows = train(
        net, image_set, objective, settings, streams=streams, evaluate=split, checkpoint=checkpoint
    )
    return [row.flat() for row in rows]


def run_step_time(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Time steps of several numbers of masks in turns, and predict them by the fitted line."""
    image_set = data.load("fashion-mini").to(device)
    net = nets.small_convnet(
        generator=stream(cell["seed"], "initial weights"), width=cell["width"]
    ).to(device)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = data.normalise(image_set.train_images[:100], image_set)
    times = measure_steps(
        net,
        images.contiguous(memory_format=torch.channels_last),
        image_set.train_labels[:100],
        samples=(1, 2, 4, 8, 16, 32),
        rate=0.5,
        repetitions=cell["repetitions"],
        streams=Streams(cell["seed"], device=device),
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


def noise() -> Recipe:
    """The two parts of the gradient's variance while a network is trained, at three rates.

    The network and data of the recipe ``grid``. Cost: about a minute a run on one core. Expected:
    the share of the masks grows with the rate; how it moves during training is the question.
    """
    presets = {
        "full": Grid({"rate": (0.2, 0.5, 0.8)}, fixed={"width": 8, "steps": 1500}),
        "tiny": Grid({"rate": (0.5,)}, fixed={"width": 4, "steps": 4}),
    }
    return Recipe("noise", CHAPTER, presets, run_noise, noise.__doc__ or "")


def step_time() -> Recipe:
    """Seconds of one step against the number of masks, for the network of the recipe ``grid``.

    Numbers of masks take turns, so that a machine that slows down slows all of them alike; medians.
    Cost: half a minute. Expected: a straight line, the body's cost plus one head's for each mask.
    """
    presets = {
        "full": Grid({"width": (8,)}, fixed={"repetitions": 200}),
        "tiny": Grid({"width": (4,)}, fixed={"repetitions": 2}),
    }
    return Recipe("step_time", CHAPTER, presets, run_step_time, step_time.__doc__ or "")


RECIPES = (noise, step_time)
