"""Example calls of what the demos of the part on capacity compute with."""

from __future__ import annotations

import numpy as np
import torch

from runtheory.capacity import flextok
from tests.contract.calls.common import array, doubles, floats, generator, labels, shares

QUBITS = "capacity.quantum_transfer_mnist"
EARTH = "capacity.sinkhorn_kd"
TOKENS = "capacity.flextok"
TREES = "capacity.gbdt_influence"


def _answers(seed: int = 0) -> torch.Tensor:
    return floats(2, 4, 3, seed=seed).softmax(2)


def _moved() -> dict:
    rows, columns = floats(3).softmax(0), floats(3, seed=1).softmax(0)
    return {"costs": shares(3, 3), "rows": rows, "columns": columns, "strength": 0.5}


def _coders() -> flextok.Coders:
    return flextok.draw_coders(2, pixels=5, hidden=4, tokens=3, generator=generator())


def _plan(most: int) -> torch.Tensor:
    return labels(12, most).reshape(2, 2, 3)


def _leaves() -> dict:
    leaves = np.array([[0, 1], [0, 0], [1, 0], [1, 1]])
    return {"leaves": leaves, "other_leaves": leaves[:2], "targets": array(4), "rate": 0.5}


def _growing() -> dict:
    examples = {"inputs": array(6, 2), "targets": array(6), "others": array(3, 2, seed=1)}
    return {**examples, "trees": 2, "depth": 1, "rate": 0.5}


CALLS: dict = {
    f"{QUBITS}.circuit_state": lambda: {"angles": floats(4, 3)},
    f"{QUBITS}.product_chances": lambda: {"angles": floats(4, 3)},
    f"{QUBITS}.renamed_outcomes": lambda: {"qubits": 3},
    f"{QUBITS}.sine_products": lambda: {"angles": floats(4, 3)},
    f"{QUBITS}.parity_means": lambda: {"chances": shares(4, 8)},
    f"{QUBITS}.read_frequencies": lambda: {
        "chances": shares(4, 8),
        "shots": 5,
        "generator": generator(),
    },
    f"{QUBITS}.principal_components": lambda: {
        "training": doubles(6, 4),
        "others": doubles(3, 4, seed=1),
        "components": 2,
    },
    f"{QUBITS}.head_accuracies": lambda: {
        "features": floats(12, 3),
        "labels": labels(12, 2),
        "sizes": [8, 4],
    },
    f"{EARTH}.transport_plan": _moved,
    f"{EARTH}.transport_loss": _moved,
    f"{EARTH}.batch_loss": lambda: {"students": _answers(), "teachers": _answers(1)},
    f"{EARTH}.pair_loss": lambda: {"students": _answers(), "teachers": _answers(1)},
    f"{EARTH}.ring_posteriors": lambda: {
        "points": floats(2, 4, 2),
        "classes": 3,
        "deviation": 0.5,
    },
    f"{EARTH}.draw_ring": lambda: {
        "labels": labels(8, 3).reshape(2, 4),
        "classes": 3,
        "features": 2,
        "deviation": 0.5,
        "generator": generator(),
    },
    f"{EARTH}.taught": lambda: {
        "points": floats(2, 4, 2),
        "labels": labels(8, 3).reshape(2, 4),
        "teachers": _answers(),
        "lesson": "all",
        "weights": torch.ones(2),
        "labelled": True,
        "steps": 2,
        "generator": generator(),
    },
    f"{EARTH}.student_answers": lambda: {
        "net": [floats(2, 2, 5), floats(2, 1, 5), floats(2, 5, 3), floats(2, 1, 3)],
        "points": floats(2, 4, 2),
    },
    f"{TOKENS}.least_errors": lambda: {"images": floats(6, 5), "tokens": 3},
    f"{TOKENS}.linear_errors": lambda: {
        "images": floats(6, 5),
        "encoder": floats(3, 5),
        "decoder": floats(5, 3),
    },
    f"{TOKENS}.turned_within": lambda: {"edges": [1, 3], "generator": generator()},
    f"{TOKENS}.mean_turned_errors": lambda: {"least": doubles(5).abs(), "edges": [1, 4]},
    f"{TOKENS}.draw_lengths": lambda: {
        "choices": [1, 2, 4],
        "shape": (2, 3, 4),
        "generator": generator(),
    },
    f"{TOKENS}.draw_coders": lambda: {
        "replicates": 2,
        "pixels": 5,
        "hidden": 4,
        "tokens": 3,
        "generator": generator(),
    },
    f"{TOKENS}.encoded": lambda: {"coders": _coders(), "images": floats(6, 5)},
    f"{TOKENS}.decoded": lambda: {
        "coders": _coders(),
        "codes": floats(2, 6, 3),
        "lengths": labels(12, 4).reshape(2, 6),
    },
    f"{TOKENS}.trained": lambda: {
        "start": _coders(),
        "images": floats(6, 5),
        "batches": _plan(6),
        "lengths": _plan(3) + 1,
    },
    f"{TOKENS}.length_errors": lambda: {"coders": _coders(), "images": floats(6, 5)},
    f"{TOKENS}.cut_codes": lambda: {
        "codes": floats(2, 6, 3),
        "like": floats(2, 7, 3, seed=1),
        "length": 2,
    },
    f"{TREES}.grown_leaves": _growing,
    f"{TREES}.retrained_predictions": lambda: {**_growing(), "kept": np.ones((2, 6), dtype=bool)},
    f"{TREES}.refitted_predictions": lambda: {**_leaves(), "weights": np.ones((3, 4))},
    f"{TREES}.boosted_influence": lambda: {**_leaves(), "other_targets": array(2)},
    f"{TREES}.loss_gains": lambda: {
        "predictions": array(3, 2),
        "whole": array(2),
        "other_targets": array(2, seed=1),
    },
    f"{TREES}.without_largest": lambda: {"influence": array(5, 2), "count": 2},
}
