"""Costs of linear dreams: every path of masks listed, closed forms, a loop, the page's numbers."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from runtheory.dropout import oracle
from runtheory.noise.dream_world import linear
from runtheory.randomness import stream

SEEDS = st.integers(0, 10_000)
RATES = st.sampled_from([0.1, 0.3, 0.7])
ONE = torch.ones(1, 1).double()


def system(seed: int, *, of_change: bool = False) -> linear.System:
    generator = stream(seed, "system")
    shapes = (2, 2), (2, 1), (2, 2)
    a, b, q = (torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)
    masked = a - torch.eye(2).double() if of_change else None
    return linear.System(a, b, q @ q.mT + torch.eye(2).double(), 0.3 * ONE, masked=masked)


def drawn_gains(seed: int, steps: int) -> Tensor:
    return torch.randn((steps, 1, 2), generator=stream(seed, "gains"), dtype=torch.float64)


def scalar(a: float, price: float) -> linear.System:
    return linear.System(a * ONE, ONE, ONE, price * ONE)


def constant(gain: float, steps: int = 60) -> Tensor:
    return torch.full((steps, 1, 1), gain).double()


@given(seed=SEEDS, rate=RATES, of_change=st.booleans())
@settings(max_examples=20)
def test_expected_cost_over_all_paths(seed: int, rate: float, of_change: bool) -> None:
    world, gains = system(seed, of_change=of_change), drawn_gains(seed, 2)
    kept, weight = oracle.all_masks(6, rate=rate)  # two of the state and one of the control, twice
    factors = kept.double().reshape(-1, 2, 3) / (1 - rate)
    start = torch.tensor([1.0, -2.0]).double()
    costs = linear.simulated_costs(
        world, gains, start, factors=factors[..., :2], control_factors=factors[..., 2:]
    )
    spread = linear.mask_variance(rate)
    told = linear.expected_cost(world, gains, state_variance=spread, control_variance=spread)
    torch.testing.assert_close(weight @ costs, start @ told @ start)


@given(seed=SEEDS, rate=RATES)
@settings(max_examples=20)
def test_no_other_gains_cost_less_and_dropout_costs_more(seed: int, rate: float) -> None:
    world, spread = system(seed), linear.mask_variance(rate)
    variances = {"state_variance": spread, "control_variance": 0.4}
    best = linear.best_gains(world, horizon=4, **variances)
    torch.testing.assert_close(linear.expected_cost(world, best.gains, **variances), best.cost)
    other = linear.expected_cost(world, best.gains + 0.1 * drawn_gains(seed, 4), **variances)
    slack = 1e-9 * float(best.cost.abs().max())
    assert float(torch.linalg.eigvalsh(other - best.cost).min()) > -slack
    plain = linear.best_gains(world, horizon=4).cost
    assert float(torch.linalg.eigvalsh(best.cost - plain).min()) > -slack


def test_simulated_costs_in_a_loop() -> None:
    world, gains = system(3, of_change=True), drawn_gains(3, 3)
    factors = torch.rand((2, 3, 2), generator=stream(3, "factors"), dtype=torch.float64)
    found = linear.simulated_costs(world, gains, torch.ones(2).double(), factors=factors)
    for episode in range(2):
        s, total = torch.ones(2).double(), 0.0
        for step in range(3):
            u = -gains[step] @ s
            total += float(s @ world.state_cost @ s + u @ world.control_cost @ u)
            off = (factors[episode, step] - 1) * s
            s = world.dynamics @ s + world.through_masks @ off + world.control @ u
        assert float(found[episode]) == pytest.approx(total + float(s @ world.state_cost @ s))


@given(seed=SEEDS, rate=RATES)
@settings(max_examples=10)
def test_worlds_are_paths_that_do_not_change(seed: int, rate: float) -> None:
    world, gains = system(seed, of_change=True), drawn_gains(seed, 3)
    kept, weight = oracle.all_masks(2, rate=rate)
    factors = kept.double()[:, None].expand(-1, 3, -1) / (1 - rate)
    start = torch.tensor([0.5, 1.0]).double()
    mean = weight @ linear.simulated_costs(world, gains, start, factors=factors)
    torch.testing.assert_close(start @ linear.worlds_cost(world, gains, rate=rate) @ start, mean)


@pytest.mark.parametrize(("a", "price"), [(0.7, 0.5), (1.3, 2.0)])
def test_masks_on_the_state_force_and_masks_on_the_control_restrain(a: float, price: float) -> None:
    def gain(v: float, w: float) -> float:
        best = linear.best_gains(
            scalar(a, price), horizon=400, state_variance=v, control_variance=w
        )
        cost, first = float(best.cost), float(best.gains[0])
        assert first == pytest.approx(a * cost / (price + (1 + w) * cost))
        return first

    forced = [gain(v, 0.1) for v in (0.0, 0.1, 0.3)]
    assert forced == sorted(forced)
    assert forced[0] < forced[-1]
    restrained = [gain(0.1, w) for w in (0.0, 0.1, 0.3)]
    assert restrained == sorted(restrained, reverse=True)
    assert restrained[0] > restrained[-1]


@pytest.mark.parametrize("price", [0.0, 1.0])
def test_the_edge_of_finite_costs(price: float) -> None:
    for rate, grows in ((0.40, False), (0.42, True)):  # 1 / (1 + 1.2^2) = 0.4098
        spread = linear.mask_variance(rate)
        short, long = (
            float(linear.best_gains(scalar(1.2, price), horizon=n, state_variance=spread).cost)
            for n in (300, 600)
        )
        assert (long > 2.5 * short) == grows


def test_one_mask_an_episode_never_costs_less() -> None:
    for a, rate, gain in itertools.product((0.5, 1.2), (0.1, 0.4), (0.1, 0.9)):
        kept, spread = constant(gain, steps=7), linear.mask_variance(rate)
        fresh = linear.expected_cost(scalar(a, 0.2), kept, state_variance=spread)
        assert float(linear.worlds_cost(scalar(a, 0.2), kept, rate=rate)) >= float(fresh)


def test_the_numbers_that_the_page_works_by_hand() -> None:
    world, kept = scalar(0.8, 0.0), constant(0.8)
    assert float(linear.expected_cost(world, kept)) == pytest.approx(1)
    spread = linear.mask_variance(0.2)
    fresh = float(linear.expected_cost(world, kept, state_variance=spread))
    assert fresh == pytest.approx(1 / (1 - 0.16))
    assert fresh == pytest.approx(1.19, abs=0.005)
    dropped, whole = (
        float(linear.expected_cost(scalar(0.8 * factor, 0.0), kept)) for factor in (0.0, 1.25)
    )
    assert (dropped, whole) == pytest.approx((2.78, 1.04), abs=0.005)
    mean = float(linear.worlds_cost(world, kept, rate=0.2))
    assert mean == pytest.approx(0.2 * dropped + 0.8 * whole)
    assert mean == pytest.approx(1.39, abs=0.005)
    levels = {
        gain: float(linear.worlds_cost(world, constant(gain), rate=0.2))
        for gain in (0.62, 0.64, 0.66)
    }
    assert levels[0.64] == pytest.approx(1.26, abs=0.005)
    assert min(levels, key=levels.__getitem__) == 0.64


def test_wrong_arguments_are_named() -> None:
    world, nan = scalar(1.2, 1.0), float("nan")
    for call, text in [
        (lambda: linear.mask_variance(1.0), "rate"),
        (lambda: linear.best_gains(world, horizon=0), "horizon"),
        (lambda: linear.best_gains(world, horizon=2, state_variance=-0.1), "state_variance"),
        (lambda: linear.expected_cost(world, nan * constant(1.0)), "gains"),
        (lambda: linear.expected_cost(world, drawn_gains(0, 2)), "gains"),
        (lambda: linear.System(ONE, ONE, torch.eye(2).double(), ONE), "state_cost"),
        (lambda: linear.System(nan * ONE, ONE, ONE, ONE), "dynamics"),
        (
            lambda: linear.best_gains(linear.System(ONE, 0 * ONE, ONE, 0 * ONE), horizon=1),
            "unique",
        ),
        (
            lambda: linear.System(
                torch.eye(2).double(),
                torch.ones(2, 1).double(),
                torch.tensor([[1.0, 1.0], [0.0, 1.0]]).double(),
                ONE,
            ),
            "symmetric",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
