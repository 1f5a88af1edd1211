"""Example calls of :mod:`runtheory.noise`."""

from __future__ import annotations

import torch

from runtheory.information.supersamples.perceptrons import Descent, draw_perceptrons
from runtheory.noise.comparing_classifiers import twin_problem
from runtheory.noise.gradient_leakage import client, matching
from runtheory.noise.gradient_leakage import trials as searches
from runtheory.noise.low_rank_adaptation import adapters
from runtheory.noise.low_rank_adaptation import trials as adapting
from runtheory.noise.random_losses import trials
from tests.contract.calls.common import doubles, floats, generator, labels

COMPARING = "noise.comparing_classifiers"
GAUSS = "noise.gaussian_dropout"
LEAK = "noise.gradient_leakage"
LOW_RANK = "noise.low_rank_adaptation"
RANDOM = "noise.random_losses"
SMOOTH = "noise.label_smoothing"


def _head() -> dict:
    return {"features": floats(4, 3), "weight": floats(2, 3), "bias": floats(2)}


def _labelled() -> dict:
    return {**_head(), "labels": labels(4, 2)}


def _noise() -> torch.Tensor:
    return 1 + 0.1 * floats(5, 4, 3)


def _examples() -> tuple[torch.Tensor, torch.Tensor]:
    return floats(2, 6, 3), torch.tensor([0, 1] * 6).reshape(2, 6)


def _stacked() -> dict:
    inputs, given = _examples()
    nets = draw_perceptrons((3, 4, 2), replicates=2, generator=generator())
    return {"nets": nets, "inputs": inputs, "labels": given}


def _task() -> trials.Task:
    return trials.Task(_examples(), _examples(), _examples())


def _adapter() -> dict:
    return {"inputs": floats(4, 3), "targets": floats(4, 2), "change": floats(3, 2), "rate": 0.3}


def _adapted() -> dict:
    inputs, given = _examples()
    net = draw_perceptrons((3, 4, 2), replicates=2, generator=generator())
    start = adapters.draw_adapters(net, rank=2, generator=generator())
    return {"net": net, "adapters": start, "inputs": inputs, "labels": given}


def _learning() -> dict:
    given = _adapted()
    return {
        "net": given["net"],
        "start": given["adapters"],
        "examples": (given["inputs"], given["labels"]),
        "batches": torch.arange(6).expand(2, 2, 6),
        "learning_rates": torch.tensor([0.1, 0.2]),
        "steps": adapters.Steps(cap=4.0),
        "generator": generator(),
    }


def _sum() -> dict:
    return {"contributions": floats(5), "rate": 0.5}


def _scored() -> dict:
    # Leads of both signs, so that a temperature fits.
    return {"logits": floats(8, 3), "labels": labels(8, 3)}


def _twin() -> dict:
    problem = twin_problem.TwinProblem(2, 1.0)
    inputs, sides = problem.draw(3, 8, generator=generator())
    return {"inputs": inputs, "labels": sides, "trained": torch.arange(8).expand(3, -1) < 5}


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
    f"{LOW_RANK}.noise.masked_errors": lambda: {
        **_adapter(),
        "masks": torch.rand(5, 4, 3, generator=generator()) < 0.7,
    },
    f"{LOW_RANK}.noise.added_penalty": lambda: {
        "inputs": floats(4, 3),
        "change": floats(3, 2),
        "rate": 0.3,
    },
    f"{LOW_RANK}.noise.error_variance": _adapter,
    f"{LOW_RANK}.noise.steps_to_settle": lambda: {**_adapter(), "share": 0.1},
    f"{LOW_RANK}.saddle.product": lambda: {"times": [0.5, 1.0], "start": 0.1, "rate": 0.3},
    f"{LOW_RANK}.saddle.saddle_time": lambda: {"start": 0.1, "share": 0.4, "rate": 0.3},
    f"{LOW_RANK}.saddle.gain": lambda: {"norm": [0.0, 0.5], "cap": 4.0},
    f"{LOW_RANK}.saddle.adapted_product": lambda: {"times": [0.5, 1.0], "start": 0.1, "cap": 4.0},
    f"{LOW_RANK}.saddle.steps_needed": lambda: {
        "learning_rates": [0.3, 0.5],
        "start": 0.1,
        "cap": 4.0,
        "most": 50,
    },
    f"{LOW_RANK}.adapters.draw_adapters": lambda: {
        "net": _adapted()["net"],
        "rank": 2,
        "generator": generator(),
    },
    f"{LOW_RANK}.adapters.adapted_scores": lambda: {
        **{name: given for name, given in _adapted().items() if name != "labels"},
        "drop": 0.3,
        "generator": generator(),
    },
    f"{LOW_RANK}.adapters.unit_gain": lambda: {"weights": floats(2, 3, 4), "cap": 4.0},
    f"{LOW_RANK}.adapters.adapt": _learning,
    f"{LOW_RANK}.trials.accuracy": _adapted,
    f"{LOW_RANK}.trials.tried": lambda: {
        "task": adapting.Task(_adapted()["net"], *[_examples()] * 3),
        "steps": adapters.Steps(),
        "rates": (0.1, 0.2),
        "until": (1, 2),
        "rank": 2,
        "batch_size": 3,
    },
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
