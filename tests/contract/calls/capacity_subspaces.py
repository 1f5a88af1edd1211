"""Example calls of :mod:`runtheory.capacity`: random subspaces."""

from __future__ import annotations

from runtheory.capacity.random_subspaces import described, networks
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from tests.contract.calls.common import doubles, examples, floats, generator, shares

SUBSPACES = "capacity.random_subspaces"
SETTINGS = networks.Adam(0.1, 2)


def _start() -> Perceptrons:
    return draw_perceptrons((3, 2, 2), replicates=2, generator=generator())


def _moving() -> dict:
    return {"start": _start(), "directions": floats(2, 14, 4)}


CALLS: dict = {
    f"{SUBSPACES}.quadratic.draw_directions": lambda: {
        "parameters": 5,
        "directions": 3,
        "replicates": 2,
        "generator": generator(),
    },
    f"{SUBSPACES}.quadratic.least_ratios": lambda: {
        "constraints": floats(3, 6),
        "residual": floats(3, seed=1),
        "directions": floats(2, 6, 4),
    },
    f"{SUBSPACES}.quadratic.mean_ratio": lambda: {"constraints": 5, "dimension": 2},
    f"{SUBSPACES}.quadratic.ratio_distribution": lambda: {"constraints": 5, "dimension": 2},
    f"{SUBSPACES}.networks.moved": lambda: {**_moving(), "coordinates": floats(2, 4, 3)},
    f"{SUBSPACES}.networks.trained": lambda: {
        **_moving(),
        "examples": examples(),
        "dimensions": (2, 4),
        "settings": SETTINGS,
    },
    f"{SUBSPACES}.networks.trained_fully": lambda: {
        "start": _start(),
        "examples": examples(),
        "settings": SETTINGS,
    },
    f"{SUBSPACES}.networks.accuracy": lambda: {
        "nets": _start(),
        "inputs": examples()[0],
        "labels": examples()[1],
    },
    f"{SUBSPACES}.networks.threshold_dimension": lambda: {
        "dimensions": (2, 4),
        "scores": (0.2, 0.9),
        "target": 0.5,
    },
    f"{SUBSPACES}.description.quantised": lambda: {
        "coordinates": floats(3, 2),
        "bits": 2,
        "reach": 1.0,
    },
    f"{SUBSPACES}.description.description_nats": lambda: {"dimension": 3, "bits": 2},
    f"{SUBSPACES}.description.described_bound": lambda: {
        "risk": shares(3).double().numpy(),
        "nats": 4.0,
        "samples": 50,
        "delta": 0.1,
    },
    f"{SUBSPACES}.description.hoeffding_bound": lambda: {
        "risk": doubles(3).sigmoid().numpy(),
        "nats": 4.0,
        "samples": 50,
        "delta": 0.1,
    },
    f"{SUBSPACES}.described.least_described": lambda: {
        **_moving(),
        "coordinates": floats(2, 4, 2),
        "dimensions": (2, 4),
        "examples": examples(),
        "grid": described.Grid(bits=(2,), reaches=(1.0, 2.0)),
    },
}
