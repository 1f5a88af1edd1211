"""Example calls of :mod:`runtheory.nets`."""

from __future__ import annotations

import torch
from torch import nn

from runtheory.nets import perceptron
from tests.contract.calls.common import generator

CALLS: dict = {
    "nets.classifier.as_classifier": lambda: {
        "net": perceptron(inputs=4, classes=2, widths=(3,), generator=generator())
    },
    "nets.classifier.feature_count": lambda: {"body": nn.Flatten(), "shape": (1, 2, 2)},
    "nets.convolutional.small_convnet": lambda: {
        "generator": generator(),
        "channels": 1,
        "classes": 2,
        "size": 8,
        "width": 2,
        "hidden": 3,
        "pooled": False,
    },
    "nets.initialisation.build": lambda: {
        "construct": lambda: nn.Linear(3, 2),
        "generator": generator(),
    },
    "nets.initialisation.initialise": lambda: {
        "network": nn.Linear(3, 2),
        "generator": generator(),
    },
    "nets.linear.linear_head": lambda: {"features": 3, "classes": 2, "hidden": 4},
    "nets.linear.perceptron": lambda: {
        "inputs": 4,
        "classes": 2,
        "widths": (3,),
        "hidden": 0,
        "activation": torch.nn.ReLU,
        "generator": generator(),
    },
    "nets.residual.residual_net": lambda: {
        "generator": generator(),
        "channels": 1,
        "classes": 2,
        "width": 4,
        "hidden": 0,
    },
}
