"""Recipe of the chapter on CutMix that trains the patch model of rare features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from runtheory.data import FeatureNoise, feature_directions, feature_noise
from runtheory.mixing import patches as mixing
from runtheory.mixing.patch_network import (
    Augment,
    Filters,
    descend,
    feature_response,
    patch_logits,
)
from runtheory.randomness import Streams
from runtheory.recipes.recipe import Cell, Grid, Recipe
from runtheory.records import Row

CHAPTER = "cutmix"
# How many of the 100 training examples carry each feature; the columns are named by these numbers.
COUNTS = (64, 20, 10, 4, 2)
FRESH = 1000
MARKS = (10, 20, 40, 80, 160, 320, 640, 1280)
STRONG: Cell = {
    "dimension": 4000,
    "dominant": 60.0,
    "background": 6.0,
    "patches": 4,
    "removed": 1,
    "learning_rate": 3.0,
    "steps": 2500,
}
QUICK: Cell = {**STRONG, "dimension": 500, "steps": 12}


@dataclass(frozen=True, eq=False)
class PatchTask:
    """The directions of the features, the training examples and as many fresh ones of each feature.

    All are coordinates in an orthonormal basis of the span of the features and of the training
    patches. Gradient descent never leaves that span, and isotropic noise projected on it is again
    isotropic; so nothing is lost, and the training is many times cheaper than in all dimensions.
    """

    directions: Float[Tensor, "feature coordinate"]
    training: FeatureNoise
    fresh: FeatureNoise


def patch_task(cell: Cell, streams: Streams) -> PatchTask:
    """Draw the task of a cell: feature k occurs exactly ``COUNTS[k]`` times in training.

    ``dominant`` and ``background`` are the expected squared norms of the two kinds of noise patch,
    beside 1 for a feature.
    """
    directions = feature_directions(
        len(COUNTS), cell["dimension"], generator=streams["feature directions"]
    )
    training = _examples(directions, COUNTS, cell, streams["training examples"])
    places = torch.arange(cell["patches"], device=directions.device)
    noise = training.patches[places != training.feature_places[:, None]]
    basis = torch.linalg.qr(torch.cat([directions, noise]).T).Q
    inside = FeatureNoise(
        training.patches @ basis,
        training.labels,
        training.features,
        training.feature_places,
        training.noise_places,
    )
    projected = directions @ basis
    counts = (FRESH,) * len(COUNTS)
    fresh = _examples(projected, counts, cell, streams["fresh examples"])
    return PatchTask(projected, inside, fresh)


def _examples(
    directions: Tensor, counts: tuple[int, ...], cell: Cell, generator: torch.Generator
) -> FeatureNoise:
    deviations = tuple(
        (cell[kind] / cell["dimension"]) ** 0.5 for kind in ("dominant", "background")
    )
    groups = [
        feature_noise(
            count,
            directions,
            frequencies=tuple(map(float, one_hot(torch.tensor(k), len(counts)))),
            patches=cell["patches"],
            deviations=(deviations[0], deviations[1]),
            generator=generator,
        )
        for k, count in enumerate(counts)
    ]
    return FeatureNoise(
        torch.cat([group.patches for group in groups]),
        torch.cat([group.labels for group in groups]),
        torch.cat([group.features for group in groups]),
        torch.cat([group.feature_places for group in groups]),
        torch.cat([group.noise_places for group in groups]),
    )


def augmentation(name: str, *, removed: int, generator: torch.Generator) -> Augment:
    """Return what a training step does to its examples: "none", "cutout", "cutmix" or "mixup".

    CutMix draws the number of pasted patches uniformly, mixup its weight; both draw a partner for
    each example.

    Raises
    ------
    ValueError
        If there is no augmentation of that name.
    """
    known: dict[str, Augment] = {
        "none": _plain,
        "cutout": partial(_cutout, removed=removed, generator=generator),
        "cutmix": partial(_cutmix, generator=generator),
        "mixup": partial(_mixup, generator=generator),
    }
    if name not in known:
        raise ValueError(f"augmentation must be one of {sorted(known)}, got {name!r}")
    return known[name]


def _plain(patches: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return patches, labels


def _cutout(
    patches: Tensor, labels: Tensor, *, removed: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    count, places, _ = patches.shape
    plan = mixing.draw_patch_cutout(count, places, removed=removed, generator=generator)
    return mixing.apply_patch_cutout(plan, patches), labels


def _cutmix(
    patches: Tensor, labels: Tensor, *, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    plan = mixing.draw_patch_cutmix(*patches.shape[:2], generator=generator)
    return mixing.apply_patch_cutmix(plan, patches, labels)


def _mixup(patches: Tensor, labels: Tensor, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    count, device = len(patches), patches.device
    partner = torch.randperm(count, generator=generator, device=device)
    weight = torch.rand(count, generator=generator, device=device)
    mixed = torch.lerp(patches, patches[partner], weight[:, None, None])
    return mixed, torch.lerp(labels, labels[partner], weight)


def path(cell: Cell, task: PatchTask, streams: Streams) -> Iterator[Filters]:
    """Yield the filters of a cell after each step, from initial filters close to zero."""
    shape = (2, task.directions.shape[1])
    generator = streams["initial filters"]
    initial = 1e-3 * torch.randn(shape, generator=generator, device=generator.device)
    augment = augmentation(
        cell["augmentation"], removed=cell["removed"], generator=streams["augmentation"]
    )
    return descend(
        initial,
        task.training.patches,
        (task.training.labels > 0).float(),
        augment=augment,
        learning_rate=cell["learning_rate"],
        steps=cell["steps"],
    )


def contributions(filters: Filters, examples: FeatureNoise) -> Float[Tensor, "batch patch"]:
    """Return what each patch adds to its example's margin: y times its part of the logit."""
    count, places, _ = examples.patches.shape
    parts = patch_logits(filters, examples.patches.flatten(0, 1)[:, None, :])
    return examples.labels[:, None] * parts.unflatten(0, (count, places))


def measure(filters: Filters, task: PatchTask) -> Row:
    """Return the columns of a row; those that end in a number are of the feature with that count.

    ``response`` is the logit of the feature's patch, averaged over both labels; ``dominant`` and
    ``background`` are mean contributions of noise patches in training, over all examples and for
    ``dominant`` also over those with the feature; ``accuracy`` is measured on fresh examples with
    new noise, ``clean`` on the same with the dominant noise removed.
    """
    ends = torch.stack([feature_response(filters, sign * task.directions) for sign in (1, -1)])
    inside, outside = contributions(filters, task.training), contributions(filters, task.fresh)
    dominant = _at(inside, task.training.noise_places)
    features = _at(inside, task.training.feature_places)
    others = inside.sum(1) - dominant - features
    right = outside.sum(1) > 0
    clean = outside.sum(1) - _at(outside, task.fresh.noise_places) > 0
    row: Row = {
        "train_accuracy": (inside.sum(1) > 0).float().mean().item(),
        "train_loss": binary_cross_entropy_with_logits(
            inside.sum(1), torch.ones_like(dominant)
        ).item(),
        "dominant_all": dominant.mean().item(),
        "background_all": others.mean().item() / max(1, inside.shape[1] - 2),
    }
    for k, count in enumerate(COUNTS):
        row[f"response_{count}"] = ((ends[0, k] - ends[1, k]) / 2).item()
        row[f"dominant_{count}"] = dominant[task.training.features == k].mean().item()
        row[f"accuracy_{count}"] = right[task.fresh.features == k].float().mean().item()
        row[f"clean_{count}"] = clean[task.fresh.features == k].float().mean().item()
    return row


def _at(values: Tensor, places: Tensor) -> Tensor:
    return values.gather(1, places[:, None])[:, 0]


def run_cell(cell: Cell, device: str, checkpoint: Path | None) -> list[Row]:
    """Train the patch network once and return a row for each marked step (a run takes seconds).

    Runs of one seed and one dimension share features, noise (up to its strength), initial filters
    and fresh examples.
    """
    streams = Streams(cell["seed"], device=device)
    task = patch_task(cell, streams)
    marked = {*MARKS, cell["steps"]}
    return [
        {"step": step, **measure(filters, task)}
        for step, filters in enumerate(path(cell, task, streams))
        if step in marked
    ]


def rare_features() -> Recipe:
    """Five features of falling frequency among noise patches, under four augmentations.

    In the style of [oh2024provable]: 100 examples of four patches, a two-filter patch network,
    full-batch gradient descent with a fresh draw of the augmentation in each step. Main regime: the
    squared norm of the dominant noise (60) lies between the counts of the features, and so does
    that of the background (2 x 6). Two more: no dominant noise (6), and 400 dimensions for 305
    directions. Cost: three seconds a run on one core. Expected: without augmentation features rarer
    than the dominant noise is strong are hardly learned, Cutout learns rarer ones, CutMix all of
    them evenly; in few dimensions the memorised noise costs CutMix accuracy.
    """
    three = {"augmentation": ("none", "cutout", "cutmix")}
    also = (
        Grid(three, fixed={**STRONG, "dominant": STRONG["background"]}),
        Grid(three, fixed={**STRONG, "dimension": 400}),
    )
    four = {"augmentation": ("none", "cutout", "cutmix", "mixup")}
    presets = {"full": Grid(four, fixed=STRONG, also=also), "tiny": Grid(four, fixed=QUICK)}
    return Recipe("rare_features", CHAPTER, presets, run_cell, rare_features.__doc__ or "")


RECIPES = (rare_features,)
