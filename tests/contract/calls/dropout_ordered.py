"""Example calls of :mod:`runtheory.dropout.ordered`."""

from __future__ import annotations

import torch

from tests.contract.calls.common import generator


def _chances() -> torch.Tensor:
    return torch.tensor([0.5, 0.25, 0.25])


CALLS: dict = {
    "dropout.ordered.keep_chances": lambda: {"chances": _chances()},
    "dropout.ordered.draw_lengths": lambda: {
        "shape": (2, 3),
        "chances": _chances(),
        "generator": generator(),
    },
    "dropout.ordered.prefix_masks": lambda: {"lengths": torch.tensor([1, 3]), "width": 3},
    "dropout.ordered.draw_ordered_masks": lambda: {
        "samples": 2,
        "batch": 4,
        "chances": _chances(),
        "generator": generator(),
    },
}
