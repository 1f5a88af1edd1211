"""Example calls of the solvable models of :mod:`runtheory.mixing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from runtheory.mixing import draw_cutmix
from runtheory.mixing.overtraining import Moments
from runtheory.mixing.steadiness import MarginDistribution, smoothed_distribution
from tests.contract.calls.common import doubles, floats, generator, labels, shares

Call = Callable[[], dict[str, Any]]

MARGINS = MarginDistribution(np.array([[1.0, 1.0], [1.0, 3.0]]), np.array([0.5, 0.5]))
HALVES = np.array([0.5, 0.5])


def flat(images: Tensor) -> Tensor:
    return images.flatten(1)


CALLS: dict[str, Call] = {
    "mixing.overtraining.mixup_coefficient": lambda: {"pixels": 4, "alpha": 0.5},
    "mixing.overtraining.cutmix_coefficient": lambda: {"pixels": 4, "exchange": 0.2},
    "mixing.overtraining.crossing_time": lambda: {"coefficient": 1.2, "rate": 1.4},
    "mixing.overtraining.mixed_moments": lambda: {
        "features": flat,
        "images": floats(4, 1, 6, 6),
        "labels": labels(4, 3),
        "classes": 3,
        "draw": draw_cutmix,
        "repeats": 2,
        "generator": generator(),
    },
    "mixing.overtraining.flow": lambda: {
        "moments": Moments(torch.eye(3).double(), doubles(3, 2)),
        "times": shares(3).double(),
    },
    "mixing.overtraining.squared_errors": lambda: {
        "weights": doubles(2, 5, 3),
        "rows": floats(4, 5),
        "labels": labels(4, 3),
    },
    "mixing.overtraining.squares_of_mixtures": lambda: {
        "draw": draw_cutmix,
        "pixels": (4, 4),
        "count": 5,
        "generator": generator(),
    },
    "mixing.overtraining.random_features": lambda: {
        "inputs": 4,
        "count": 3,
        "generator": generator(),
    },
    "mixing.steadiness.smoothed_distribution": lambda: {"distribution": MARGINS, "amount": 0.1},
    "mixing.steadiness.mixup_distribution": lambda: {
        "distribution": MARGINS,
        "shares": np.array([0.2, 0.7]),
        "chances": HALVES,
    },
    "mixing.steadiness.cutmix_distribution": lambda: {"distribution": MARGINS},
    "mixing.steadiness.least_weights": lambda: {
        "mixed": smoothed_distribution(MARGINS, amount=0.2)
    },
    "mixing.steadiness.accuracy_without": lambda: {
        "weights": np.array([1.0, 2.0]),
        "distribution": MARGINS,
        "feature": 0,
    },
}
