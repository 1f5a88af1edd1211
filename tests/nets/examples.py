"""One network of every kind, with images that it takes."""

from __future__ import annotations

import torch

from runtheory.nets import Classifier, perceptron, residual_net, small_convnet
from runtheory.randomness import stream


def one_of_each(seed: int) -> dict[str, tuple[Classifier, torch.Tensor]]:
    grey, colour = torch.zeros(3, 1, 28, 28), torch.zeros(3, 3, 32, 32)
    generator = stream(seed, "initialisation")
    return {
        "convnet": (small_convnet(generator=generator), grey),
        "linear convnet": (small_convnet(hidden=0, width=4, generator=generator), grey),
        "colour convnet": (small_convnet(channels=3, size=32, generator=generator), colour),
        "perceptron": (perceptron(inputs=784, classes=10, generator=generator), grey),
        "linear": (perceptron(inputs=784, classes=2, widths=(), generator=generator), grey),
        "normalised": (
            perceptron(inputs=784, classes=10, widths=(6, 5), normalised=True, generator=generator),
            grey,
        ),
        "residual": (residual_net(width=4, generator=generator), colour),
        "deep": (
            perceptron(inputs=784, classes=5, widths=(9, 7), hidden=3, generator=generator),
            grey,
        ),
    }
