"""Example calls of :mod:`runtheory.collapse`, what is measured; the models have a file beside."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from runtheory.collapse.conventions import Weighting
from runtheory.collapse.frames import simplex_frame
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from tests.contract.calls.common import doubles, floats, generator, labels


def statistics() -> ClassStatistics:
    return class_statistics(floats(12, 4), labels(12, 3), classes=3)


def seen(**more: Any) -> dict[str, Any]:
    return {"statistics": statistics(), **more}


def weighed() -> dict[str, Any]:
    return seen(weighting=Weighting.CLASSES)


def headed() -> dict[str, Any]:
    return seen(classifier=floats(3, 4), bias=floats(3))


def vectors() -> dict[str, Any]:
    return {"vectors": floats(4, 3)}


def spread() -> dict[str, Any]:
    return vectors() | {"correction": 0}


def streamed() -> list[Any]:
    return [(floats(12, 4), labels(12, 3))]


CALLS: dict = {
    "collapse.conventions.centred_means": weighed,
    "collapse.conventions.class_weights": weighed,
    "collapse.conventions.global_mean": weighed,
    "collapse.decomposition.least_squares_classifier": lambda: seen(penalty=0.1),
    "collapse.decomposition.square_loss_parts": lambda: headed() | {"penalty": 0.1},
    "collapse.frames.angle_floor": lambda: {"classes": 5, "width": 2},
    "collapse.frames.coherence_bound": lambda: {"classes": 5, "width": 2},
    "collapse.frames.cross_polytope": lambda: {"classes": 4},
    "collapse.frames.embed": lambda: {
        "frame": simplex_frame(3),
        "width": 4,
        "generator": generator(),
    },
    "collapse.frames.regular_polygon": lambda: {"classes": 5},
    "collapse.frames.simplex_frame": lambda: {"classes": 3},
    "collapse.frames.sum_zero_basis": lambda: {"classes": 3},
    "collapse.geometry.angle_error": vectors,
    "collapse.geometry.angle_spread": spread,
    "collapse.geometry.bias_residual": lambda: {
        "classifier": floats(3, 4),
        "bias": floats(3),
        "global_mean": floats(4),
        "relative": True,
    },
    "collapse.geometry.centre_disagreement": lambda: {
        "features": floats(6, 4),
        "logits": floats(6, 3),
        "means": floats(3, 4, seed=1),
    },
    "collapse.geometry.frame_distance": lambda: {"gram": floats(3, 3), "target": torch.eye(3)},
    "collapse.geometry.gram_cosines": lambda: {"gram": torch.eye(3) + 0.1},
    "collapse.geometry.nearest_centre": lambda: {"features": floats(6, 4), "means": floats(3, 4)},
    "collapse.geometry.norm_spread": spread,
    "collapse.geometry.self_duality": lambda: {
        "classifier": floats(3, 4),
        "means": floats(3, 4, seed=1),
        "centre_classifier": False,
    },
    "collapse.hull.one_vs_rest_distances": lambda: vectors() | {"normalise": True},
    "collapse.meter.measure_collapse": lambda: {
        "net": nn.Linear(4, 3),
        "loader": streamed(),
        "classes": 3,
        "layer": "",
        "centres": floats(3, 4),
        "device": "cpu",
    },
    "collapse.naive.fitting_cut": lambda: {"features": floats(12, 4)},
    "collapse.naive.pseudo_inverse_variability": lambda: {
        "features": floats(12, 4),
        "classes": 3,
        "cut": 1e-6,
        "one_pass": False,
    },
    "collapse.ranks.merge_across_ranks": seen,
    "collapse.statistics.class_statistics": lambda: {
        "features": floats(12, 4),
        "labels": labels(12, 3),
        "classes": 3,
        "full": True,
    },
    "collapse.statistics.merge_all": lambda: {
        "parts": [statistics(), statistics()],
        "generator": generator(),
    },
    "collapse.summary.collapse_measures": headed,
    "collapse.synthetic.frame_in_noise": lambda: {
        "frame": simplex_frame(3),
        "noise": 0.1,
        "samples": 4,
        "generator": generator(),
    },
    "collapse.synthetic.ordered_labels": lambda: {"classes": 3, "samples": 2},
    "collapse.synthetic.white_noise": lambda: {
        "classes": 3,
        "samples": 6,
        "width": 2,
        "generator": generator(),
    },
    "collapse.variability.class_variances": seen,
    "collapse.variability.distance_normalised_variances": seen,
    "collapse.variability.mean_distance_normalised_variance": seen,
    "collapse.variability.nearest_centre_error": lambda: {
        "variance": doubles(3).square(),
        "directions": 2,
    },
    "collapse.variability.trace_ratio": seen,
    "collapse.variability.variability_collapse": seen,
}
