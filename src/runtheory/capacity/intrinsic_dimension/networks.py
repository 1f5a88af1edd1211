"""Small networks that learn stripes on a torus, beside the nearest neighbour on the same points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.capacity.intrinsic_dimension import torus
from runtheory.capacity.intrinsic_dimension.neighbours import nearest_labels
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_batches,
    draw_perceptrons,
    train,
)

HIDDEN = (32, 32)
STEPS, BATCH = 400, 50
VALIDATION, TEST = 1000, 2000


@dataclass(frozen=True)
class Fitted:
    """Networks at the best of their learning rates, their inputs of the test, and both errors.

    Errors are shares of the test points, one a replicate.
    """

    net: Perceptrons
    rate: float
    inputs: Float[Tensor, "replicate test feature"]
    errors: Float64[np.ndarray, "replicate"]
    neighbour_errors: Float64[np.ndarray, "replicate"]


@checked
def fitted(
    samples: int,
    dimension: int,
    *,
    periods: int,
    replicates: int,
    rates: Sequence[float],
    generator: torch.Generator,
) -> Fitted:
    """Draw points for each replicate, train a network on their stripes and test it.

    Inputs are ``torus.circles``, turned by one random rotation a replicate. The learning rate is
    the one of the least mean error on 1,000 further points. Two hidden layers of 32 rectified
    units, 400 steps of descent with momentum 0.9 on batches of 50.

    Raises
    ------
    ValueError
        If there are fewer than 50 samples, a count is below one, there are no rates, or one is
        not positive.
    """
    checks.at_least(BATCH, samples=samples)
    checks.at_least(1, replicates=replicates, rates=len(rates))
    sizes = (samples, VALIDATION, TEST)
    points = [
        [torus.draw_points(size, dimension, generator=generator) for size in sizes]
        for _ in range(replicates)
    ]
    labels = [[torus.stripes(one, periods=periods) for one in drawn] for drawn in points]
    turns = [_rotation(2 * dimension, generator) for _ in range(replicates)]
    inputs = [
        torch.stack([_turned(drawn[part], turn) for drawn, turn in zip(points, turns, strict=True)])
        for part in range(3)
    ]
    truth = [torch.from_numpy(np.stack([one[part] for one in labels])) for part in range(3)]
    net, rate = _best(inputs[:2], truth[:2], rates, generator)
    nearest = [
        np.mean(nearest_labels(drawn[2], drawn[0], known[0], wrapped=True) != known[2])
        for drawn, known in zip(points, labels, strict=True)
    ]
    return Fitted(net, rate, inputs[2], _errors(net, inputs[2], truth[2]), np.array(nearest))


@checked
def hidden_layers(
    net: Perceptrons, inputs: Float[Tensor, "replicate batch feature"]
) -> list[Float[Tensor, "replicate batch hidden"]]:
    """Return the rectified activations of each hidden layer, the first one first.

    Raises
    ------
    ValueError
        If inputs do not fit the networks, or are not for as many replicates.
    """
    checks.in_interval(net.replicates, net.replicates, replicates=len(inputs))
    counts = range(1, len(net.weights))
    return [
        Perceptrons(net.weights[:count], net.biases[:count]).scores(inputs).relu()
        for count in counts
    ]


def _best(
    inputs: Sequence[Tensor],
    truth: Sequence[Tensor],
    rates: Sequence[float],
    generator: torch.Generator,
) -> tuple[Perceptrons, float]:
    replicates, samples, features = inputs[0].shape
    start = draw_perceptrons((features, *HIDDEN, 2), replicates=replicates, generator=generator)
    tried = []
    settings = [Descent(steps=STEPS, learning_rate=rate, batch_size=BATCH) for rate in rates]
    batches = draw_batches(samples, settings[0], replicates=replicates, generator=generator)
    for one in settings:
        net = train(start, inputs[0], truth[0], settings=one, batches=batches)
        tried.append((float(_errors(net, inputs[1], truth[1]).mean()), net, one.learning_rate))
    _, net, rate = min(tried, key=lambda row: row[0])
    return net, rate


def _errors(net: Perceptrons, inputs: Tensor, truth: Tensor) -> np.ndarray:
    scores = net.scores(inputs)
    wrong = (scores.argmax(2) != truth) | ~scores.isfinite().all(2)
    return wrong.double().mean(1).numpy()


def _rotation(size: int, generator: torch.Generator) -> Tensor:
    normal = torch.randn((size, size), generator=generator, dtype=torch.float64)
    return torch.linalg.qr(normal).Q


def _turned(points: np.ndarray, turn: Tensor) -> Tensor:
    return (torch.from_numpy(torus.circles(points)) @ turn).float()
