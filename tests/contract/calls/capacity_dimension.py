"""Example calls of :mod:`runtheory.capacity`: intrinsic dimension."""

from __future__ import annotations

import numpy as np

from runtheory.information.supersamples.perceptrons import draw_perceptrons
from tests.contract.calls.common import array, floats, generator

DIMENSION = "capacity.intrinsic_dimension"


def _points(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape)


def _distances(*shape: int) -> np.ndarray:
    return np.sort(abs(array(*shape)) + 0.1, axis=-1)


CALLS: dict = {
    f"{DIMENSION}.torus.draw_points": lambda: {
        "samples": 4,
        "dimension": 2,
        "generator": generator(),
    },
    f"{DIMENSION}.torus.circles": lambda: {"points": _points(6, 2)},
    f"{DIMENSION}.torus.draw_noisy_circle": lambda: {
        "samples": 4,
        "features": 3,
        "deviation": 0.1,
        "generator": generator(),
    },
    f"{DIMENSION}.torus.stripes": lambda: {"points": _points(6, 2), "periods": 2},
    f"{DIMENSION}.torus.ball_volume": lambda: {"dimension": 3},
    f"{DIMENSION}.neighbours.nearest_distances": lambda: {"points": _points(6, 2), "count": 3},
    f"{DIMENSION}.neighbours.nearest_labels": lambda: {
        "queries": _points(4, 2),
        "points": _points(6, 2, seed=1),
        "labels": np.arange(6) % 2,
    },
    f"{DIMENSION}.neighbours.closest_classes": lambda: {
        "points": _points(6, 2),
        "labels": np.arange(6) % 2,
    },
    f"{DIMENSION}.neighbours.near_class_pairs": lambda: {
        "points": _points(6, 2),
        "labels": np.arange(6) % 2,
        "radius": 0.4,
    },
    f"{DIMENSION}.networks.fitted": lambda: {
        "samples": 60,
        "dimension": 1,
        "periods": 1,
        "replicates": 2,
        "rates": (0.1, 0.2),
        "generator": generator(),
    },
    f"{DIMENSION}.networks.hidden_layers": lambda: {
        "net": draw_perceptrons((3, 4, 2), replicates=2, generator=generator()),
        "inputs": floats(2, 5, 3),
    },
    f"{DIMENSION}.estimators.log_ratios": lambda: {"distances": _distances(6, 3)},
    f"{DIMENSION}.estimators.pooled_dimension": lambda: {"distances": _distances(6, 3)},
    f"{DIMENSION}.estimators.own_dimensions": lambda: {"distances": _distances(6, 3)},
    f"{DIMENSION}.estimators.split_interval": lambda: {"distances": _distances(3, 6, 3)},
    f"{DIMENSION}.estimators.radius_score": lambda: {"points": _points(6, 2), "radius": 0.3},
    f"{DIMENSION}.laws.nearest_distance": lambda: {"samples": 50, "dimension": 2},
    f"{DIMENSION}.laws.neighbour_error": lambda: {"samples": 50, "dimension": 2, "periods": 1},
    f"{DIMENSION}.laws.near_pairs": lambda: {
        "samples": 9,
        "dimension": 2,
        "radius": 0.1,
        "periods": 2,
    },
    f"{DIMENSION}.laws.near_random_pairs": lambda: {
        "samples": 9,
        "dimension": 2,
        "radius": 0.1,
    },
}
