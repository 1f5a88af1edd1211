"""Example calls of :mod:`runtheory.capacity`: noisy labels."""

from __future__ import annotations

import torch

from runtheory.capacity.noisy_labels import trials, ways
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from tests.contract.calls.common import doubles, examples, floats, generator, labels, shares

NOISY = "capacity.noisy_labels"
FACTORS = [1.0, 0.5]


def _directions() -> torch.Tensor:
    return torch.linalg.qr(doubles(6, 2))[0]


def _nets() -> Perceptrons:
    return draw_perceptrons((3, 4, 2), replicates=4, generator=generator())


def _task() -> trials.Task:
    inputs, known = examples()
    given = known.clone()
    given[:, 0] = 1 - given[:, 0]
    batches = torch.arange(6).expand(3, 2, 6)
    return trials.Task((inputs, given), (inputs, given), (inputs, known), known, batches)


def _trial() -> trials.Trial:
    return trials.Trial(ways.Way(), 0.1, 2, 4, 0.5, doubles(2), doubles(2))


CALLS: dict = {
    f"{NOISY}.flips.flip_labels": lambda: {
        "labels": labels(6, 3).reshape(2, 3),
        "rate": 0.4,
        "classes": 3,
        "generator": generator(),
    },
    f"{NOISY}.flips.agreement": lambda: {
        "accuracy": torch.tensor([0.5, 0.9], dtype=torch.float64),
        "rate": 0.4,
        "classes": 3,
    },
    f"{NOISY}.flips.memorised": lambda: {
        "predictions": torch.tensor([0, 1, 1]),
        "given": torch.tensor([1, 1, 1]),
        "true": torch.tensor([0, 1, 0]),
    },
    f"{NOISY}.flips.flip_variance": lambda: {"rate": 0.4, "classes": 3},
    f"{NOISY}.flips.mean_rows": lambda: {"labels": labels(6, 3), "rate": 0.4, "classes": 3},
    f"{NOISY}.filters.principal_directions": lambda: {"inputs": floats(6, 3)},
    f"{NOISY}.filters.cut_factors": lambda: {"rank": 3, "kept": 2},
    f"{NOISY}.filters.filtered": lambda: {
        "directions": _directions(),
        "targets": floats(6, 3),
        "factors": FACTORS,
    },
    f"{NOISY}.filters.expected_error": lambda: {
        "directions": _directions(),
        "means": floats(6, 3),
        "factors": FACTORS,
        "variance": 0.5,
    },
    f"{NOISY}.filters.cut_errors": lambda: {
        "energies": shares(3),
        "examples": 6,
        "variance": 0.5,
    },
    f"{NOISY}.filters.shrunk_errors": lambda: {
        "energies": shares(3),
        "examples": 6,
        "variance": 0.5,
    },
    f"{NOISY}.filters.memorised_share": lambda: {
        "factors": FACTORS,
        "examples": 6,
    },
    f"{NOISY}.filters.dropout_weights": lambda: {
        "inputs": floats(6, 3),
        "targets": floats(6, 2),
        "rate": 0.5,
    },
    f"{NOISY}.filters.ordered_weights": lambda: {
        "inputs": floats(6, 2),
        "targets": floats(6, 2),
        "chances": torch.tensor([0.5, 0.5]),
    },
    f"{NOISY}.filters.new_input_errors": lambda: {
        "inputs": floats(6, 3),
        "weights": floats(3, 2),
        "deviations": torch.ones(3),
        "variance": 0.5,
    },
    f"{NOISY}.filters.gaussian_error": lambda: {"examples": 9, "features": 3, "variance": 0.5},
    f"{NOISY}.ways.length_chances": lambda: {"features": 4, "width": 2.0},
    f"{NOISY}.trials.scores": lambda: {"net": _nets(), "inputs": floats(4, 6, 3)},
    f"{NOISY}.trials.small_losses": lambda: {
        "scores": floats(2, 6, 2),
        "labels": examples()[1],
        "kept": 3,
    },
    f"{NOISY}.trials.trained": lambda: {
        "start": _nets(),
        "task": _task(),
        "way": ways.Way(forget=0.3),
        "learning_rate": 0.1,
        "until": [1, 2],
    },
    f"{NOISY}.trials.answers": lambda: {"net": _nets(), "inputs": floats(2, 6, 3), "kept": 3},
    f"{NOISY}.trials.judged": lambda: {
        "net": _nets(),
        "task": _task(),
        "way": ways.Way(),
        "learning_rate": 0.1,
        "steps": 2,
        "kept": 3,
    },
    f"{NOISY}.trials.tried": lambda: {
        "start": _nets(),
        "task": _task(),
        "ways": [ways.Way(width=2.0)],
        "learning_rates": (0.1,),
        "until": [1],
        "cuts": (2, 4),
    },
    f"{NOISY}.trials.best": lambda: {"trials": [_trial()]},
}
