"""Groups for weight decay, names of optimisers, and the loop under others than its own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from runtheory.data import batches
from runtheory.randomness import Streams, stream
from runtheory.training import (
    Examples,
    Settings,
    classification,
    decay_groups,
    nesterov,
    train,
)
from runtheory.training.optimisers import description, parameter_names, with_first_rates


def make_net() -> nn.Module:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False))
    net[2].weight.requires_grad_(False)
    return net


def test_decay_acts_on_weights_that_are_trained() -> None:
    net = make_net()
    weights, others = decay_groups(net, 0.3)
    assert weights == {"params": [net[0].weight], "weight_decay": 0.3}
    assert [id(value) for value in others["params"]] == [
        id(value) for value in (net[0].bias, net[1].weight, net[1].bias)
    ]
    assert others["weight_decay"] == 0.0
    assert len(decay_groups(nn.Linear(2, 2, bias=False), 0.3)) == 1


def test_names_come_in_the_order_of_the_optimiser() -> None:
    net = make_net()
    optimiser = nesterov(net, Settings(steps=1, batch_size=1, learning_rate=0.1))
    assert parameter_names(net, optimiser) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    strange = torch.optim.SGD([nn.Parameter(torch.ones(3))], lr=0.1)
    with pytest.raises(ValueError, match=r"trains what the network lacks, tensors of \[\(3,\)\]"):
        parameter_names(net, strange)


def test_the_description_tells_class_and_options_but_not_the_step() -> None:
    net = make_net()
    optimisers = [
        torch.optim.Adam(net.parameters(), lr=0.1),
        torch.optim.AdamW(net.parameters(), lr=0.1),
        torch.optim.Adam(net.parameters(), lr=0.1, betas=(0.9, 0.99)),
        torch.optim.Adam(decay_groups(net, 0.1), lr=0.1),
    ]
    known = [description(optimiser) for optimiser in optimisers]
    assert [known.count(one) for one in known] == [1] * 4
    assert description(torch.optim.Adam(net.parameters(), lr=0.1)) == known[0]


def test_the_first_rates_are_kept_and_one_is_that_of_the_settings() -> None:
    net = make_net()
    settings = Settings(steps=1, batch_size=1, learning_rate=0.1)
    optimiser = nesterov(net, settings)
    assert with_first_rates(optimiser, net, settings) is optimiser
    assert [group["initial_lr"] for group in optimiser.param_groups] == [0.1, 0.1]
    with pytest.raises(ValueError, match=r"learning rate of the settings, 0.1, got \[0.2\]"):
        with_first_rates(torch.optim.SGD(net.parameters(), lr=0.2), net, settings)


def adam(net: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    return torch.optim.Adam(net.parameters(), lr=settings.learning_rate)


def test_adam_is_its_transcription(case) -> None:
    """As written: m = .9 m + .1 g, v = .999 v + .001 g², w -= rate · m̂ / (√v̂ + 1e-8)."""
    settings = Settings(steps=12, batch_size=8, learning_rate=0.05)
    net, expected = case.make_net(), case.make_net()
    list(train(net, case.data, case.objective, settings, streams=Streams(0), optimiser=adam))
    streams, order = Streams(0), list[Any]()
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
        train(
            nn.Linear(1, 1), data, classification,
            Settings(steps=14, batch_size=1, learning_rate=0.05),
            streams=Streams(0), optimiser=forgetful,
        )  # fmt: skip
