"""Example calls of :mod:`runtheory.noise`."""

from __future__ import annotations

import torch

from runtheory.information.supersamples.perceptrons import Descent, draw_perceptrons
from runtheory.noise.comparing_classifiers import twin_problem
from runtheory.noise.random_losses import trials
from tests.contract.calls.common import doubles, examples, floats, generator, labels

COMPARING = "noise.comparing_classifiers"
GAUSS = "noise.gaussian_dropout"
RANDOM = "noise.random_losses"
SMOOTH = "noise.label_smoothing"


def _head() -> dict:
    return {"features": floats(4, 3), "weight": floats(2, 3), "bias": floats(2)}


def _labelled() -> dict:
    return {**_head(), "labels": labels(4, 2)}


def _noise() -> torch.Tensor:
    return 1 + 0.1 * floats(5, 4, 3)


def _stacked() -> dict:
    inputs, given = examples()
    nets = draw_perceptrons((3, 4, 2), replicates=2, generator=generator())
    return {"nets": nets, "inputs": inputs, "labels": given}


def _task() -> trials.Task:
    return trials.Task(examples(), examples(), examples())


def _sum() -> dict:
    return {"contributions": floats(5), "rate": 0.5}


def _scored() -> dict:
    # Leads of both signs, so that a temperature fits.
    return {"logits": floats(8, 3), "labels": labels(8, 3)}


def _twin() -> dict:
    problem = twin_problem.TwinProblem(2, 1.0)
    inputs, sides = problem.draw(3, 8, generator=generator())
    return {"inputs": inputs, "labels": sides, "trained": torch.arange(8).expand(3, -1) < 5}


def _repeated() -> dict:
    return {"problem": twin_problem.TwinProblem(2, 1.0), "repeats": 3, "generator": generator()}


CALLS: dict = {
    f"{COMPARING}.levels.wald_coverage": lambda: {"risks": [0.2, 0.3], "examples": 7},
    f"{COMPARING}.levels.resampled_level": lambda: {"splits": 5, "correlation": 0.3},
    f"{COMPARING}.levels.five_by_two_level": lambda: {"within": 0.1, "between": 0.3},
    f"{COMPARING}.levels.least_error": lambda: {"risks": [0.2, 0.3], "examples": 7},
    f"{COMPARING}.twin_problem.nearest_means": _twin,
    f"{COMPARING}.twin_problem.error_differences": lambda: {
        **_twin(),
        "problem": twin_problem.TwinProblem(2, 1.0),
    },
    f"{COMPARING}.twin_problem.random_subsets": lambda: {
        "repeats": 3,
        "examples": 6,
        "chosen": 2,
        "generator": generator(),
    },
    f"{COMPARING}.twin_problem.split_differences": lambda: {
        **_repeated(),
        "examples": 9,
        "splits": 2,
    },
    f"{COMPARING}.twin_problem.five_by_two_differences": lambda: {**_repeated(), "examples": 20},
    f"{COMPARING}.twin_problem.split_correlation": lambda: {"differences": doubles(6, 3)},
    f"{COMPARING}.twin_problem.replicate_correlations": lambda: {"differences": doubles(6, 5, 2)},
    f"{COMPARING}.twin_problem.selected_errors": lambda: {
        "repeats": 3,
        "candidates": 2,
        "features": 2,
        "examples": 16,
        "generator": generator(),
    },
    f"{GAUSS}.gradients.noise_leverages": lambda: {
        "features": floats(4, 3),
        "weight": floats(2, 3),
    },
    f"{GAUSS}.gradients.projected_noise": lambda: {
        "features": floats(4, 3),
        "weight": floats(2, 3),
        "noise": _noise(),
    },
    f"{GAUSS}.gradients.weight_gradients": lambda: {**_labelled(), "noise": _noise()},
    f"{GAUSS}.gradients.variance_reduction": lambda: {**_labelled(), "rate": 0.5},
    f"{GAUSS}.gradients.pathwise_gradients": lambda: {
        **_labelled(),
        "normal": doubles(5, 4, 1),
        "rate": 0.5,
    },
    f"{GAUSS}.logits.gaussian_logits": lambda: {
        **_head(),
        "samples": 5,
        "rate": 0.5,
        "generator": generator(),
    },
    f"{GAUSS}.logits.expected_gaussian_loss": lambda: {**_labelled(), "rate": 0.5},
    f"{GAUSS}.logits.logit_grid": lambda: {**_head(), "rate": 0.5},
    f"{GAUSS}.logits.eigen_root": lambda: {"covariance": torch.eye(3).expand(2, 3, 3).clone()},
    f"{GAUSS}.moments.mask_moments": lambda: {"rate": 0.5},
    f"{GAUSS}.moments.draw_noise": lambda: {
        "samples": 5,
        "shape": (4, 3),
        "rate": 0.5,
        "generator": generator(),
    },
    f"{GAUSS}.next_order.normal_expectation": lambda: {
        "function": torch.tanh,
        "mean": doubles(3),
        "deviation": doubles(3).abs(),
    },
    f"{GAUSS}.next_order.sum_distribution": _sum,
    f"{GAUSS}.next_order.logistic_loss": lambda: {"difference": doubles(3)},
    f"{GAUSS}.next_order.logistic_loss_third": lambda: {"difference": doubles(3)},
    f"{GAUSS}.next_order.loss_difference": lambda: {**_sum(), "bias": 0.1},
    f"{GAUSS}.next_order.third_order_term": lambda: {**_sum(), "bias": 0.1},
    f"{GAUSS}.next_order.remainder_bound": lambda: {"ranges": floats(5).abs(), "rate": 0.5},
    f"{GAUSS}.next_order.lyapunov_ratio": _sum,
    f"{GAUSS}.next_order.distance_to_normal": _sum,
    f"{RANDOM}.derivatives.margins": lambda: {"logits": floats(4, 2), "labels": labels(4, 2)},
    f"{RANDOM}.derivatives.draw_derivatives": lambda: {
        "stack": (2,),
        "batch": 4,
        "generator": generator(),
    },
    f"{RANDOM}.derivatives.assigned": lambda: {
        "derivatives": -floats(4).abs().sort(descending=True).values,
        "margins": floats(4),
    },
    f"{RANDOM}.derivatives.random_loss": lambda: {"margins": floats(4), "generator": generator()},
    f"{RANDOM}.derivatives.rank_loss": lambda: {"margins": floats(4)},
    f"{RANDOM}.derivatives.rank_weights": lambda: {"batch": 4},
    f"{RANDOM}.derivatives.mean_size": lambda: {"power": 2},
    f"{RANDOM}.derivatives.loss_through": lambda: {
        "margins": floats(4),
        "derivatives": -floats(4).abs(),
        "at": floats(5),
    },
    f"{RANDOM}.trials.normal_classes": lambda: {
        "examples": 6,
        "replicates": 2,
        "features": 3,
        "shift": 1.0,
        "generator": generator(),
    },
    f"{RANDOM}.trials.errors": _stacked,
    f"{RANDOM}.trials.logistic_losses": _stacked,
    f"{RANDOM}.trials.tried": lambda: {
        "loss": torch.relu,
        "task": _task(),
        "rates": (0.1,),
        "settings": Descent(steps=2),
    },
    f"{RANDOM}.trials.nearest_mean_errors": lambda: {"task": _task()},
    f"{SMOOTH}.smoothed_loss": lambda: {**_scored(), "amount": 0.1},
    f"{SMOOTH}.uniform_divergence": lambda: {"logits": floats(4, 3)},
    f"{SMOOTH}.confidence_divergence": lambda: {"logits": floats(4, 3)},
    f"{SMOOTH}.lead": _scored,
    f"{SMOOTH}.best_lead": lambda: {"amount": 0.1, "classes": 3},
    f"{SMOOTH}.least_loss": lambda: {"lead": 1.0, "amount": 0.1, "classes": 3},
    f"{SMOOTH}.lead_interval": lambda: {"loss": 1.0, "amount": 0.1, "classes": 3},
    f"{SMOOTH}.smoothed_distribution": lambda: {
        "distribution": floats(4, 3).softmax(1),
        "amount": 0.1,
    },
    f"{SMOOTH}.minimising_logits": lambda: {
        "distributions": floats(4, 3).softmax(1).double(),
        "amount": 0.1,
        "generator": generator(),
    },
    f"{SMOOTH}.fitted_temperature": _scored,
}
