"""Example calls of :mod:`runtheory.interplay`."""

from __future__ import annotations

import torch

from runtheory.interplay.free_mixing import ShareLaw, uniform_shares
from runtheory.nets import perceptron
from tests.contract.calls.common import array, doubles, floats, generator, labels


def _law() -> ShareLaw:
    return uniform_shares(3)


CALLS: dict = {
    "interplay.collapsed_classes.label_information": lambda: {"means": array(3, 4), "rate": 0.5},
    "interplay.fitting.all_mixtures": lambda: {"law": _law(), "classes": 2},
    "interplay.fitting.fit_free_mixing": lambda: {
        "law": _law(),
        "classes": 2,
        "decay": (0.1, 0.1),
        "width": 2,
        "generator": generator(),
    },
    "interplay.fitting.fit_free_dropout": lambda: {
        "classes": 2,
        "per_class": 1,
        "width": 2,
        "rate": 0.2,
        "decay": (0.1, 0.1),
        "generator": generator(),
        "free_bias": False,
    },
    "interplay.free_dropout.dropout_frame": lambda: {
        "classes": 3,
        "per_class": 2,
        "width": 4,
        "rate": 0.2,
        "decay": (0.01, 0.01),
        "free_bias": False,
    },
    "interplay.free_dropout.evenness": lambda: {
        "classifier": doubles(3, 4),
        "features": doubles(5, 4),
    },
    "interplay.free_mixing.uniform_shares": lambda: {"points": 4},
    "interplay.free_mixing.free_logits": lambda: {
        "targets": abs(array(4, 3)) / abs(array(4, 3)).sum(1, keepdims=True),
        "strength": 1.0,
    },
    "interplay.free_mixing.residual": lambda: {"law": _law(), "classes": 3, "strength": 1.0},
    "interplay.free_mixing.free_strength": lambda: {"law": _law(), "classes": 3, "decay": 0.01},
    "interplay.free_mixing.path_height": lambda: {"share": 0.3, "strength": 1.0, "classes": 3},
    "interplay.gaussian_classes.divergence_kept": lambda: {
        "means": doubles(3, 4),
        "covariance": torch.eye(4, dtype=torch.float64),
        "masks": torch.arange(20).reshape(5, 4) % 3 > 0,
        "noise": 0.01,
    },
    "interplay.mixtures.plane_parts": lambda: {
        "features": floats(5, 4),
        "classifier": floats(3, 4),
        "first": labels(5, 3),
        "second": (labels(5, 3) + 1) % 3,
        "centre": floats(4, seed=2),
    },
    "interplay.mixtures.plane_share": lambda: {
        "features": floats(5, 4),
        "classifier": floats(3, 4),
        "first": labels(5, 3),
        "second": (labels(5, 3) + 1) % 3,
        "centre": floats(4, seed=2),
    },
    "interplay.mixtures.path_point": lambda: {
        "logits": floats(5, 3),
        "first": labels(5, 3),
        "second": (labels(5, 3) + 1) % 3,
    },
    "interplay.sources.source_variance": lambda: {
        "net": perceptron(inputs=4, classes=2, widths=(4,), generator=generator()),
        "mixtures": floats(6, 1, 2, 2),
        "targets": labels(6, 2),
        "masks": torch.arange(48).reshape(2, 6, 4) % 3 > 0,
        "rate": 0.5,
        "repeats": 2,
    },
}
