"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import torch

from tools.credit import drawn, numbers, uniform, whole

PRINTED = {"set_free": {"units": 100, "hiding": 0.9, "batch": 5, "rate": 0.2, "masks": 1}}


def _two_images(source: random.Random, _: Mapping[str, Any]) -> torch.Tensor:
    """Draw the gradient of two images: two units for each, two for both and one for none."""

    def pull() -> float:
        return source.choice((-1, 1)) * round(source.uniform(0.2, 2), 2)

    images = []
    brighter = source.choice((0.9, 0.3))  # the rest of the first image: more light or less
    for low, high, rest in (0.6, 0.9, brighter), (0.1, 0.4, 1.2 - brighter):
        image = [source.uniform(low, high), *(source.uniform(0.05, rest) for _ in range(3))]
        image[source.randint(1, 3)] = 1.0
        images.append([round(pixel, 2) for pixel in image])
    size = abs(pull())
    mixed = [(pull(), size), (pull(), size)]
    while mixed[0] == mixed[1]:
        mixed[1] = (pull(), size)
    pulls = [(pull(), 0), (pull(), 0), (0, pull()), (0, pull()), *mixed, (0, 0)]
    source.shuffle(pulls)
    each = torch.tensor(pulls, dtype=torch.float64)
    return each @ torch.tensor(images, dtype=torch.float64) / 2


def _two_masks(source: random.Random, given: Mapping[str, Any]) -> torch.Tensor:
    """Draw the gradient by the weights of eight pixels under two masks, of a given one by bias."""
    entries = [round(source.uniform(-1.5, 1.5), 2) for _ in range(4)]
    half = torch.tensor(entries, dtype=torch.float64)
    halves = torch.stack([half, given["bias_gradient"] - half], 1)
    kept = [(1, 0), (0, 1), (1, 1), *source.choices([(1, 0), (0, 1), (1, 1), (0, 0)], k=5)]
    sizes = [1.5, *(round(source.uniform(0.3, 2.5), 2) for _ in range(7))]
    parts = [[one * size, two * size] for (one, two), size in zip(kept, sizes, strict=True)]
    source.shuffle(parts)
    return halves @ torch.tensor(parts, dtype=torch.float64).T


def set_free(
    solved,
    units=whole(40, 90),
    hiding=uniform(0.985, 0.996, 4),
    batch=whole(3, 6),
    rate=uniform(0.5, 0.75),
    masks=whole(2, 4),
):
    r"""The layer has `units` units, and for **each image** `masks` **independent hidden masks** are
    drawn, over which the client averages; an image has a unit to itself if some mask of this image
    keeps the unit and no mask of another image does. Return the probability that dropout at the
    rate `hiding` alone hides a single image; the rate at which an image in a batch of `batch` has
    most units to itself; how many it has there on average; and how many at the rate `rate`.
    """

    def own(rate):
        return units * (1 - rate**masks) * rate ** (masks * (batch - 1))

    best = (1 - 1 / batch) ** (1 / masks)
    return hiding ** (masks * units), best, own(best), own(rate)


def without_bias(solved, weight_gradient=drawn(_two_images)):
    r"""The gradient is the mean over **two such images**, each with a hidden mask of its own: each
    has **at least two units to itself**, further units mix both, no two of them in the same
    proportion, and some are dropped for both. (Proportions are equal if they are so up to
    rounding.) Return both images, as two rows (image, pixel), the
    one with the **brighter first pixel** first.
    """
    rows = weight_gradient[weight_gradient.abs().amax(1) > 0]
    scaled = rows / rows.gather(1, rows.abs().argmax(1, keepdim=True))
    near = (scaled[:, None] - scaled).abs().amax(2) < 1e-6
    own = scaled[near.sum(1) > 1]  # a ratio that occurs twice is an image
    return torch.stack([own[own[:, 0].argmax()], own[own[:, 0].argmin()]])


def from_two_masks(
    solved,
    bias_gradient=numbers(4),
    weight_gradient=drawn(_two_masks),
    brightest=uniform(0.5, 0.95),
):
    r"""The rate is **not** given; instead you know `brightest`, the largest value among all pixels
    that **at least one** of the two masks keeps. No pixel is black, and $g_1$ and $g_2$ are not
    parallel. Return **two
    rows**, of shape (2, pixel): the image, and below each pixel
    **how many of the two masks keep it**.
    """
    seen = solved(weight_gradient, bias_gradient, 0.0)  # the image, divided by 1 - rate
    kept = weight_gradient.abs().amax(0) > 0
    both = torch.isclose(weight_gradient, bias_gradient[:, None] * seen).all(0)
    image = seen * brightest / seen.max() * kept  # not -0
    return torch.stack([image.abs(), kept.double() + (kept & both)])
