"""Example calls of :mod:`runtheory.information.ladder`: models that are solved completely."""

from __future__ import annotations

import numpy as np

from runtheory.information.ladder.binary_gaussian import solve
from runtheory.information.ladder.conditional_laws import GaussianMeanModel, conditional_laws
from runtheory.information.ladder.noisy_descent import NoisyDescent
from tests.contract.calls.common import array, generator
from tests.contract.calls.information_laws import LAW

MODEL = GaussianMeanModel(3, 8, 1.0)


def model() -> dict:
    return {"model": MODEL}


def descent() -> dict:
    return {"model": NoisyDescent(3, 8, 5, 0.1, 0.2)}


def laws() -> dict:
    return {"laws": conditional_laws(MODEL, order=8)}


LADDER: dict = {
    "binary_gaussian.loss_law": laws,
    "binary_gaussian.lower_bound": lambda: {"ladder": solve(MODEL, order=8)},
    "binary_gaussian.noisy_release_information": lambda: {**model(), "noise": 0.5},
    "binary_gaussian.representation_information": lambda: {**model(), "rank": 2},
    "binary_gaussian.solve": lambda: {**model(), "order": 8},
    "binary_gaussian.upper_bounds": lambda: {"ladder": solve(MODEL, order=8)},
    "conditional_laws.conditional_laws": lambda: {**model(), "order": 8},
    "conditional_laws.decision_kl": laws,
    "conditional_laws.input_wasserstein": laws,
    "conditional_laws.output_kl": laws,
    "conditional_laws.output_wasserstein": laws,
    "conditional_laws.ramp_mean": lambda: {"centre": array(3), "spread": 0.5, "margin": 1.0},
    "gibbs.count_vectors": lambda: {"values": 3, "samples": 4},
    "gibbs.gibbs_gap": lambda: {
        "losses": abs(array(3, 2)),
        "law": LAW,
        "prior": np.array([0.2, 0.3, 0.5]),
        "alpha": 2.0,
        "samples": 4,
    },
    **{
        f"noisy_descent.{name}": descent
        for name in (
            "iterate_information",
            "path_information",
            "path_information_given_others",
            "recursion_information",
            "responses",
            "squared_gap",
            "squared_test_loss",
            "step_information",
        )
    },
    "masked_inputs.dropped_errors": lambda: {**model(), "rate": 0.5, "order": 8},
    "masked_inputs.expected_rank": lambda: {"inputs": 2, "outputs": 2, "rate": 0.5},
    "masked_inputs.masked_information": lambda: {
        "weights": array(2, 3),
        "kept": np.ones((4, 2, 3), dtype=bool),
        "samples": 5,
    },
    **{
        f"sign_networks.{name}": lambda: {"width": 2, "depth": 2}
        for name in ("collapse_chance", "function_law", "weight_functions")
    },
    "sign_networks.constant_law": dict,
    "sign_networks.label_problem": lambda: {"target": np.array([1.0, 1, 1, -1]), "flip": 0.1},
    "noisy_descent.excess_bound": lambda: {**descent(), "information": 0.1},
    "neighbours.neighbour_losses": lambda: {
        **model(),
        "draws": 3,
        "neighbours": 3,
        "generator": generator(),
    },
    "polar.legendre": lambda: {"left": 0.0, "right": 1.0, "order": 4},
    "polar.polar_law": lambda: {"dimension": 3, "mean": 1.0, "order": 8},
    "ramp.solve_ramp": lambda: {**model(), "margin": 1.0, "order": 8},
    "simulation.simulate": lambda: {**model(), "draws": 5, "generator": generator(), "chunk": 99},
    "surrogate_losses.excess_loss_bound": model,
    "surrogate_losses.squared_loss_bound": model,
    "surrogate_losses.squared_loss_exact_bound": model,
    "surrogate_losses.squared_loss_gap": model,
}


CALLS = {f"information.ladder.{name}": call for name, call in LADDER.items()}
