"""The loop on data that are not images, under optimisers that are not its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from runtheory.data import batches
from runtheory.randomness import Streams, stream
from runtheory.training import Examples, Settings, classification, train

SETTINGS = Settings(steps=14, batch_size=7, learning_rate=0.05, evaluate_every=5)


def adam(net: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    return torch.optim.Adam(net.parameters(), lr=settings.learning_rate)


def test_data_of_every_kind_train(case) -> None:
    settings = Settings(steps=150, batch_size=10, learning_rate=0.05, evaluate_every=10)
    rows = list(
        train(case.make_net(), case.data, case.objective, settings,
              streams=Streams(0), optimiser=adam)
    )  # fmt: skip
    assert [row.step for row in rows] == list(range(10, 151, 10))
    assert rows[-1].loss < 0.75 * rows[0].loss


def test_adam_is_its_transcription(case) -> None:
    """As written: m = .9 m + .1 g, v = .999 v + .001 g², w -= rate · m̂ / (√v̂ + 1e-8)."""
    settings = Settings(steps=12, batch_size=8, learning_rate=0.05)
    net, expected = case.make_net(), case.make_net()
    list(train(net, case.data, case.objective, settings, streams=Streams(0), optimiser=adam))
    streams, order = Streams(0), []
    moments = [
        (torch.zeros_like(value), torch.zeros_like(value)) for value in expected.parameters()
    ]
    for step in range(12):
        order = order or list(
            batches(len(case.data), 8, generator=streams["batches"], drop_last=True)
        )
        loss = case.objective(expected, *case.data.batch(order.pop(0)), streams)
        gradients = torch.autograd.grad(loss, list(expected.parameters()))
        with torch.no_grad():
            for value, gradient, (m, v) in zip(
                expected.parameters(), gradients, moments, strict=True
            ):
                m += 0.1 * (gradient - m)
                v += 0.001 * (gradient.square() - v)
                root = (v / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8
                value -= settings.rate(step) * m / (1 - 0.9 ** (step + 1)) / root
    for value, reference in zip(net.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(value, reference, rtol=1e-3, atol=1e-4)


def test_a_batch_of_one_is_a_step_for_each_example() -> None:
    inputs = torch.tensor([[1.0], [2.0], [4.0]])
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    seen = []

    def objective(net, inputs, targets, streams):
        assert inputs.shape == targets.shape == (1, 1)
        seen.append(inputs.item())
        return (net(inputs) - targets).square().mean()

    settings = Settings(
        steps=3, batch_size=1, learning_rate=0.01, momentum=0.0, weight_decay=0.0,
        warmup=0.0, floor=1.0,
    )  # fmt: skip
    list(train(net, Examples(inputs, 3 * inputs), objective, settings, streams=Streams(0)))
    weight = 1.0
    for x in seen:
        weight -= 0.01 * 2 * x * (weight - 3) * x
    assert sorted(seen) == [1.0, 2.0, 4.0]
    assert net.weight.item() == pytest.approx(weight, rel=1e-6)


def test_one_example_is_enough() -> None:
    data = Examples(torch.ones(1, 2), torch.ones(1, dtype=torch.int64))
    settings = Settings(steps=4, batch_size=1, learning_rate=0.1)
    (row,) = train(nn.Linear(2, 3), data, classification, settings, streams=Streams(0))
    assert (row.step, row.epoch) == (4, 4.0)


def test_an_optimiser_may_ask_for_the_loss_several_times_a_step() -> None:
    """Newton-like steps on a quadratic: the least squares, which one gradient step cannot reach."""
    inputs = torch.randn(30, 3, generator=stream(0, "inputs"))
    targets = inputs @ torch.tensor([[1.0], [-2.0], [3.0]])
    calls = []

    def objective(net, inputs, targets, streams):
        calls.append(None)
        return (net(inputs) - targets).square().mean()

    net = nn.Linear(3, 1, bias=False)
    before = (net(inputs) - targets).square().mean().item()
    settings = Settings(steps=1, batch_size=30, learning_rate=1.0, warmup=0.0)
    (row,) = train(
        net, Examples(inputs, targets), objective, settings, streams=Streams(0),
        optimiser=lambda net, settings: torch.optim.LBFGS(
            net.parameters(), lr=settings.learning_rate, line_search_fn="strong_wolfe"
        ),
    )  # fmt: skip
    assert len(calls) > 3
    assert row.loss == pytest.approx(before, rel=1e-5)  # the loss before the step
    torch.testing.assert_close(net.weight, torch.tensor([[1.0, -2.0, 3.0]]), rtol=0, atol=1e-3)


def test_the_schedule_scales_every_group_alike() -> None:
    net = nn.Linear(1, 1)
    nn.init.zeros_(net.weight)
    nn.init.zeros_(net.bias)

    def slow_bias(net, settings):
        rate = settings.learning_rate
        groups = [{"params": [net.weight]}, {"params": [net.bias], "lr": rate / 4}]
        return torch.optim.SGD(groups, lr=rate)

    def objective(net, inputs, targets, streams):
        return net.weight.sum() + net.bias.sum()

    settings = Settings(steps=5, batch_size=1, learning_rate=0.4, warmup=0.5, floor=0.1)
    list(
        train(net, Examples(torch.ones(2, 1)), objective, settings,
              streams=Streams(0), optimiser=slow_bias)
    )  # fmt: skip
    total = sum(settings.rate(step) for step in range(5))
    assert net.weight.item() == pytest.approx(-total, rel=1e-6)
    assert net.bias.item() == pytest.approx(-total / 4, rel=1e-6)


def test_an_optimiser_with_another_learning_rate_is_refused() -> None:
    def forgetful(net, settings):
        return torch.optim.Adam(net.parameters())

    data = Examples(torch.ones(3, 1))
    with pytest.raises(ValueError, match=r"start at the learning rate .* 0.05, got \[0.001\]"):
        train(nn.Linear(1, 1), data, classification, replace(SETTINGS, batch_size=1),
              streams=Streams(0), optimiser=forgetful)  # fmt: skip
