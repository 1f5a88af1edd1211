"""Training experts on a schedule: one step by hand, replicates apart, the best rate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.noise.random_experts import mixture, trials
from runtheory.randomness import stream


def problem(*, steps: int = 8, gated: bool = False) -> tuple[mixture.Experts, trials.Task]:
    """Two replicates that tell two shifted clouds apart."""
    generator = stream(0, "trials")
    labels = torch.arange(24).expand(2, -1) % 2
    inputs = torch.randn((2, 24, 4), generator=generator) + 2.0 * labels[..., None]
    inputs = inputs - inputs.mean(1, keepdim=True)
    batches = torch.rand((steps, 2, 24), generator=generator).argsort(2)[..., :6]
    start = mixture.draw_experts(
        4, experts=5, width=3, classes=2, replicates=2, generator=generator, gated=gated
    )
    return start, trials.Task((inputs, labels), (inputs, labels), batches)


@given(first=st.integers(1, 9), more=st.integers(0, 9), steps=st.integers(2, 60))
def test_growing_is_the_rounded_line(first, more, steps) -> None:
    found = trials.growing(first, first + more, steps=steps)
    assert found[0] == first
    assert found[-1] == first + more
    assert found == sorted(found)
    for step, used in enumerate(found):
        assert abs(used - (first + more * step / (steps - 1))) <= 0.5 + 1e-9


def test_mean_of_a_growing_schedule_without_halves() -> None:
    assert sum(trials.growing(2, 12, steps=300)) == 7 * 300
    assert trials.growing(2, 4, steps=5) == [2, 3, 3, 4, 4]  # halves are rounded up


@pytest.mark.parametrize("gated", [False, True])
def test_the_first_step_of_adam_goes_by_the_sign_of_the_gradient(gated) -> None:
    start, task = problem(gated=gated)
    moved = trials.trained(start, task, schedule=[2], rate=0.01)
    inputs, labels = task.training
    live = [part.clone().requires_grad_() for part in start.trained]
    rows = torch.arange(2)[:, None]
    scores = mixture.logits(start.replaced(live), inputs[rows, task.batches[0]], used=2)
    loss = torch.nn.functional.cross_entropy(
        scores.flatten(0, 1), labels[rows, task.batches[0]].flatten()
    )
    for before, after, slope in zip(
        start.trained, moved.trained, torch.autograd.grad(loss, live), strict=True
    ):
        clear = slope.abs() > 1e-5
        expected = (before - 0.01 * slope.sign())[clear]
        torch.testing.assert_close(after[clear], expected, rtol=0, atol=1e-4)
    assert torch.equal(moved.router, start.router) is not gated


def test_replicates_do_not_see_each_other() -> None:
    start, task = problem()
    together = trials.trained(start, task, schedule=[2, 3, 4], rate=0.02)
    one = replace(
        start,
        **{
            name: getattr(start, name)[1:]
            for name in ("weights", "biases", "out_weights", "out_biases", "router")
        },
    )
    part = task.training[0][1:], task.training[1][1:]
    alone = trials.trained(
        one, trials.Task(part, part, task.batches[:, 1:]), schedule=[2, 3, 4], rate=0.02
    )
    torch.testing.assert_close(alone.weights, together.weights[1:], rtol=1e-3, atol=1e-4)


def test_tuning_keeps_the_rate_of_the_best_validation() -> None:
    start, task = problem()
    before = [part.clone() for part in start.trained]
    found = trials.tuned(start, task, schedule=[2] * 8, rates=(1e-6, 0.05))
    assert found.rate == 0.05
    assert found.validated[1] == max(found.validated)
    own = trials.accuracy(found.net, *task.validation, used=2)
    assert float(own.mean()) == pytest.approx(found.validated[1])
    grown = trials.tuned(start, task, schedule=[1] * 7 + [5], rates=(0.003,))
    first, last = (
        float(trials.accuracy(grown.net, *task.validation, used=used).mean()) for used in (1, 5)
    )
    assert first != last
    assert grown.validated[0] == pytest.approx(last)
    assert all(torch.equal(a, b) for a, b in zip(before, start.trained, strict=True))


def test_accuracy_and_loads_by_hand() -> None:
    start, _ = problem()
    router = torch.zeros(2, 4, 5)
    router[:, 0, 1] = router[:, 1, 3] = 1.0  # expert 1 or 3, whichever pixel is lit
    inputs = torch.tensor([[[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [2, 1, 0, 0]]])
    load = trials.loads(router, inputs.expand(2, -1, -1), used=1)
    assert load[0].tolist() == [0, 0.75, 0, 0.25, 0]
    two = trials.loads(router, inputs[:, 3:].expand(2, -1, -1), used=2)
    assert two[0].tolist() == [0, 0.5, 0, 0.5, 0]
    biased = replace(
        start,
        out_weights=0 * start.out_weights,
        out_biases=torch.tensor([[[0.0, 1.0]], [[1.0, 0.0]]]),
    )
    labels = torch.tensor([[1, 1, 0, 1]]).expand(2, -1)
    found = trials.accuracy(biased, inputs.expand(2, -1, -1), labels, used=3)
    assert found.tolist() == [0.75, 0.25]
    broken = replace(biased, out_biases=biased.out_biases * torch.nan)
    nothing = trials.accuracy(broken, inputs.expand(2, -1, -1), 0 * labels, used=3)
    assert nothing.tolist() == [0, 0]  # without finite scores there is no right answer


def test_wrong_arguments_are_named() -> None:
    start, task = problem()
    inputs, labels = task.training

    def train(task=task, schedule=(2,), rate=0.1):
        return trials.trained(start, task, schedule=schedule, rate=rate)

    for call, text in [
        (lambda: train(schedule=()), "steps"),
        (lambda: train(schedule=(2,) * 9), "steps"),
        (lambda: train(schedule=(6,)), "used"),
        (lambda: train(rate=0.0), "rate"),
        (lambda: train(replace(task, training=(inputs, labels + 1))), "labels"),
        (lambda: train(replace(task, batches=task.batches + 24)), "batches"),
        (lambda: trials.tuned(start, task, schedule=[2], rates=()), "rates"),
        (lambda: trials.growing(3, 2, steps=4), "last"),
        (lambda: trials.growing(1, 2, steps=1), "steps"),
        (lambda: trials.accuracy(start, inputs, labels + 1, used=1), "labels"),
        (lambda: trials.loads(start.router, inputs[:, :0], used=1), "examples"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
