"""Example calls of what the demos of the part on noise compute with."""

from __future__ import annotations

import numpy as np
import torch

from tests.contract.calls.common import array, doubles, floats, generator

DROPOUTS = "noise.causal_dropout_grni"
SPREAD = "noise.sensitive_neuron_dropout"
MODALITIES = "noise.modality_dropout_3mt"
PAIRS = "noise.esimcse"
CHAIN = [[], [0], [1]]


def _chances() -> np.ndarray:
    chances = np.abs(array(2, 2, 2)) + 0.1
    return chances / chances.sum()


def _matrix() -> np.ndarray:
    return np.diag([1.0, 2.0, 3.0]) + 0.1


def _grouped() -> dict:
    return {"inputs": array(5, 3), "groups": np.array([0, 1, 1])}


def _joint() -> np.ndarray:
    joint = np.abs(array(3, 3)) + 0.1
    return joint / joint.sum()


def _lengths() -> torch.Tensor:
    return torch.arange(5, 13).reshape(2, 4)


CALLS: dict = {
    f"{DROPOUTS}.statements": lambda: {"variables": 3},
    f"{DROPOUTS}.draw_distribution": lambda: {
        "parents": CHAIN,
        "states": 2,
        "generator": generator(),
    },
    f"{DROPOUTS}.reading_distribution": lambda: {
        "chances": _chances(),
        "zeros": np.array([0.3, 0.1]),
    },
    f"{DROPOUTS}.information_table": lambda: {"chances": _chances()},
    f"{DROPOUTS}.draw_levels": lambda: {
        "parents": CHAIN,
        "examples": 9,
        "weight": 0.8,
        "generator": generator(),
    },
    f"{DROPOUTS}.drop_low": lambda: {
        "levels": array(9, 3),
        "threshold": 0.1,
        "slope": 2.0,
        "generator": generator(),
    },
    f"{DROPOUTS}.partial_correlation": lambda: {
        "readings": array(12, 3),
        "i": 0,
        "j": 1,
        "given": [2],
    },
    f"{DROPOUTS}.skeleton": lambda: {"readings": array(12, 3), "level": 0.1},
    f"{SPREAD}.ridged_covariance": lambda: {"answers": array(3, 5), "ridge": 0.1},
    f"{SPREAD}.spread_score": lambda: {"matrix": _matrix()},
    f"{SPREAD}.log_coefficients": lambda: {"low": 0.5, "high": 2.0, "degree": 3},
    f"{SPREAD}.truncation_bound": lambda: {"low": 0.5, "high": 2.0, "degree": 3},
    f"{SPREAD}.random_signs": lambda: {"rows": 3, "probes": 2, "generator": generator()},
    f"{SPREAD}.series_products": lambda: {
        "matrix": _matrix(),
        "probes": array(3, 2),
        "coefficients": array(4),
        "low": 0.5,
        "high": 4.0,
    },
    f"{SPREAD}.lanczos_products": lambda: {
        "matrix": _matrix(),
        "probes": array(3, 2),
        "steps": 2,
    },
    f"{SPREAD}.sign_variance": lambda: {"function": _matrix()},
    f"{MODALITIES}.masked_error": lambda: {
        **_grouped(),
        "targets": array(5, 2),
        "weights": array(3, 2),
        "rate": 0.3,
    },
    f"{MODALITIES}.modality_penalty": lambda: {
        **_grouped(),
        "weights": array(3, 2),
        "rate": 0.3,
    },
    f"{MODALITIES}.modality_ridge": lambda: {**_grouped(), "targets": array(5, 2), "rate": 0.3},
    f"{MODALITIES}.filled": lambda: {**_grouped(), "missing": 1, "examples": array(5, 3)},
    f"{PAIRS}.most_repeated": lambda: {"words": 7, "rate": 0.32},
    f"{PAIRS}.repeated_joint": lambda: {
        "shares": np.array([0.2, 0.8]),
        "shortest": 5,
        "rate": 0.32,
    },
    f"{PAIRS}.best_critic": lambda: {"joint": _joint()},
    f"{PAIRS}.shared_information": lambda: {"joint": _joint()},
    f"{PAIRS}.contrastive_loss": lambda: {
        "critic": doubles(3, 3),
        "joint": _joint(),
        "negatives": 2,
    },
    f"{PAIRS}.repeated_lengths": lambda: {
        "lengths": _lengths(),
        "rate": 0.32,
        "generator": generator(),
    },
    f"{PAIRS}.draw_views": lambda: {
        "meanings": floats(2, 4, 3),
        "lengths": _lengths(),
        "noise": 0.5,
        "generator": generator(),
    },
    f"{PAIRS}.similarities": lambda: {
        "first": floats(2, 4, 3),
        "second": floats(2, 4, 3, seed=1),
        "weights": floats(2, 2).abs(),
    },
    f"{PAIRS}.train_weights": lambda: {
        "draw": lambda: (floats(2, 4, 3), floats(2, 4, 3, seed=1)),
        "replicates": 2,
        "steps": 2,
    },
}
