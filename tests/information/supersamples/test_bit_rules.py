from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from runtheory.information.supersamples.bit_rules import (
    Samples,
    draw_bit_samples,
    layer_values,
    learn_rule,
    rule_gradients,
    signal_to_noise,
    symmetric_rule,
)
from runtheory.information.supersamples.perceptrons import (
    Descent,
    Perceptrons,
    draw_batches,
    draw_perceptrons,
)
from runtheory.randomness import stream

RULE = symmetric_rule(4, steepness=2.0, middle=1.0)


def networks(replicates: int = 2) -> Perceptrons:
    return draw_perceptrons(
        (4, 3, 2, 1), replicates=replicates, generator=stream(0, "w"), dtype=torch.float64
    )


def drawn(count: int = 12, replicates: int = 2) -> Samples:
    return draw_bit_samples(RULE, count, replicates=replicates, generator=stream(0, "samples"))


def test_the_rule_sees_the_size_of_the_sum_alone() -> None:
    assert RULE.inputs.unique(dim=0).shape == (16, 4)
    sums = RULE.inputs.sum(1).abs()
    for size, steep in ((0.0, -2.0), (2.0, 2.0), (4.0, 6.0)):
        expected = 1 / (1 + math.exp(-steep))
        assert RULE.chances[sums == size].tolist() == pytest.approx(
            [expected] * int((sums == size).sum())
        )
    with pytest.raises(ValueError, match="bits"):
        symmetric_rule(0, steepness=1.0, middle=1.0)


def test_labels_come_with_their_chance() -> None:
    samples = draw_bit_samples(RULE, 20_000, replicates=1, generator=stream(1, "many"))
    chance = RULE.chances[samples.inputs]
    error = (chance * (1 - chance)).sum().sqrt()
    assert abs(samples.labels.sum() - chance.sum()) < 4.5 * error


def test_gradients_are_those_of_each_network_by_itself() -> None:
    net, samples = networks(), drawn()
    kick = 1 + 0.5 * torch.randn(2, 12, 2, dtype=torch.float64, generator=stream(0, "kick"))
    found = rule_gradients(net, samples, activation=torch.tanh, factors=kick)
    for one in range(2):
        weights = [w[one].clone().requires_grad_() for w in net.parameters]
        value = RULE.inputs[samples.inputs[one]]
        value = (value @ weights[0] + weights[3]).tanh()
        value = (value @ weights[1] + weights[4]).tanh() * kick[one]
        logits = (value @ weights[2] + weights[5])[:, 0]
        loss = binary_cross_entropy_with_logits(logits, samples.labels[one].double())
        for mine, own in zip(found, torch.autograd.grad(loss, weights), strict=True):
            torch.testing.assert_close(mine[one], own)


def test_learning_is_plain_descent_with_momentum() -> None:
    start, samples = networks(), drawn()
    settings = Descent(3, 0.1, 0.9)
    given: dict[str, Any] = {"settings": settings, "activation": torch.relu}
    steps = list(
        learn_rule(start, samples, **given, batches=None, noise=0.0, generator=stream(0, "steps"))
    )
    assert len(steps) == 4
    weight, speed = start.weights[0], torch.zeros_like(start.weights[0])
    for before, after in pairwise(steps):
        slope = rule_gradients(before, samples, activation=torch.relu)[0]
        speed = 0.9 * speed + slope
        weight = weight - 0.1 * speed
        torch.testing.assert_close(after.weights[0], weight)
    given["generator"] = stream(0, "steps")
    with pytest.raises(ValueError, match="batches"):
        next(learn_rule(start, samples, **given, noise=0.0, batches=torch.zeros(2, 2, 4).long()))
    with pytest.raises(ValueError, match="noise"):
        next(learn_rule(start, samples, **given, noise=-1.0, batches=None))


def test_learning_lowers_the_loss_and_noise_changes_the_path() -> None:
    samples, ends, settings = drawn(200), [], Descent(60, 0.1, 0.9, 50)
    batches = draw_batches(200, settings, replicates=2, generator=stream(0, "batches"))
    for noise in (0.0, 1.0):
        *_, net = learn_rule(
            networks(),
            samples,
            settings=settings,
            batches=batches,
            activation=torch.tanh,
            noise=noise,
            generator=stream(0, "path"),
        )
        ends.append(net)

    def loss(net: Perceptrons) -> float:
        logits = layer_values(net, RULE.inputs.expand(2, -1, -1), torch.tanh)[-1][..., 0]
        return float(binary_cross_entropy_with_logits(logits, RULE.chances.expand(2, -1)))

    assert loss(ends[0]) < loss(networks())
    assert not torch.equal(ends[0].weights[0], ends[1].weights[0])


def test_signal_to_noise_by_a_loop() -> None:
    net, samples = networks(), drawn(12)
    found = signal_to_noise(net, samples, activation=torch.tanh, parts=3)
    assert found.shape == (3, 2)
    parts = (samples.part((slice(None), slice(p, p + 4))) for p in (0, 4, 8))
    pieces = [rule_gradients(net, part, activation=torch.tanh)[1][0].flatten() for part in parts]
    mean = sum(pieces) / 3
    spread = sum((piece - mean).square().sum() for piece in pieces) / 2
    assert float(found[1, 0]) == pytest.approx(float(mean.norm() / spread.sqrt()))
    with pytest.raises(ValueError, match="parts"):
        signal_to_noise(net, samples, activation=torch.tanh, parts=13)
