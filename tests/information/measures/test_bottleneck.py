from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from runtheory.information.measures.bottleneck import Bottleneck, bottleneck
from runtheory.randomness import stream

SLOPES = [1.1, 1.4, 1.6, 1.8, 2.0, 2.3, 2.6, 3.0, 4.0, 6.0, 10.0, 30.0, 100.0]


def coin(chance: Tensor) -> Tensor:
    return -torch.xlogy(chance, chance) - torch.xlogy(1 - chance, 1 - chance)


def informations(law: Tensor, chances: Tensor, channel: Tensor) -> tuple[Tensor, Tensor]:
    """I(X; T) and I(T; Y) of one channel, from the table of all three by loops."""
    first = second = torch.zeros((), dtype=torch.float64)
    shares = law @ channel
    for x in range(len(law)):
        for t in range(channel.shape[1]):
            if channel[x, t] > 0:
                first = first + law[x] * channel[x, t] * (channel[x, t] / shares[t]).log()
    for t in range(channel.shape[1]):
        for label in (chances, 1 - chances):
            joint = (law * channel[:, t] * label).sum()
            second = second + torch.xlogy(joint, joint / (shares[t] * (law * label).sum()))
    return first, second


def random_problem(seed: int, inputs: int) -> tuple[Tensor, Tensor, torch.Generator]:
    draw = stream(seed, "bottleneck")
    law = torch.rand(inputs, generator=draw, dtype=torch.float64) + 0.05
    return law / law.sum(), torch.rand(inputs, generator=draw, dtype=torch.float64), draw


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_no_drawn_channel_lies_above_the_ceiling(seed: int, inputs: int) -> None:
    law, chances, draw = random_problem(seed, inputs)
    found = bottleneck(chances, [1.5, 3.0, 10.0, 100.0], probabilities=law)
    for sharp in (0.1, 1.0, 5.0, 50.0):
        scores = torch.randn(inputs, 3, generator=draw, dtype=torch.float64)
        first, second = informations(law, chances, (sharp * scores).softmax(1))
        assert second <= found.ceiling(first[None])[0] + 1e-12


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10**6))
def test_rises_bends_down_and_keeps_floor_below_ceiling(seed: int) -> None:
    law, chances, _ = random_problem(seed, 4)
    found = bottleneck(chances, SLOPES, probabilities=law)
    held = torch.linspace(0, 1.5, 61, dtype=torch.float64)
    high, low = found.ceiling(held), found.floor(held)
    assert (high.diff() >= -1e-12).all()
    assert (high.diff().diff() <= 1e-12).all()  # concave, whatever was found
    assert (low <= high + 1e-12).all()
    assert (high - low).max() < 0.01


def test_a_fair_bit_with_flips_has_its_closed_form() -> None:
    # The best T is X with flips of its own: log 2 - h(a) of X, log 2 - h(a * e) of Y.
    found = bottleneck(torch.tensor([0.1, 0.9]), [1.5 + 0.1 * step for step in range(36)])
    own = torch.linspace(0.01, 0.45, 23, dtype=torch.float64)
    held = math.log(2) - coin(own)
    truth = math.log(2) - coin(0.9 * own + 0.1 * (1 - own))
    assert (found.ceiling(held) >= truth - 1e-12).all()
    assert (found.floor(held) <= truth + 1e-12).all()
    assert (found.ceiling(held) - truth).max() < 1e-3


def test_a_label_that_the_input_fixes_gives_one_nat_for_one_nat() -> None:
    found = bottleneck(torch.tensor([0.0, 0.0, 1.0]), SLOPES)
    entropy = math.log(3) - 2 / 3 * math.log(2)
    held = torch.linspace(0.01, 1, 34, dtype=torch.float64)
    assert found.whole == pytest.approx(entropy)
    torch.testing.assert_close(found.ceiling(held), held.clamp_max(entropy))
    assert (found.floor(held) - held.clamp_max(entropy)).abs().max() < 3e-3


def test_the_ends_of_the_slopes() -> None:
    chances = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    found: Bottleneck = bottleneck(chances, [0.5, 1e5])
    assert found.inputs[0] < 1e-3  # below one nothing is bought
    assert float(found.inputs[1]) == pytest.approx(math.log(3), abs=1e-3)
    assert float(found.labels[1]) == pytest.approx(found.whole, abs=1e-6)
    same = bottleneck(torch.full((3,), 0.4), [2.0])
    assert same.whole == pytest.approx(0, abs=1e-12)
    assert float(same.ceiling(torch.ones(1))[0]) == pytest.approx(0, abs=1e-7)


def test_inputs_of_one_chance_are_one_input() -> None:
    twice = bottleneck(torch.tensor([0.2, 0.2, 0.9]), [2.0, 5.0])
    once = bottleneck(
        torch.tensor([0.2, 0.9]), [2.0, 5.0], probabilities=torch.tensor([2 / 3, 1 / 3])
    )
    torch.testing.assert_close(twice.intercepts, once.intercepts, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("chances", "slopes", "probabilities", "told"),
    [
        ([0.5, 1.5], [2.0], None, "chances must lie in"),
        ([0.5, float("nan")], [2.0], None, "finite"),
        ([0.5, 0.6], [0.0], None, "positive"),
        ([0.5, 0.6], [], None, "slopes"),
        ([0.5, 0.6], [2.0], [0.5, 0.6], "add to one"),
        ([0.5, 0.6], [2.0], [1.0], "must have input"),
    ],
)
def test_what_is_no_problem_is_refused(
    chances: list[float], slopes: list[float], probabilities: list[float] | None, told: str
) -> None:
    given = None if probabilities is None else torch.tensor(probabilities)
    with pytest.raises(ValueError, match=told):
        bottleneck(torch.tensor(chances), slopes, probabilities=given)
