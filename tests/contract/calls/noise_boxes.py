"""Example calls of :mod:`runtheory.noise.box_stability`."""

from __future__ import annotations

import torch

from runtheory.noise.box_stability import detector, scenes
from runtheory.randomness import Streams
from tests.contract.calls.common import floats, generator

BOXES = "noise.box_stability"


def _edges() -> torch.Tensor:
    return torch.tensor([[0.2, 0.6, 0.1, 0.9], [0.0, 0.5, 0.3, 0.4]])


def _detector() -> torch.nn.Sequential:
    return detector.box_detector(generator=generator(), width=1, hidden=3)


def _scenes() -> torch.Tensor:
    return scenes.draw_scenes(2, generator=generator())[0]


CALLS: dict = {
    f"{BOXES}.movement.edge_deviations": lambda: {
        "features": floats(4, 3),
        "weight": floats(2, 3),
        "rate": 0.3,
    },
    f"{BOXES}.movement.stability_floor": lambda: {
        "boxes": _edges(),
        "deviations": floats(2, 4).abs(),
    },
    f"{BOXES}.movement.shifted_overlap": lambda: {"boxes": _edges(), "shift": (0.1, 0.05)},
    f"{BOXES}.scenes.draw_scenes": lambda: {"count": 2, "generator": generator(), "scale": 0.5},
    f"{BOXES}.scenes.corrupted": lambda: {
        "images": _scenes(),
        "family": "noise",
        "amount": 0.2,
        "generator": generator(),
    },
    f"{BOXES}.scenes.environments": lambda: {"count": 2, "seed": 0},
    f"{BOXES}.detector.box_detector": lambda: {"generator": generator(), "width": 1, "hidden": 3},
    f"{BOXES}.detector.edge_error": lambda: {
        "net": _detector(),
        "images": _scenes(),
        "boxes": _edges(),
        "streams": Streams(0),
        "drop": 0.3,
    },
    f"{BOXES}.detector.boxes_under": lambda: {
        "net": _detector(),
        "features": floats(2, 3),
        "masks": torch.ones(5, 2, 3, dtype=torch.bool),
        "place": detector.UNITS,
        "rate": 0.3,
    },
    f"{BOXES}.detector.self_overlap": lambda: {
        "boxes": _edges(),
        "under": _edges()[None].expand(3, -1, -1).clone(),
    },
    f"{BOXES}.detector.measured": lambda: {
        "net": _detector(),
        "environments": scenes.environments(2, seed=0)[:2],
        "place": detector.MAPS,
        "rate": 0.3,
        "samples": 2,
        "generator": generator(),
    },
    f"{BOXES}.detector.left_out_errors": lambda: {
        "predictor": floats(5),
        "target": floats(5, seed=1),
    },
}
