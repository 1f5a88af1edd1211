"""Example calls of :mod:`runtheory.noise`: gradient leakage."""

from __future__ import annotations

import torch

from runtheory.noise.gradient_leakage import client, matching
from runtheory.noise.gradient_leakage import trials as searches
from tests.contract.calls.common import doubles, floats, generator, labels

LEAK = "noise.gradient_leakage"


def _net() -> client.Layers:
    return client.draw_networks(4, hidden=3, classes=2, replicates=2, generator=generator())


def _clients() -> dict:
    return {
        "net": _net(),
        "images": doubles(2, 1, 4),
        "labels": torch.tensor([[0], [1]]),
        "on_inputs": doubles(2, 1, 4).abs(),
        "on_hidden": doubles(2, 1, 3).abs(),
    }


def _searched() -> searches.Clients:
    return searches.draw_clients(
        doubles(2, 4),
        torch.tensor([0, 1]),
        classes=2,
        hidden=3,
        rates=(0.3,),
        generator=generator(),
    )


CALLS: dict = {
    f"{LEAK}.client.draw_networks": lambda: {
        "pixels": 4,
        "hidden": 3,
        "classes": 2,
        "replicates": 2,
        "generator": generator(),
    },
    f"{LEAK}.client.pulls": _clients,
    f"{LEAK}.client.shared_gradient": _clients,
    f"{LEAK}.reading.unit_ratios": lambda: {
        "weight_gradient": floats(3, 4),
        "bias_gradient": floats(3),
    },
    f"{LEAK}.reading.isolated_units": lambda: {"masks": floats(2, 3, 5) > 0},
    f"{LEAK}.reading.expected_isolated": lambda: {"units": 5, "rate": 0.3, "batch": 2},
    f"{LEAK}.reading.expected_hidden": lambda: {"pixels": 5, "rate": 0.3, "masks": 2},
    f"{LEAK}.reading.agreed_points": lambda: {"ratios": floats(3, 4), "tolerance": 0.1},
    f"{LEAK}.reading.filled_in": lambda: {
        "pixels": floats(2, 3),
        "known": torch.ones(2, 3, dtype=torch.bool),
        "mean": floats(3),
        "covariance": torch.eye(3),
        "noise": 0.1,
    },
    f"{LEAK}.dependence.unseen_pixels": lambda: {
        "net": _net(),
        "images": doubles(2, 4),
        "labels": labels(2, 2),
        "on_inputs": doubles(2, 3, 4).abs(),
        "generator": generator(),
    },
    f"{LEAK}.dependence.image_directions": lambda: {
        "net": client.draw_networks(4, hidden=3, classes=2, replicates=1, generator=generator()),
        "images": doubles(1, 4),
        "labels": labels(1, 2),
        "on_inputs": doubles(1, 3, 4).abs(),
    },
    f"{LEAK}.matching.total_variation": lambda: {"images": floats(2, 3, 3)},
    f"{LEAK}.matching.cosine_distance": lambda: {
        "found": client.pulls(**_clients()),
        "sent": _net(),
    },
    f"{LEAK}.matching.silent_share": lambda: {"found": _net(), "sent": _net()},
    f"{LEAK}.matching.matched": lambda: {
        "net": _net(),
        "sent": client.shared_gradient(**_clients()),
        "labels": torch.tensor([0, 1]),
        "guess": matching.Guess(),
        "smoothness": doubles(2).abs(),
        "search": matching.Search(steps=1),
        "generator": generator(),
    },
    f"{LEAK}.trials.draw_clients": lambda: {
        "images": doubles(2, 4),
        "labels": labels(2, 2),
        "classes": 2,
        "hidden": 3,
        "rates": (0.3,),
        "generator": generator(),
    },
    f"{LEAK}.trials.sent_by": lambda: {"clients": _searched(), "dropout": matching.Guess()},
    f"{LEAK}.trials.tried": lambda: {
        "clients": _searched(),
        "sent": searches.sent_by(_searched(), matching.Guess()),
        "guess": matching.Guess(),
        "smoothness": (0.1,),
        "search": matching.Search(steps=1),
        "generator": generator(),
    },
    f"{LEAK}.matching.peak_signal_to_noise": lambda: {
        "found": floats(2, 4),
        "images": floats(2, 4, seed=1),
    },
}
