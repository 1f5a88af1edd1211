"""Example calls of :mod:`runtheory.data`, but for what reads or writes files."""

from __future__ import annotations

import torch

from runtheory import data
from tests.contract.calls.common import floats, generator, labels, shares

SET = "data.image_set"


def _bytes(count: int = 6) -> torch.Tensor:
    return (shares(count, 1, 4, 4) * 255).to(torch.uint8)


def _two() -> data.ImageSet:
    part = (_bytes(), labels(6, 2))
    return data.assemble("two", part, test=part, classes=("a", "b"))


CALLS: dict = {
    "data.batching.batches": lambda: {"count": 5, "batch_size": 2, "generator": generator()},
    f"{SET}.channel_statistics": lambda: {"images": _bytes()},
    f"{SET}.assemble": lambda: {
        "name": "two",
        "train": (_bytes(), labels(6, 2)),
        "test": (_bytes(4), labels(4, 2)),
        "classes": ("a", "b"),
    },
    f"{SET}.subset": lambda: {"image_set": _two(), "per_class": 2, "generator": generator()},
    f"{SET}.normalise": lambda: {"images": _bytes(), "statistics": _two()},
    f"{SET}.normalise_pixels": lambda: {"pixels": shares(6, 1, 4, 4), "statistics": _two()},
    "data.synthetic.binary_gaussian": lambda: {
        "count": 5,
        "mean": floats(3),
        "deviation": 0.5,
        "generator": generator(),
    },
    "data.synthetic.feature_directions": lambda: {
        "features": 2,
        "dimension": 5,
        "generator": generator(),
    },
    "data.synthetic.feature_noise": lambda: {
        "count": 5,
        "directions": torch.eye(2, 5),
        "frequencies": (0.7, 0.3),
        "patches": 3,
        "deviations": (0.1, 0.2),
        "generator": generator(),
    },
}
