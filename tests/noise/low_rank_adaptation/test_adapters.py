"""Adapters: nothing changes at the start, a loop, autograd by hand, the first step, replicates."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons
from runtheory.noise.low_rank_adaptation import adapters
from runtheory.noise.low_rank_adaptation.adapters import Adapters, Steps
from runtheory.randomness import stream

SEEDS = st.integers(0, 10_000)
WIDTHS = (5, 4, 3)


def drawn(seed: int, replicates: int = 2) -> tuple[Perceptrons, Adapters, Tensor, Tensor]:
    generator = stream(seed, "drawn")
    net = draw_perceptrons(WIDTHS, replicates=replicates, generator=generator, dtype=torch.float64)
    start = adapters.draw_adapters(net, rank=2, generator=generator)
    inputs = torch.randn((replicates, 6, 5), generator=generator, dtype=torch.float64)
    return net, start, inputs, torch.arange(6 * replicates).reshape(replicates, 6) % 3


def learn(seed: int, steps: Steps, size: float, count: int) -> list[Adapters]:
    """The adapters after each of ``count`` steps."""
    net, start, inputs, labels = drawn(seed)
    walk = adapters.adapt(
        net,
        start,
        (inputs, labels),
        batches=torch.randint(6, (count, 2, 4), generator=stream(seed, "batches")),
        learning_rates=torch.full((2,), size, dtype=torch.float64),
        steps=steps,
        generator=stream(seed, "masks"),
    )
    return list(walk)


def filled(seed: int) -> tuple[Perceptrons, Adapters, Tensor, Tensor]:
    net, start, inputs, labels = drawn(seed)
    generator = stream(seed, "up")
    up = tuple(torch.randn(one.shape, generator=generator, dtype=torch.float64) for one in start.up)
    return net, replace(start, up=up), inputs, labels


@given(seed=SEEDS)
@settings(max_examples=15)
def test_at_the_start_nothing_has_changed(seed) -> None:
    net, start, inputs, _ = drawn(seed)
    generator = stream(seed, "masks")
    for drop in (0.0, 0.4):
        scores = adapters.adapted_scores(net, start, inputs, drop=drop, generator=generator)
        torch.testing.assert_close(scores, net.scores(inputs))


def test_scores_in_a_loop_are_those_of_the_changed_matrices() -> None:
    net, adapter, inputs, _ = filled(0)
    changed = Perceptrons(
        tuple(w + a @ b for w, a, b in zip(net.weights, adapter.down, adapter.up, strict=True)),
        net.biases,
    )
    torch.testing.assert_close(
        adapters.adapted_scores(net, adapter, inputs), changed.scores(inputs)
    )


def test_dropout_hides_features_from_the_adapter_alone() -> None:
    net, adapter, inputs, _ = filled(1)
    first = Perceptrons(net.weights[:1], net.biases[:1]), Adapters(adapter.down[:1], adapter.up[:1])
    many = inputs[:, :1].expand(-1, 3000, -1)  # one example, many masks
    scores = adapters.adapted_scores(*first, many, drop=0.5, generator=stream(0, "masks"))
    plain = adapters.adapted_scores(*first, inputs[:, :1])
    error = scores.std(1, keepdim=True) / 3000**0.5
    assert float(((scores.mean(1, keepdim=True) - plain) / error).abs().max()) < 5
    assert float(error.min()) > 0


def test_one_step_by_hand() -> None:
    net, start, inputs, labels = drawn(2, replicates=1)
    up = [one.clone().requires_grad_() for one in start.up]
    down = [one.clone().requires_grad_() for one in start.down]
    scores = adapters.adapted_scores(net, Adapters(tuple(down), tuple(up)), inputs)
    loss = torch.nn.functional.cross_entropy(scores[0], labels[0])
    gradients = torch.autograd.grad(loss, [*down, *up])
    for steps in (Steps(), Steps(cap=3.0), Steps(up_rate=5.0)):
        (found,) = adapters.adapt(
            net,
            start,
            (inputs, labels),
            batches=torch.arange(6)[None, None],
            learning_rates=torch.tensor([0.25]),
            steps=steps,
            generator=stream(0, "masks"),
        )
        for index, (old, slope, new) in enumerate(
            zip(start.parameters, gradients, found.parameters, strict=True)
        ):
            factor = 1.0 if index < 2 else steps.up_rate
            for unit in range(old.shape[2]):
                column = old[0, :, unit]
                gain = 1.0 if steps.cap is None else (column.norm() + steps.cap**-2) ** -0.5
                told = column - 0.25 * factor * gain * slope[0, :, unit]
                torch.testing.assert_close(new[0, :, unit], told)


@given(seed=SEEDS, cap=st.floats(0.5, 9.0))
@settings(max_examples=15)
def test_the_first_step_is_the_plain_one_at_the_largest_gain(seed, cap) -> None:
    (adapted,) = learn(seed, Steps(cap=cap), 0.1, 1)
    (plain,) = learn(seed, Steps(), 0.1 * cap, 1)
    for one, other in zip(adapted.parameters, plain.parameters, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("steps", [Steps(), Steps(cap=4.0)])
def test_replicates_do_not_see_each_other(steps) -> None:
    net, start, inputs, labels = drawn(3)
    batches = torch.arange(6).expand(5, 2, 6)
    arguments = {"steps": steps, "generator": stream(0, "masks")}
    *_, both = adapters.adapt(
        net,
        start,
        (inputs, labels),
        batches=batches,
        learning_rates=torch.tensor([0.1, 0.3]),
        **arguments,
    )
    second = slice(1, 2)
    *_, alone = adapters.adapt(
        net.select(second),
        Adapters(tuple(a[second] for a in start.down), tuple(b[second] for b in start.up)),
        (inputs[second], labels[second]),
        batches=batches[:, second],
        learning_rates=torch.tensor([0.3]),
        **arguments,
    )
    for one, other in zip(both.parameters, alone.parameters, strict=True):
        torch.testing.assert_close(one[second], other)


def test_each_step_is_kept_and_the_start_stays() -> None:
    _, start, *_ = drawn(4)
    path = learn(4, Steps(drop=0.3), 0.2, 5)
    for one, other in zip(path, learn(4, Steps(drop=0.3), 0.2, 2), strict=False):
        torch.testing.assert_close(one.up[0], other.up[0])
    assert not torch.equal(path[1].up[0], path[4].up[0])
    assert float(start.up[0].abs().max()) == 0.0


def test_unit_gain_follows_the_dtype() -> None:
    for dtype in (torch.float32, torch.float64):
        weights = torch.tensor([[[0.0, 3.0], [0.0, 4.0]]], dtype=dtype)
        found = adapters.unit_gain(weights, cap=2.0)
        assert found.dtype == dtype
        torch.testing.assert_close(found, torch.tensor([[[2.0, 5.25**-0.5]]], dtype=dtype))


def test_the_start_has_the_spread_that_is_said() -> None:
    net = draw_perceptrons((100, 50), replicates=20, generator=stream(0, "net"))
    start = adapters.draw_adapters(net, rank=4, generator=stream(0, "adapters"))
    assert start.down[0].shape == (20, 100, 4)
    assert float(start.down[0].var()) == pytest.approx(0.01, rel=5 * (2 / 8000) ** 0.5)


def test_what_is_refused() -> None:
    net, start, inputs, _ = drawn(5)
    with pytest.raises(ValueError, match="rate must"):
        Steps(drop=1.0)
    with pytest.raises(ValueError, match="cap must be positive"):
        Steps(cap=0.0)
    with pytest.raises(ValueError, match="generator"):
        adapters.adapted_scores(net, start, inputs, drop=0.1)
    with pytest.raises(ValueError, match="columns"):
        adapters.adapted_scores(net, start, inputs[..., :4])
    with pytest.raises(ValueError, match="learning_rates"):
        learn(5, Steps(), -0.1, 1)
    with pytest.raises(ValueError, match="rank"):
        adapters.draw_adapters(net, rank=0, generator=stream(0, "adapters"))
