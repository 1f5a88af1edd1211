"""The product that leaves zero: closed form against an integration, limits, bounds, whole steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from runtheory.noise.low_rank_adaptation import saddle

STARTS = st.floats(1e-3, 2.0)
DROPS = st.floats(0.0, 0.8)
TARGETS = st.floats(0.3, 3.0)
SHARES = st.floats(0.05, 0.95)


def integrated(time: float, start: list[float], rate: float, target: float) -> float:
    """The product of two vectors by the flow of thm-saddle-time, written out."""
    rank = len(start)

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        a, b = state[:rank], state[rank:]
        pull = target - a @ b / (1 - rate)
        return np.concatenate([b * pull, a * pull])

    begin = np.array([*start, *[0.0] * rank])
    end = solve_ivp(flow, (0, time), begin, "DOP853", rtol=1e-11, atol=1e-14).y[:, -1]
    return float(end[:rank] @ end[rank:])


@given(start=STARTS, rate=DROPS, target=TARGETS, share=SHARES)
def test_time_and_product_are_inverse(start, rate, target, share) -> None:
    time = saddle.saddle_time(start=start, share=share, rate=rate, target=target)
    found = saddle.product([time], start=start, rate=rate, target=target)[0]
    assert found == pytest.approx(share * (1 - rate) * target, rel=1e-8)


@pytest.mark.parametrize("start", [[0.05], [1.5], [0.1, -0.2, 0.05]])
@pytest.mark.parametrize(("rate", "target"), [(0.0, 1.0), (0.3, 1.7)])
def test_the_flow_of_vectors_is_that_of_their_norm(start, rate, target) -> None:
    norm = math.hypot(*start)
    for time in (0.3, 2.0, 5.0):
        told = saddle.product([time], start=norm, rate=rate, target=target)[0]
        assert integrated(time, start, rate, target) == pytest.approx(told, rel=1e-8)


def test_the_formula_as_the_theorem_has_it() -> None:
    start, rate, target, time = 0.4, 0.3, 1.2, 0.9
    c = start**2 / (2 * (1 - rate))
    r = math.hypot(target, c)
    u = math.atanh(target * math.tanh(r * time) / (r + c * math.tanh(r * time)))
    told = start**2 / 2 * math.sinh(2 * u)
    assert saddle.product([time], start=start, rate=rate, target=target)[0] == pytest.approx(told)
    tau = math.tanh(u)
    assert math.atanh(r * tau / (target - c * tau)) / r == pytest.approx(time)


def test_a_tiny_start_takes_the_logarithm() -> None:
    for share, rate, target in ((0.5, 0.0, 1.0), (0.1, 0.3, 2.0), (0.9, 0.6, 0.7)):
        told = math.log(4 * share * target * (1 - rate) / ((1 - share) * 1e-16)) / (2 * target)
        found = saddle.saddle_time(start=1e-8, share=share, rate=rate, target=target)
        assert found == pytest.approx(told, rel=1e-12)
    assert saddle.product([60.0], start=1e-8, rate=0.25)[0] == pytest.approx(0.75)


@given(start=STARTS, rate=DROPS, cap=st.floats(0.5, 20.0))
@settings(max_examples=20)
def test_the_adapted_flow_is_never_ahead(start, rate, cap) -> None:
    times = np.linspace(0.01, 3, 25)
    adapted = saddle.adapted_product(times, start=start, cap=cap, rate=rate)
    plain = saddle.product(cap * times, start=start, rate=rate)
    assert bool((adapted <= plain * (1 + 1e-8) + 1e-11).all())


def test_near_zero_the_adapted_flow_runs_at_the_largest_gain() -> None:
    times = np.array([0.1, 0.2])
    adapted = saddle.adapted_product(times, start=1e-7, cap=3.0)
    np.testing.assert_allclose(adapted, saddle.product(3 * times, start=1e-7), rtol=1e-5)


@given(start=STARTS, rate=DROPS, target=TARGETS)
def test_it_starts_at_zero_and_not_below(start, rate, target) -> None:
    path = saddle.product(np.linspace(0, 1e-12, 5), start=start, rate=rate, target=target)
    assert path[0] == pytest.approx(0.0, abs=1e-15)
    assert not bool(np.signbit(path).any())


def test_gain() -> None:
    np.testing.assert_allclose(saddle.gain([0.0, 2.0, 100.0], cap=4.0)[[0, 1]], [4.0, 2.0625**-0.5])
    assert saddle.gain(1e6, cap=4.0) == pytest.approx(1e-3, rel=1e-6)


def test_whole_steps_in_a_loop() -> None:
    for cap in (None, 4.0):
        a, b, last = 0.1, 0.0, 0
        for step in range(1, 200):
            factors = (1.0, 1.0) if cap is None else [(x + cap**-2) ** -0.5 for x in (a, b)]
            pull = 0.3 * (1 - a * b)
            a, b = a + factors[0] * pull * b, b + factors[1] * pull * a
            last = step if abs(a * b - 1) > 0.01 else last
        assert saddle.steps_needed([0.3], start=0.1, cap=cap).tolist() == [last + 1]


def test_a_rate_too_large_never_settles() -> None:
    assert saddle.steps_needed([0.001, 2.5, 50.0], start=0.1).tolist() == [math.inf] * 3


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="start must be positive"):
        saddle.product([1.0], start=0.0)
    with pytest.raises(ValueError, match="times must lie"):
        saddle.product([-1.0], start=0.1)
    with pytest.raises(ValueError, match="share must lie"):
        saddle.saddle_time(start=0.1, share=1.0)
    with pytest.raises(ValueError, match="rate must lie"):
        saddle.saddle_time(start=0.1, share=0.5, rate=1.0)
    with pytest.raises(ValueError, match="times must ascend"):
        saddle.adapted_product([1.0, 1.0], start=0.1, cap=2.0)
    with pytest.raises(ValueError, match="norm must lie"):
        saddle.gain(-1.0, cap=2.0)
    with pytest.raises(ValueError, match="learning_rates must be positive"):
        saddle.steps_needed([0.0], start=0.1)
    with pytest.raises(ValueError, match="at least one"):
        saddle.product([], start=0.1)
