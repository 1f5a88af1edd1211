"""Example calls of :mod:`runtheory.information`: certificates."""

from __future__ import annotations

import numpy as np
import torch

from runtheory.data import ImageSet
from runtheory.information.certificates.confidence import Confidence
from runtheory.information.certificates.drawn_networks import zero_one_loss
from runtheory.information.certificates.modules import ModulePlan
from runtheory.information.certificates.stochastic_networks import SplitPlan
from runtheory.information.supersamples.perceptrons import Descent
from tests.contract.calls.common import array, floats, generator, labels, network
from tests.contract.calls.information_learning import examples, perceptrons

CONFIDENCE = Confidence((0.1,), draws=3)
DESCENT = Descent(steps=2)


def bound() -> dict:
    return {
        "risk": np.array([0.1, 0.2]),
        "divergence": np.array([2.0]),
        "samples": 50,
        "delta": 0.05,
    }


def linear() -> dict:
    return {"inputs": array(6, 3), "signs": np.array([1.0, -1, 1, -1, 1, 1])}


def image_set() -> ImageSet:
    """Return nine images of three classes."""
    images = torch.randint(256, (9, 1, 4, 4), generator=generator(), dtype=torch.uint8)
    known = labels(9, 3)
    return ImageSet("toy", images, known, images, known, ("a", "b", "c"), (0.5,), (0.3,))


CERTIFICATES: dict = {
    "confidence.best_certificate": lambda: {
        "risk": lambda _: 0.1,
        "divergence": lambda _: 1.0,
        "samples": 50,
        "confidence": CONFIDENCE,
    },
    "drawn_networks.blocks": lambda: {"total": 7, "size": 3},
    "drawn_networks.bounded_cross_entropy": lambda: {
        "scores": floats(2, 8, 3),
        "labels": labels(8, 3),
        "least": 0.1,
    },
    "drawn_networks.mean_drawn_loss": lambda: {
        "draw": lambda count: lambda part: floats(count, 8, 2)[:, part],
        "labels": labels(8, 2),
        "counts": [2, 1],
        "rows": 3,
        "loss": zero_one_loss,
    },
    "drawn_networks.progress": lambda: {"total": 7, "shown": False},
    "drawn_networks.zero_one_loss": lambda: {"scores": floats(2, 8, 3), "labels": labels(8, 3)},
    "linear_classifiers.check_grid": lambda: {"values": (0.1, 1.0), "name": "scales"},
    "linear_classifiers.linear_certificate": lambda: {
        "weights": array(3),
        **linear(),
        "prior": array(3, seed=1),
        "scales": (0.5, 1.0),
        "delta": 0.05,
    },
    "linear_classifiers.linear_gibbs_risks": lambda: {
        "weights": array(3),
        **linear(),
        "scales": (0.5, 1.0),
    },
    "linear_classifiers.ridge_weights": lambda: {**linear(), "penalty": 0.1},
    "modules.module_certificate": lambda: {
        "posterior": network(),
        **examples(),
        "prior": network(),
        "generator": generator(),
        "plan": ModulePlan(CONFIDENCE),
    },
    "modules.split_module_certificate": lambda: {
        "net": network(),
        **examples(),
        "fit": lambda module, inputs, labels: None,
        "generator": generator(),
        "plan": ModulePlan(CONFIDENCE),
    },
    "pac_bayes.catoni_bound": lambda: {**bound(), "temperatures": (0.5, 1.0)},
    "pac_bayes.gaussian_divergence": lambda: {
        "squared_distance": np.array([2.0]),
        "dimension": 3,
        "deviation": 0.1,
        "prior_deviation": 0.2,
    },
    "pac_bayes.kl_bound": bound,
    "pac_bayes.lambda_bound": lambda: {**bound(), "trade_off": 0.5},
    "pac_bayes.mcallester_bound": bound,
    "pac_bayes.monte_carlo_bound": lambda: {"mean": np.array([0.1]), "draws": 50, "delta": 0.05},
    "pac_bayes.quadratic_bound": bound,
    "pac_bayes.worst_exponents": lambda: {
        "counts": np.arange(6).reshape(2, 3),
        "risk": 0.2,
        "samples": 9,
        "temperatures": np.array([0.5, 1.0, 2.0, 4.0]),
    },
    "stochastic_networks.network_certificate": lambda: {
        "posterior": perceptrons(),
        **examples(),
        "prior": perceptrons(),
        "confidence": CONFIDENCE,
        "generator": generator(),
    },
    "stochastic_networks.split_certificate": lambda: {
        **examples(),
        "plan": SplitPlan((2,), 2, prior=DESCENT, confidence=CONFIDENCE),
        "generator": generator(),
    },
    "stochastic_networks.stochastic_risk": lambda: {
        "mean": perceptrons(),
        **examples(),
        "deviation": 0.1,
        "draws": 3,
        "generator": generator(),
        "chunk": 2,
    },
    "two_classes.two_classes": lambda: {
        "source": image_set(),
        "first": "a",
        "second": "c",
        "square": 2,
    },
}

CALLS = {f"information.certificates.{name}": call for name, call in CERTIFICATES.items()}
