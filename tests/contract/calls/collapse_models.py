"""Example calls of the models of :mod:`runtheory.collapse` with free features."""

from __future__ import annotations

from typing import Any

import torch

from runtheory.collapse.fitting import square_loss
from runtheory.collapse.models import FeatureModel
from runtheory.collapse.near import NearCollapse
from tests.contract.calls.common import doubles, generator, labels, shares


def model(counts: tuple[int, ...] = (4, 4, 4)) -> dict[str, Any]:
    return {"model": FeatureModel(counts, (0.01,), 0.01)}


def near() -> NearCollapse:
    return NearCollapse(labels(9, 3), 3, 0.1, 0.05, 0.0)


def held() -> dict[str, Any]:
    return {"model": NearCollapse(labels(9, 3), 3, 0.1, 0.05, 0.3)}


def moving() -> dict[str, Any]:
    return {"model": near(), "features": doubles(4, 9)}


def groups() -> dict[str, Any]:
    return {
        "minority_count": 20,
        "minority_classes": 2,
        "majority_classes": 2,
        "pressure": 0.01,
    }


def quadratic() -> dict[str, Any]:
    point = doubles(3)
    return {"objective": lambda: (point - 1).square().sum(), "parameters": [point]}


def tracked() -> dict[str, Any]:
    found = quadratic()
    for tensor in found["parameters"]:
        tensor.requires_grad_(True)
    return found


def scored() -> dict[str, Any]:
    return {"scores": doubles(3, 5), "targets": torch.eye(3, 5, dtype=torch.float64)}


CALLS: dict = {
    "collapse.descent.largest_slope": tracked,
    "collapse.descent.minimise": lambda: quadratic() | {"rounds": 2},
    "collapse.fitting.best_scale": lambda: (
        model() | {"loss": square_loss, "scores": torch.eye(3, dtype=torch.float64)}
    ),
    "collapse.fitting.cross_entropy_loss": scored,
    "collapse.fitting.fit": lambda: (
        model()
        | {
            "loss": square_loss,
            "width": 3,
            "generator": generator(),
            "starts": 1,
            "scale": 1.0,
            "rounds": 1,
        }
    ),
    "collapse.fitting.square_loss": scored,
    "collapse.merging.effective_minority_count": lambda: model((9, 9, 3)),
    "collapse.merging.merging_count": model,
    "collapse.merging.merging_ratio": groups,
    "collapse.merging.vanishing_ratio": lambda: groups() | {"bias_penalty": 1.0},
    "collapse.layers.block_penalty": lambda: {"sizes": (2, 3), "layers": 2},
    "collapse.layers.block_scores": lambda: {"sizes": (2, 3)},
    "collapse.layers.layer_grams": lambda: model((2, 2, 1)) | {"scores": doubles(3, 5)},
    "collapse.layers.pairs_of": lambda: {"classes": 5},
    "collapse.minimisers.class_pressures": model,
    "collapse.minimisers.collapse_threshold": lambda: {"layers": 2},
    "collapse.minimisers.cross_entropy_minimiser": model,
    "collapse.minimisers.factor_lengths": lambda: model() | {"singular": shares(3).double()},
    "collapse.minimisers.square_minimiser": model,
    "collapse.minimisers.surviving_share": lambda: {"pressure": shares(3).double(), "layers": 2},
    "collapse.near.central_classifier": moving,
    "collapse.near.deviations": moving,
    "collapse.near.feature_gradient": lambda: (
        moving() | {"classifier": doubles(3, 4), "initial": doubles(4, 9, seed=1)}
    ),
    "collapse.near.flow": lambda: {
        "model": near(),
        "initial": doubles(4, 9),
        "step": 0.1,
        "steps": 2,
    },
    "collapse.near.settle": lambda: {
        "model": near(),
        "initial": doubles(4, 9),
        "tolerance": 1e-3,
        "limit": 500,
    },
    "collapse.near.shrunken_deviations": lambda: {
        "model": near(),
        "classifier": doubles(3, 4),
        "initial": doubles(4, 9),
    },
    "collapse.near.trace_ratio_rate": moving,
    "collapse.settled.decay_slopes": lambda: held() | {"lengths": shares(3).double() + 0.5},
    "collapse.settled.mean_pull": lambda: (
        held() | {"classifier": doubles(3, 4), "features": doubles(4, 9)}
    ),
    "collapse.settled.settled_features": lambda: held() | {"initial": doubles(4, 9)},
    "collapse.settled.settled_modes": lambda: held() | {"lengths": shares(3).double() + 0.5},
    "collapse.vanishing.vanishing_classifier": lambda: {"counts": (4, 2, 1), "bias": True},
    "collapse.vanishing.vanishing_multipliers": lambda: {"counts": (4, 2, 1), "bias": True},
    "collapse.vanishing.vanishing_scores": lambda: {"counts": (4, 2, 1), "bias": False},
}
