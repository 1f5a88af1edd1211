"""Example calls of :mod:`runtheory.dropout`."""

from __future__ import annotations

import torch
from torch import nn

from runtheory.dropout.cost import StepCost, StepTime
from runtheory.dropout.descent import MaskedRegression, masked_regression
from runtheory.dropout.masks import draw_masks
from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.nets import Classifier
from runtheory.randomness import Streams
from tests.contract.calls.common import doubles, floats, generator, labels


def _net() -> Classifier:
    return Classifier(nn.Linear(3, 4), nn.Linear(4, 2))


def _dropping() -> nn.Module:
    return nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 2))


def _masks(samples: int, *shape: int) -> torch.Tensor:
    return draw_masks(samples, shape, rate=0.5, generator=generator())


def _times() -> list[StepTime]:
    return [StepTime(1, 2.0), StepTime(2, 3.0)]


def _combined() -> dict:
    return {
        "logits": floats(2, 3, 4),
        "targets": labels(3, 4),
        "weight": floats(4).abs(),
        "ignore_index": 3,
        "label_smoothing": 0.1,
    }


def _regression() -> MaskedRegression:
    return masked_regression(doubles(4, 2), doubles(4, seed=1), rate=0.5)


def _walk() -> dict:
    model = _regression()
    state = model.start(torch.zeros(2))
    return {"model": model, "state": state, "batch": 2, "samples": 3}


_QUADRATIC = {
    "hessian": torch.eye(2, dtype=torch.float64),
    "gradient": torch.ones(2, dtype=torch.float64),
}
_VARIANCES = {"data_variance": 1.0, "mask_variance": 2.0}
_COSTS = {"body_cost": 2.0, "head_cost": 0.5}

torch.func.vmap(torch.sin)(torch.ones(2))  # what it imports takes longer than a call may

CALLS: dict = {
    "dropout.cost.fit_cost": lambda: {"times": _times()},
    "dropout.cost.relative_errors": lambda: {"cost": StepCost(1.0, 1.0), "times": _times()},
    "dropout.cost.measure_steps": lambda: {
        "net": _net(),
        "images": floats(2, 3),
        "labels": labels(2, 2),
        "samples": [1, 2],
        "rate": 0.5,
        "repetitions": 1,
        "streams": Streams(0),
    },
    "dropout.cost.updates_to_reach": lambda: {
        "target": 1.0,
        "steps": [1, 2],
        "losses": [2.0, 0.5],
    },
    "dropout.cross_entropy.by_sample": lambda: {
        "logits": floats(2, 3, 4),
        "targets": labels(3, 4),
        "ignore_index": 3,
    },
    "dropout.cross_entropy.unfolded": lambda: {
        "outputs": floats(6, 4),
        "expected": (3, 4),
        "told": "targets",
    },
    "dropout.descent.masked_regression": lambda: {
        "inputs": doubles(4, 2),
        "targets": doubles(4, seed=1),
        "rate": 0.5,
    },
    "dropout.descent.covariances": lambda: {name: _walk()[name] for name in ("model", "state")},
    "dropout.descent.expected_excess": lambda: {name: _walk()[name] for name in ("model", "state")},
    "dropout.descent.best_step": _walk,
    "dropout.descent.update": lambda: {**_walk(), "step_size": 0.1},
    "dropout.descent.expected_path": lambda: {**_walk(), "updates": 2, "step_size": 0.1},
    "dropout.descent.diffusion": lambda: {**_walk(), "time": 1.0, "step_size": 0.1},
    "dropout.gradients.trainable_parameters": lambda: {"net": _net(), "names": ["head.weight"]},
    "dropout.gradients.masked_gradients": lambda: {
        "net": _net(),
        "images": floats(3, 3),
        "labels": labels(3, 2),
        "masks": _masks(2, 3, 4),
        "rate": 0.5,
        "parameters": ["head.weight"],
    },
    "dropout.head.sample_logits": lambda: {
        "head": nn.Linear(4, 2),
        "features": floats(3, 4),
        "masks": _masks(2, 3, 4),
        "rate": 0.5,
    },
    "dropout.head.body_and_head": lambda: {"net": _net()},
    "dropout.laws.variance": lambda: {**_VARIANCES, "batch": 4, "samples": 2},
    "dropout.laws.batch_shared_variance": lambda: {
        "data_variance": 1.0,
        "main_variance": 0.5,
        "interaction_variance": 0.25,
        "batch": 4,
        "samples": 2,
    },
    "dropout.laws.speed_up_ceiling": lambda: {**_VARIANCES},
    "dropout.laws.updates_share": lambda: {**_VARIANCES, "samples": 2},
    "dropout.laws.variance_at_cost": lambda: {**_VARIANCES, **_COSTS, "samples": 2},
    "dropout.laws.best_samples": lambda: {**_VARIANCES, **_COSTS},
    "dropout.laws.best_whole_samples": lambda: {**_VARIANCES, **_COSTS},
    "dropout.laws.effective_rate": lambda: {"rate": 0.5, "samples": 2},
    "dropout.masks.check_rate": lambda: {"rate": 0.5},
    "dropout.masks.check_samples": lambda: {"samples": 2},
    "dropout.masks.draw_masks": lambda: {
        "samples": 2,
        "shape": (3, 4),
        "rate": 0.5,
        "generator": generator(),
        "batch_shared": False,
    },
    "dropout.masks.apply_masks": lambda: {
        "features": floats(3, 4),
        "masks": _masks(2, 3, 4),
        "rate": 0.5,
    },
    "dropout.monte_carlo.monte_carlo": lambda: {
        "net": _dropping(),
        "inputs": floats(4, 3),
        "samples": 2,
        "generator": generator(),
        "batch_size": 3,
    },
    "dropout.monte_carlo.dropping": lambda: {
        "net": _dropping(),
        "device": torch.device("cpu"),
        "generator": generator(),
    },
    "dropout.objectives.mean_of_losses": _combined,
    "dropout.objectives.loss_of_mean_logits": _combined,
    "dropout.objectives.loss_of_mean_probabilities": _combined,
    "dropout.objectives.mean_of_squared_errors": lambda: {
        "outputs": floats(2, 3, 4),
        "targets": floats(3, 4, seed=1),
    },
    "dropout.oracle.all_masks": lambda: {"features": 3, "rate": 0.5},
    "dropout.oracle.mean_masks": lambda: {"features": 3, "rate": 0.5, "samples": 2},
    "dropout.oracle.expected_loss": lambda: {
        "features": doubles(3, 4),
        "targets": labels(3, 2),
        "head": nn.Linear(4, 2).double(),
        "rate": 0.5,
        "samples": 1,
    },
    "dropout.penalties.logit_covariance": lambda: {
        "features": floats(3, 4),
        "weight": floats(2, 4, seed=1),
        "rate": 0.5,
    },
    "dropout.penalties.jensen_gap": lambda: {
        "probabilities": floats(3, 2).softmax(-1),
        "covariance": floats(3, 2, 2),
    },
    "dropout.penalties.softmax_penalty": lambda: {
        "features": floats(3, 4),
        "weight": floats(2, 4, seed=1),
        "bias": floats(2, seed=2),
        "rate": 0.5,
    },
    "dropout.penalties.expected_squared_error": lambda: {
        "inputs": floats(3, 4),
        "targets": floats(3, seed=1),
        "weight": floats(4, seed=2),
        "rate": 0.5,
    },
    "dropout.penalties.adaptive_ridge": lambda: {
        "inputs": floats(5, 4),
        "targets": floats(5, seed=1),
        "rate": 0.5,
    },
    "dropout.updates.noise_scale": lambda: {
        **_QUADRATIC,
        "covariance": torch.eye(2, dtype=torch.float64),
    },
    "dropout.updates.best_decrease": lambda: {
        **_QUADRATIC,
        "data": torch.eye(2, dtype=torch.float64),
        "mask": torch.eye(2, dtype=torch.float64),
        "batch": 2,
        "samples": 3,
    },
    "dropout.updates.squared_distance": lambda: {
        "start": 1.0,
        **_VARIANCES,
        "batch": 2,
        "samples": 3,
        "updates": 4.5,
    },
    "dropout.updates.descend_to_mean": lambda: {
        "points": doubles(4, 2),
        "rate": 0.5,
        "batch": 2,
        "samples": 2,
        "updates": 2,
        "runs": 3,
        "generator": generator(),
    },
    "dropout.variance.gradient_variance": lambda: {
        "net": _net(),
        "images": floats(4, 3),
        "labels": labels(4, 2),
        "rate": 0.5,
        "repeats": 2,
        "generator": generator(),
        "parameters": ["head.weight"],
    },
    "dropout.variance.minibatch_variance": lambda: {
        "net": _net(),
        "images": floats(4, 3),
        "labels": labels(4, 2),
        "objective": MultiSampleObjective(2, 0.5),
        "batch": 2,
        "repetitions": 3,
        "streams": Streams(0),
    },
}
