from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from runtheory.information.supersamples.perceptrons import (
    Descent,
    draw_batches,
    draw_perceptrons,
    train,
)
from runtheory.information.supersamples.supersample import (
    draw_super_samples,
)
from runtheory.randomness import stream
from tests.information.shared import toy_pool


def by_module(start, inputs, labels, settings, batches, replicate):
    """One network trained as anyone would: modules, SGD, cross-entropy."""
    widths = [start.weights[0].shape[1], *(w.shape[2] for w in start.weights)]
    layers = []
    for level, (width, after) in enumerate(pairwise(widths)):
        linear = nn.Linear(width, after, dtype=inputs.dtype)
        with torch.no_grad():
            linear.weight.copy_(start.weights[level][replicate].T)
            linear.bias.copy_(start.biases[level][replicate, 0])
        layers += [linear, nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    optimiser = torch.optim.SGD(
        net.parameters(), lr=settings.learning_rate, momentum=settings.momentum
    )
    for step in range(settings.steps):
        rows = batches[step, replicate] if batches is not None else slice(None)
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(net(inputs[rows]), labels[rows])
        loss.backward()
        optimiser.step()
    return net


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("hidden", [(5,), (8, 4)])
def test_training_all_at_once_is_training_one_by_one(batch_size, hidden):
    points, labels = toy_pool()
    plan = draw_super_samples(200, pairs=15, groups=2, masks=2, generator=stream(2, "plan"))
    settings = Descent(steps=40, learning_rate=0.1, momentum=0.8, batch_size=batch_size)
    start = draw_perceptrons(
        (6, *hidden, 2), replicates=4, generator=stream(2, "nets"), dtype=torch.float64
    )
    before = [parameter.clone() for parameter in start.parameters]
    batches = draw_batches(15, settings, replicates=4, generator=stream(2, "batches"))
    chosen = plan.training_indices
    found = train(start, points[chosen], labels[chosen], settings=settings, batches=batches)
    for kept, parameter in zip(before, start.parameters, strict=True):
        assert torch.equal(kept, parameter)
        assert not parameter.requires_grad
    for replicate in range(4):
        rows = slice(replicate, replicate + 1)
        alone = train(
            start.select(rows),
            points[chosen[rows]],
            labels[chosen[rows]],
            settings=settings,
            batches=None if batches is None else batches[:, rows],
        )
        for one, many in zip(alone.parameters, found.select(rows).parameters, strict=True):
            torch.testing.assert_close(one, many, rtol=1e-10, atol=1e-12)
        data = points[chosen[replicate]], labels[chosen[replicate]]
        net = by_module(start, *data, settings, batches, replicate)
        for level, linear in enumerate(m for m in net if isinstance(m, nn.Linear)):
            torch.testing.assert_close(linear.weight.T, found.weights[level][replicate])
            torch.testing.assert_close(linear.bias, found.biases[level][replicate, 0])
        expected = net(points[:9])
        scores = found.scores(points[:9].expand(4, -1, -1))[replicate]
        torch.testing.assert_close(scores, expected.detach())


def test_start_has_the_variance_it_says():
    nets = draw_perceptrons((50, 40, 2), replicates=30, generator=stream(0, "variance"))
    weight = nets.weights[0].double()
    count = weight.numel()
    assert abs(float(weight.square().mean()) - 0.04) <= 5 * 0.04 * math.sqrt(2 / count)
    assert abs(float(weight.mean())) <= 5 * 0.2 / math.sqrt(count)
    assert nets.dimension == 50 * 40 + 40 + 40 * 2 + 2


def test_wrong_arguments_of_perceptrons_are_named() -> None:
    points, labels = toy_pool()
    generator = stream(0, "wrong")
    start = draw_perceptrons((6, 2), replicates=3, generator=generator, dtype=torch.float64)
    for call, text in [
        (lambda: draw_perceptrons((4,), replicates=1, generator=generator), "widths"),
        (lambda: draw_perceptrons((4, 2), replicates=0, generator=generator), "0 replicates"),
        (lambda: Descent(steps=0), "steps"),
        (lambda: Descent(learning_rate=0.0), "learning_rate"),
        (lambda: Descent(momentum=1.0), "momentum"),
        (
            lambda: draw_batches(3, Descent(batch_size=4), replicates=1, generator=generator),
            "at most 3, got 4",
        ),
        (
            lambda: train(
                start,
                points[None, :4].expand(3, -1, -1),
                labels[None, :4].expand(3, -1),
                settings=Descent(batch_size=2),
            ),
            "no batches",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
