"""Example calls of :mod:`runtheory.instruments`, on one small network."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from runtheory import nets
from runtheory.collapse.statistics import class_statistics
from runtheory.data.image_set import ImageSet, assemble
from runtheory.instruments.box_noise import MixedGradient
from runtheory.instruments.interplay import Inspection
from runtheory.mixing import draw_cutmix
from tests.contract.calls.common import floats, generator, labels, shares

IN = "instruments.interplay"


@cache
def _images() -> ImageSet:
    part = ((shares(24, 1, 16, 16) * 255).to(torch.uint8), labels(24, 4))
    return assemble("grey", part, test=part, classes=tuple("abcd"))


@cache
def _net() -> nets.Classifier:
    return nets.small_convnet(
        generator=generator(), size=16, width=2, classes=4, hidden=0, pooled=True
    )


def _network() -> Inspection:
    return Inspection(_net(), _images(), 0)


def _gradient() -> MixedGradient:
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    return MixedGradient(net, floats(12, 1, 4, 4), labels(12, 3), 3)


CALLS: dict = {
    "instruments.box_noise.box_noise": lambda: {
        "gradient": _gradient(),
        "draw": draw_cutmix,
        "batch": 2,
        "plans": 4,
        "groups": 2,
        "generator": generator(),
    },
    "instruments.box_noise.of_pairs": lambda: {"gradients": floats(2, 3, 2, 4)},
    "instruments.collapse.plane_of_means": lambda: {"means": floats(4, 5)},
    "instruments.collapse.row_space_share": lambda: {
        "statistics": class_statistics(floats(12, 5), labels(12, 3), classes=3),
        "classifier": floats(3, 5),
    },
    "instruments.rivals.of_another_class": lambda: {"labels": labels(6, 3)},
    f"{IN}.dropout_measures": lambda: {"network": _network(), "rate": 0.5, "masks": 3},
    f"{IN}.gradient_sources": lambda: {
        "network": _network(),
        "draw": draw_cutmix,
        "smoothing": 0.1,
        "samples": 2,
        "rate": 0.5,
        "examples": 3,
        "repeats": 3,
    },
    f"{IN}.logit_gaps": lambda: {"network": _network()},
    f"{IN}.mixture_measures": lambda: {
        "network": _network(),
        "draws": {"cutmix": draw_cutmix},
        "pairs": 4,
        "shares": (0.3, 0.7),
    },
    f"{IN}.mixture_parts": lambda: {"network": _network(), "draw": draw_cutmix, "pairs": 4},
    f"{IN}.mixtures": lambda: {
        "draw": draw_cutmix,
        "images": floats(2, 3, 1, 4, 4),
        "labels": labels(6, 3).reshape(2, 3),
        "classes": 3,
        "generator": generator(),
    },
    f"{IN}.pair_counts": lambda: {
        "network": _network(),
        "images": _images().train_images,
        "labels": labels(24, 4),
    },
    f"{IN}.shown_points": lambda: {"network": _network(), "classes": (0, 1, 2), "count": 2},
}
