"""Example calls of :mod:`runtheory.information`: super-samples."""

from __future__ import annotations

import numpy as np
import torch

from runtheory.information.supersamples.bit_rules import Samples, draw_bit_samples, symmetric_rule
from runtheory.information.supersamples.estimates import DIFFERENCE
from runtheory.information.supersamples.learners import Draws
from runtheory.information.supersamples.noisy_training import NoisySteps, train_noisily
from runtheory.information.supersamples.perceptrons import Descent, Perceptrons, draw_perceptrons
from runtheory.information.supersamples.supersample import ReplicatePlan, draw_super_samples
from tests.contract.calls.common import array, doubles, floats, generator, labels

DESCENT = Descent(steps=2)
RULE = symmetric_rule(3, steepness=2.0, middle=1.0)
NOISY = NoisySteps(2, 0.1, 0.1)


class Constant:
    def fit(self, inputs: np.ndarray, labels: np.ndarray) -> None:
        self.answer = labels[0]

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return np.full(len(inputs), self.answer)


def perceptrons(replicates: int = 1) -> Perceptrons:
    return draw_perceptrons((3, 4, 2), replicates=replicates, generator=generator())


def bit_networks() -> Perceptrons:
    return draw_perceptrons((3, 4, 1), replicates=2, generator=generator())


def bit_samples() -> Samples:
    return draw_bit_samples(RULE, 6, replicates=2, generator=generator())


def noisy() -> dict:
    """Return a call of noisy training, for two samples of four examples."""
    return {
        "start": perceptrons(2),
        "inputs": floats(2, 4, 3),
        "labels": labels(8, 2).reshape(2, 4),
        "settings": NOISY,
        "generator": generator(),
    }


def noisy_run() -> dict:
    return {"run": train_noisily(**noisy()), "settings": NOISY, "samples": 4}


def masks() -> torch.Tensor:
    return torch.randint(2, (6, 5), generator=generator())


def losses() -> torch.Tensor:
    return torch.randint(2, (6, 5, 2), generator=generator(1)).double()


def super_samples() -> object:
    return draw_super_samples(12, pairs=4, groups=2, masks=3, generator=generator())


def examples() -> dict:
    return {"inputs": floats(8, 3), "labels": labels(8, 2)}


SUPERSAMPLES: dict = {
    "estimates.estimated_bound": lambda: {
        "losses": losses(),
        "masks": masks(),
        "kind": DIFFERENCE,
        "generator": generator(),
        "permutations": 3,
    },
    "estimates.estimated_disintegrated_bound": lambda: {
        "symbols": labels(30, 3).reshape(6, 5),
        "masks": masks(),
        "groups": torch.tensor([0, 0, 0, 1, 1, 1]),
        "generator": generator(),
        "permutations": 3,
    },
    "estimates.interpolation_identity": lambda: {
        "losses": losses() * (torch.arange(2) != masks()[:, :, None]),
        "masks": masks(),
    },
    "noisy_training.dispersion_bound": noisy_run,
    "noisy_training.dispersion_information": noisy_run,
    "noisy_training.norm_bound": noisy_run,
    "noisy_training.train_noisily": noisy,
    "noisy_training.train_on_draws": lambda: {
        "start": perceptrons(2),
        **examples(),
        "samples": 4,
        "settings": NOISY,
        "draws": generator(),
        "noise": generator(1),
    },
    "estimates.pooled_frequencies": lambda: {"losses": losses(), "masks": masks()},
    "learners.learner_outcomes": lambda: {
        "learner": Constant(),
        "inputs": array(12, 3),
        "labels": np.arange(12) % 2,
        "plan": super_samples(),
    },
    "learners.super_sample_bounds": lambda: {
        "learner": Constant(),
        "inputs": array(12, 3),
        "labels": np.arange(12) % 2,
        "pairs": 4,
        "generator": generator(),
        "draws": Draws(2, 2, permutations=2),
    },
    "loss_information.binary_bound": lambda: {"train_error": 0.1, "information": 0.05},
    "loss_information.centred_single_bound": lambda: {"information": 0.05},
    "loss_information.difference_bound": lambda: {"information": 0.05},
    "loss_information.difference_information": lambda: {"gained": 0.2, "lost": 0.1},
    "loss_information.fast_rate_bound": lambda: {"train_error": 0.1, "information": 0.05},
    "loss_information.interpolation_error": lambda: {"information": 0.05},
    "loss_information.single_bound": lambda: {"information": 0.05},
    "loss_information.single_information": lambda: {"train_error": 0.1, "test_error": 0.2},
    "bit_rules.draw_bit_samples": lambda: {
        "rule": RULE,
        "count": 6,
        "replicates": 2,
        "generator": generator(),
    },
    "bit_rules.layer_values": lambda: {
        "net": bit_networks(),
        "inputs": floats(2, 5, 3),
        "activation": torch.tanh,
    },
    "bit_rules.learn_rule": lambda: {
        "start": bit_networks(),
        "samples": bit_samples(),
        "settings": DESCENT,
        "batches": torch.zeros(2, 2, 3).long(),
        "activation": torch.tanh,
        "noise": 0.5,
        "generator": generator(),
    },
    "bit_rules.rule_gradients": lambda: {
        "net": bit_networks(),
        "samples": bit_samples(),
        "activation": torch.tanh,
        "factors": floats(2, 6, 4),
    },
    "bit_rules.signal_to_noise": lambda: {
        "net": bit_networks(),
        "samples": bit_samples(),
        "activation": torch.tanh,
        "parts": 2,
    },
    "bit_rules.symmetric_rule": lambda: {"bits": 3, "steepness": 2.0, "middle": 1.0},
    "perceptrons.draw_batches": lambda: {
        "count": 8,
        "settings": Descent(steps=2, batch_size=3),
        "replicates": 2,
        "generator": generator(),
    },
    "perceptrons.draw_perceptrons": lambda: {
        "widths": (3, 4, 2),
        "replicates": 2,
        "generator": generator(),
        "dtype": torch.float32,
    },
    "perceptrons.train": lambda: {
        "start": perceptrons(2),
        "inputs": floats(2, 8, 3),
        "labels": labels(16, 2).reshape(2, 8),
        "settings": DESCENT,
    },
    "supersample.draw_super_samples": lambda: {
        "pool": 12,
        "pairs": 4,
        "groups": 2,
        "masks": 3,
        "generator": generator(),
    },
    "supersample.random_outcomes": lambda: {
        "replicates": 3,
        "pairs": 4,
        "generator": generator(),
    },
    "supersample.run_replicates": lambda: {
        "inputs": floats(12, 3),
        "labels": labels(12, 2),
        "plan": super_samples(),
        "settings": DESCENT,
        "start": perceptrons(6),
    },
    "supersample.train_replicates": lambda: {
        "inputs": floats(12, 3),
        "labels": labels(12, 2),
        "plan": ReplicatePlan(4, 2, 3, (2,), 2, DESCENT),
        "generator": generator(),
    },
    "symbols.difference_symbols": lambda: {"losses": losses()},
    "symbols.loss_symbols": lambda: {"losses": losses()},
    "symbols.prediction_symbols": lambda: {
        "predictions": labels(60, 3).reshape(6, 5, 2),
        "classes": 3,
    },
    "symbols.table_information": lambda: {
        "symbols": labels(30, 3).reshape(6, 5),
        "marks": masks(),
    },
    "symbols.zero_one": lambda: {"values": doubles(3) * 0, "name": "losses"},
}

CALLS = {f"information.supersamples.{name}": call for name, call in SUPERSAMPLES.items()}
