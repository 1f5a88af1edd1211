"""The patch model of rare features, trained under four augmentations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from runtheory.data import FeatureNoise, feature_directions, feature_noise
from runtheory.mixing import patches as patch_mixing
from runtheory.mixing.patch_network import (
    Augment,
    Filters,
    descend,
    feature_response,
    patch_logits,
)
from runtheory.randomness import Streams
from runtheory.recipes.recipe import Arm, Cell, Grid, by_name, recipe
from runtheory.records import Row


@dataclass(frozen=True)
class Augmentation(Arm):
    """What a step does to its examples: ``act(patches, labels, removed=..., generator=...)``."""

    act: Callable[..., tuple[Tensor, Tensor]]

    def bind(self, *, removed: int, generator: torch.Generator) -> Augment:
        """Return the augmentation with its random stream; Cutout blanks ``removed`` patches."""
        return partial(self.act, removed=removed, generator=generator)


def keep(
    patches: Tensor, labels: Tensor, *, removed: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Leave the examples as they are."""
    return patches, labels


def cutout(
    patches: Tensor, labels: Tensor, *, removed: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Blank ``removed`` patches of each example."""
    count, places, _ = patches.shape
    plan = patch_mixing.draw_patch_cutout(count, places, removed=removed, generator=generator)
    return patch_mixing.apply_patch_cutout(plan, patches), labels


def cutmix(
    patches: Tensor, labels: Tensor, *, removed: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Paste a uniform number of patches from a partner into each example."""
    plan = patch_mixing.draw_patch_cutmix(*patches.shape[:2], generator=generator)
    return patch_mixing.apply_patch_cutmix(plan, patches, labels)


def mixup(
    patches: Tensor, labels: Tensor, *, removed: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Blend each example with a partner, at a uniform weight."""
    count, device = len(patches), patches.device
    partner = torch.randperm(count, generator=generator, device=device)
    weight = torch.rand(count, generator=generator, device=device)
    mixed = torch.lerp(patches, patches[partner], weight[:, None, None])
    return mixed, torch.lerp(labels, labels[partner], weight)


AUGMENTATIONS = by_name(
    Augmentation("none", keep),
    Augmentation("cutout", cutout),
    Augmentation("cutmix", cutmix),
    Augmentation("mixup", mixup),
)
# How many of the training examples carry each feature; the columns are named by these numbers.
COUNTS = (64, 20, 10, 4, 2)


@dataclass(frozen=True, kw_only=True)
class RareFeatureCell(Cell):
    """Examples of ``patches`` patches in ``dimension`` dimensions, and the descent on them.

    ``dominant`` and ``background`` are the expected squared norms of the two kinds of noise patch,
    beside 1 for a feature. Feature k occurs exactly ``counts[k]`` times in training and in
    ``fresh`` new examples. A row is due at each of ``marks`` and at the last step.
    """

    augmentation: Augmentation = AUGMENTATIONS["none"]
    dimension: int = 4000
    dominant: float = 60.0
    background: float = 6.0
    patches: int = 4
    removed: int = 1
    learning_rate: float = 3.0
    steps: int = 2500
    counts: tuple[int, ...] = COUNTS
    fresh: int = 1000
    marks: tuple[int, ...] = (10, 20, 40, 80, 160, 320, 640, 1280)
    initial_deviation: float = 1e-3


STRONG = RareFeatureCell()
QUICK = replace(STRONG, dimension=500, steps=12)
THREE = {"augmentation": tuple(AUGMENTATIONS[name] for name in ("none", "cutout", "cutmix"))}
FOUR = {"augmentation": tuple(AUGMENTATIONS.values())}


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


def patch_task(cell: RareFeatureCell, streams: Streams) -> PatchTask:
    """Draw the task of a cell."""
    directions = feature_directions(
        len(cell.counts), cell.dimension, generator=streams["feature directions"]
    )
    training = _examples(directions, cell.counts, cell, generator=streams["training examples"])
    places = torch.arange(cell.patches, device=directions.device)
    noise = training.patches[places != training.feature_places[:, None]]
    basis = torch.linalg.qr(torch.cat([directions, noise]).T).Q  # (dimension, coordinate)
    projected = directions @ basis
    counts = (cell.fresh,) * len(cell.counts)
    fresh = _examples(projected, counts, cell, generator=streams["fresh examples"])
    return PatchTask(projected, replace(training, patches=training.patches @ basis), fresh)


def _examples(
    directions: Tensor,
    counts: tuple[int, ...],
    cell: RareFeatureCell,
    *,
    generator: torch.Generator,
) -> FeatureNoise:
    dominant, background = (
        (norm / cell.dimension) ** 0.5 for norm in (cell.dominant, cell.background)
    )
    groups = [
        feature_noise(
            count,
            directions,
            frequencies=tuple(map(float, one_hot(torch.tensor(k), len(counts)))),
            patches=cell.patches,
            deviations=(dominant, background),
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


def descent(cell: RareFeatureCell, task: PatchTask, streams: Streams) -> Iterator[Filters]:
    """Yield the filters of a cell after each step, from initial filters close to zero."""
    shape = (2, task.directions.shape[1])
    generator = streams["initial filters"]
    noise = torch.randn(shape, generator=generator, device=generator.device)
    return descend(
        cell.initial_deviation * noise,
        task.training.patches,
        (task.training.labels > 0).float(),
        augment=cell.augmentation.bind(removed=cell.removed, generator=streams["augmentation"]),
        learning_rate=cell.learning_rate,
        steps=cell.steps,
    )


def patch_contributions(filters: Filters, examples: FeatureNoise) -> Float[Tensor, "batch patch"]:
    """Return what each patch adds to its example's margin: y times its part of the logit."""
    count, places, _ = examples.patches.shape
    parts = patch_logits(filters, examples.patches.flatten(0, 1)[:, None, :])
    return examples.labels[:, None] * parts.unflatten(0, (count, places))


def measure_filters(filters: Filters, task: PatchTask, counts: tuple[int, ...] = COUNTS) -> Row:
    """Return the columns of a row; those that end in a number are of the feature with that count.

    ``response`` is the logit of the feature's patch, averaged over both labels; ``dominant`` and
    ``background`` are mean contributions of noise patches in training, over all examples and for
    ``dominant`` also over those with the feature; ``accuracy`` is measured on fresh examples with
    new noise, ``clean`` on the same with the dominant noise removed.
    """
    ends = torch.stack([feature_response(filters, sign * task.directions) for sign in (1, -1)])
    inside = patch_contributions(filters, task.training)  # (example, patch)
    outside = patch_contributions(filters, task.fresh)
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
    for k, count in enumerate(counts):
        row[f"response_{count}"] = ((ends[0, k] - ends[1, k]) / 2).item()
        row[f"dominant_{count}"] = dominant[task.training.features == k].mean().item()
        row[f"accuracy_{count}"] = right[task.fresh.features == k].float().mean().item()
        row[f"clean_{count}"] = clean[task.fresh.features == k].float().mean().item()
    return row


def _at(values: Tensor, places: Tensor) -> Tensor:
    return values.gather(1, places[:, None])[:, 0]


@recipe(
    full=Grid(
        STRONG,
        FOUR,
        also=(
            Grid(replace(STRONG, dominant=STRONG.background), THREE),
            Grid(replace(STRONG, dimension=400), THREE),
        ),
    ),
    tiny=Grid(QUICK, FOUR),
)
def rare_features(cell: RareFeatureCell, device: str, checkpoint: Path | None) -> Iterable[Row]:
    """Five features of falling frequency among noise patches, under four augmentations.

    In the style of [oh2024provable]: 100 examples of four patches, a two-filter patch network,
    full-batch gradient descent with a fresh draw of the augmentation in each step. Main regime: the
    squared norm of the dominant noise (60) lies between the counts of the features, and so does
    that of the background (2 x 6). Two more: no dominant noise (6), and 400 dimensions for 305
    directions. Cost: nine seconds a run on one core. Expected: without augmentation features rarer
    than the dominant noise is strong are hardly learned, Cutout learns rarer ones, CutMix all of
    them evenly; in few dimensions the memorised noise costs CutMix accuracy.
    """
    # Runs of one seed and one dimension share features, noise (up to its strength), initial
    # filters and fresh examples. A run takes seconds, so there is nothing to resume.
    streams = Streams(cell.seed, device=device)
    task = patch_task(cell, streams)
    marked = {*cell.marks, cell.steps}
    return [
        {"step": step, **measure_filters(filters, task, cell.counts)}
        for step, filters in enumerate(descent(cell, task, streams))
        if step in marked
    ]
