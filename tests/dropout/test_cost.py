"""Costs of a step and of a curve: what is fitted is recovered."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.cost import (
    StepCost,
    StepTime,
    fit_cost,
    measure_steps,
    relative_errors,
    updates_to_reach,
)
from runtheory.randomness import Streams


@given(body=st.floats(1e-4, 10), head=st.floats(1e-5, 1))
def test_a_line_is_recovered(body, head) -> None:
    truth = StepCost(body, head)
    times = [StepTime(m, truth.seconds(m)) for m in (1, 2, 8, 32)]
    found = fit_cost(times)
    assert found.body == pytest.approx(body, rel=1e-6)
    assert found.head == pytest.approx(head, rel=1e-6)
    assert relative_errors(found, times) == pytest.approx([0] * 4, abs=1e-9)


def test_the_fit_minimises_relative_errors() -> None:
    times = [StepTime(1, 1.0), StepTime(2, 1.3), StepTime(4, 1.4), StepTime(64, 9.0)]
    found = fit_cost(times)

    def price(cost):
        return sum(error**2 for error in relative_errors(cost, times))

    for body, head in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99)):
        assert price(found) < price(StepCost(found.body * body, found.head * head))


def test_measured_steps_leave_the_net_as_it_was(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(8)
    before = [p.clone() for p in net.parameters()]
    times = measure_steps(
        net, images, labels, samples=(1, 4), rate=0.5, repetitions=5, streams=Streams(0)
    )
    assert [row.samples for row in times] == [1, 4]
    assert all(row.seconds > 0 and row.spread >= 0 for row in times)
    assert all(p.grad is None for p in net.parameters())
    assert all(torch.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))


@given(slope=st.floats(0.01, 10), target=st.floats(-5, 5))
def test_a_straight_curve_meets_a_target_where_its_equation_says(slope, target) -> None:
    steps = list(range(0, 2000, 100))
    losses = [5 - slope * step / 100 for step in steps]
    met = updates_to_reach(target, steps=steps, losses=losses)
    exact = 100 * (5 - target) / slope
    assert met == (pytest.approx(exact, rel=1e-6) if exact <= 1900 else float("inf"))


def test_a_curve_meets_a_target_for_the_first_time() -> None:
    steps, losses = [10, 20, 30, 40], [3.0, 1.0, 2.0, 0.0]
    assert updates_to_reach(1.5, steps=steps, losses=losses) == 17.5
    assert updates_to_reach(4.0, steps=steps, losses=losses) == 10
    assert updates_to_reach(1.0, steps=steps, losses=losses) == 20
    with pytest.raises(ValueError, match="a loss for each step, got 4 and 1"):
        updates_to_reach(1.0, steps=steps, losses=[1.0])


def test_errors_say_what_came(small_net, examples) -> None:
    with pytest.raises(ValueError, match="two different numbers of samples"):
        fit_cost([StepTime(2, 1.0), StepTime(2, 1.1)])
    with pytest.raises(ValueError, match=r"times must be positive, got 0\.0"):
        fit_cost([StepTime(1, 1.0), StepTime(2, 0.0)])
    net, (images, labels) = small_net(), examples(2)
    with pytest.raises(ValueError, match=r"got \[\] and 3"):
        measure_steps(net, images, labels, samples=(), rate=0.5, repetitions=3, streams=Streams(0))
