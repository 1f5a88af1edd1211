"""Example calls of :mod:`runtheory.capacity`: contrastive bounds."""

from __future__ import annotations

import torch

from runtheory.capacity.contrastive_bounds import encoders, losses, views
from tests.contract.calls.common import doubles, floats, generator

CONTRASTIVE = "capacity.contrastive_bounds"
GAUSSIAN = {"features": 3, "correlation": 0.5}


def _world() -> views.World:
    return views.draw_world(
        4, amplitudes=(2.0, 1.0), noise=0.1, replicates=2, generator=generator()
    )


def _start() -> encoders.Encoders:
    return encoders.draw_encoders(4, hidden=5, coordinates=3, replicates=2, generator=generator())


def _embeddings() -> torch.Tensor:
    return torch.nn.functional.normalize(floats(2, 2, 6, 3), dim=-1)


CALLS: dict = {
    f"{CONTRASTIVE}.losses.info_nce": lambda: {"scores": floats(2, 4, 4)},
    f"{CONTRASTIVE}.losses.leave_one_out": lambda: {"scores": floats(2, 4, 4)},
    f"{CONTRASTIVE}.losses.rescaled_info_nce": lambda: {"scores": floats(2, 4, 4)},
    f"{CONTRASTIVE}.losses.partner_shares": lambda: {"scores": floats(2, 4, 4)},
    f"{CONTRASTIVE}.losses.retrieved": lambda: {
        "queries": floats(5, 3),
        "stored": floats(4, 3, seed=1),
        "sharpness": 2.0,
    },
    f"{CONTRASTIVE}.pairs.information": lambda: dict(GAUSSIAN),
    f"{CONTRASTIVE}.pairs.widest_value": lambda: dict(GAUSSIAN),
    f"{CONTRASTIVE}.pairs.draw_pairs": lambda: {
        **GAUSSIAN,
        "pairs": 4,
        "batches": 2,
        "generator": generator(),
    },
    f"{CONTRASTIVE}.pairs.true_scores": lambda: {
        "first": floats(4, 3),
        "second": floats(5, 3, seed=1),
        "correlation": 0.5,
    },
    f"{CONTRASTIVE}.pairs.info_nce_value": lambda: {"scores": doubles(2, 4, 4)},
    f"{CONTRASTIVE}.pairs.leave_one_out_value": lambda: {"scores": doubles(2, 4, 4)},
    f"{CONTRASTIVE}.pairs.diagonal_blocks": lambda: {"scores": floats(2, 6, 6), "pairs": 3},
    f"{CONTRASTIVE}.pairs.exact_values": lambda: {
        "joint": doubles(3, 2).flatten().softmax(0).reshape(3, 2),
        "pairs": 3,
    },
    f"{CONTRASTIVE}.views.draw_world": lambda: {
        "features": 4,
        "amplitudes": (2.0, 1.0),
        "noise": 0.1,
        "replicates": 2,
        "generator": generator(),
    },
    f"{CONTRASTIVE}.views.draw_views": lambda: {
        "world": _world(),
        "examples": 5,
        "generator": generator(),
    },
    f"{CONTRASTIVE}.views.recovery": lambda: {
        "features": floats(2, 20, 3),
        "latents": floats(2, 20, 2, seed=1),
    },
    f"{CONTRASTIVE}.encoders.draw_encoders": lambda: {
        "features": 4,
        "hidden": 5,
        "coordinates": 3,
        "replicates": 2,
        "generator": generator(),
    },
    f"{CONTRASTIVE}.encoders.embedded": lambda: {"net": _start(), "views": floats(2, 2, 6, 4)},
    f"{CONTRASTIVE}.encoders.pair_scores": lambda: {
        "embeddings": _embeddings(),
        "sharpness": 2.0,
    },
    f"{CONTRASTIVE}.encoders.trained": lambda: {
        "start": _start(),
        "world": _world(),
        "course": encoders.Course(losses.info_nce, 0.01, 2, 6),
        "temperatures": (0.1, 0.5),
        "generator": generator(),
    },
    f"{CONTRASTIVE}.encoders.effective_rank": lambda: {"rows": floats(2, 6, 3)},
    f"{CONTRASTIVE}.encoders.alignment": lambda: {"embeddings": _embeddings()},
    f"{CONTRASTIVE}.encoders.uniformity": lambda: {"rows": floats(2, 6, 3)},
}
