from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.cost import (
    StepCost,
    StepTime,
    fit_cost,
    head_operations,
    measure_steps,
    relative_errors,
    saved_bytes,
)
from runtheory.randomness import Streams


@given(body=st.floats(1e-4, 10), head=st.floats(1e-5, 1))
def test_a_line_is_recovered(body, head):
    truth = StepCost(body, head)
    times = [StepTime(m, truth.seconds(m)) for m in (1, 2, 8, 32)]
    found = fit_cost(times)
    assert found.body == pytest.approx(body, rel=1e-6)
    assert found.head == pytest.approx(head, rel=1e-6)
    assert relative_errors(found, times) == pytest.approx([0] * 4, abs=1e-9)


def test_the_fit_minimises_relative_errors():
    times = [StepTime(1, 1.0), StepTime(2, 1.3), StepTime(4, 1.4), StepTime(64, 9.0)]
    found = fit_cost(times)

    def price(cost):
        return sum(error**2 for error in relative_errors(cost, times))

    for body, head in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99)):
        assert price(found) < price(StepCost(found.body * body, found.head * head))


def test_measured_steps_leave_the_net_as_it_was(small_net, examples):
    net, (images, labels) = small_net(), examples(8)
    before = [p.clone() for p in net.parameters()]
    times = measure_steps(
        net, images, labels, samples=(1, 4), rate=0.5, repetitions=5, streams=Streams(0)
    )
    assert [row.samples for row in times] == [1, 4]
    assert all(row.seconds > 0 and row.spread >= 0 for row in times)
    assert all(p.grad is None for p in net.parameters())
    assert all(torch.equal(p, old) for p, old in zip(net.parameters(), before, strict=True))


def test_counts():
    assert head_operations(2, 3, 5, samples=4) == 4 * 2 * 3 * 5 * 2 * 3
    assert saved_bytes(2, 3, samples=4) == 4 * 2 * 3 * 8


def test_saved_bytes_are_what_autograd_keeps(linear):
    from runtheory.dropout.head import sample_logits
    from runtheory.dropout.masks import draw_masks
    from runtheory.randomness import stream

    head = linear(64, 2, dtype=torch.float32)
    features = torch.ones(16, 64, requires_grad=True)
    masks = draw_masks(8, features.shape, rate=0.5, generator=stream(0, "m"))
    kept: list[int] = []

    def pack(tensor):
        if tensor.numel() == 8 * 16 * 64:
            kept.append(tensor.numel() * tensor.element_size())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        sample_logits(head, features, masks, rate=0.5)
    assert sum(kept) == saved_bytes(16, 64, samples=8)


def test_errors_say_what_came(small_net, examples):
    with pytest.raises(ValueError, match="two different numbers of samples"):
        fit_cost([StepTime(2, 1.0), StepTime(2, 1.1)])
    with pytest.raises(ValueError, match=r"times must be positive, got 0\.0"):
        fit_cost([StepTime(1, 1.0), StepTime(2, 0.0)])
    net, (images, labels) = small_net(), examples(2)
    with pytest.raises(ValueError, match=r"got \[\] and 3"):
        measure_steps(net, images, labels, samples=(), rate=0.5, repetitions=3, streams=Streams(0))
