"""Example calls of :mod:`runtheory.evaluation`."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from runtheory.data.image_set import ChannelStatistics
from runtheory.nets import perceptron
from tests.contract.calls.common import floats, generator, labels, shares


def scored() -> dict[str, Any]:
    return {"logits": floats(6, 3), "labels": labels(6, 3)}


def pixels() -> dict[str, Any]:
    return {"images": shares(2, 1, 6, 5)}


def corrupted() -> dict[str, Any]:
    return pixels() | {"severity": 1, "generator": generator()}


def boxes() -> dict[str, Any]:
    first = torch.tensor([[0, 4, 0, 4], [1, 3, 2, 5]])
    return {"first": first, "second": first.flip(0)}


def predicted() -> dict[str, Any]:
    images = (shares(4, 1, 3, 3) * 255).to(torch.uint8)
    net = perceptron(inputs=9, classes=2, widths=(4,), generator=generator())
    return {"net": net, "images": images, "statistics": ChannelStatistics((0.5,), (0.2,))}


def attacked() -> dict[str, Any]:
    net = nn.Sequential(nn.Flatten(), nn.Linear(30, 3))
    return pixels() | {"network": net, "labels": labels(2, 3), "radius": 0.1}


def per_example(block: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    return block.sum(dim=1)


def maps() -> dict[str, Any]:
    return {"maps": floats(2, 4, 3, 3), "weights": floats(3, 4), "labels": labels(2, 3)}


CALLS: dict = {
    "evaluation.attack.fast_gradient_sign": attacked,
    "evaluation.calibration.adaptive_calibration_error": lambda: scored() | {"bins": 2},
    "evaluation.calibration.classwise_calibration_error": lambda: scored() | {"bins": 2},
    "evaluation.calibration.confidence_gap": scored,
    "evaluation.calibration.expected_calibration_error": lambda: scored() | {"bins": 2},
    "evaluation.corruption.add_noise": corrupted,
    "evaluation.corruption.blur": corrupted,
    "evaluation.corruption.brightness": corrupted,
    "evaluation.corruption.contrast": corrupted,
    "evaluation.corruption.pixelate": corrupted,
    "evaluation.localisation.class_activation_map": maps,
    "evaluation.localisation.intersection_over_union": boxes,
    "evaluation.localisation.localise": lambda: {"heat": shares(2, 4, 5), "fraction": 0.2},
    "evaluation.localisation.scattered": lambda: {
        "pixels": shares(2, 1, 3, 4),
        "generator": generator(),
    },
    "evaluation.localisation.upsample": lambda: {"heat": floats(2, 3, 3), "size": (6, 6)},
    "evaluation.metrics.accuracy": scored,
    "evaluation.metrics.brier_score": scored,
    "evaluation.metrics.check_scored": scored,
    "evaluation.metrics.cross_entropy": scored,
    "evaluation.metrics.each_example": lambda: scored() | {"function": per_example},
    "evaluation.metrics.wide_blocks": scored,
    "evaluation.occlusion.occlude_boundary": lambda: pixels() | {"size": 0.5, "fill": 0.0},
    "evaluation.occlusion.occlude_centre": lambda: pixels() | {"size": 0.5, "fill": 0.0},
    "evaluation.occlusion.paste_centre": lambda: (
        pixels() | {"foreign": shares(2, 1, 6, 5, seed=1), "size": 0.5}
    ),
    "evaluation.outliers.area_under_curve": lambda: {
        "known": shares(5),
        "foreign": shares(4, seed=1),
    },
    "evaluation.outliers.max_probability": lambda: {"logits": floats(6, 3)},
    "evaluation.outliers.negative_energy": lambda: {"logits": floats(6, 3), "temperature": 1.0},
    "evaluation.prediction.activations": predicted,
    "evaluation.prediction.predict": predicted,
    "evaluation.prediction.score_network": lambda: predicted() | {"labels": labels(4, 2)},
    "evaluation.temperature.fit_temperature": scored,
}
