"""Levels, what a description costs, and a bound that is wrong no more often than it may be."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.capacity.random_subspaces import description
from runtheory.randomness import stream


@settings(max_examples=30)
@given(seed=st.integers(0, 200), bits=st.integers(1, 6), reach=st.floats(0.1, 9))
def test_levels_are_the_nearest(seed, bits, reach) -> None:
    numbers = 4 * torch.randn(20, generator=stream(seed, "numbers"), dtype=torch.float64)
    found = description.quantised(numbers, bits=bits, reach=reach)
    width = 2 * reach / 2**bits
    levels = -reach + width * (torch.arange(2**bits).double() + 0.5)
    nearest = (numbers[:, None] - levels).abs().amin(1)
    torch.testing.assert_close((numbers - found).abs(), nearest)
    assert len(found.unique()) <= 2**bits


def binary_kl(risk: float, chance: float) -> float:
    parts = [(risk, chance), (1 - risk, 1 - chance)]
    return sum(p * math.log(p / q) for p, q in parts if p > 0)


@settings(max_examples=40)
@given(risk=st.floats(0, 0.99), nats=st.floats(0, 60), samples=st.integers(20, 3000))
def test_the_bound_solves_its_equation_and_is_the_lesser(risk, nats, samples) -> None:
    bound = float(description.described_bound(risk, nats, samples=samples, delta=0.05))
    budget = (nats + math.log(20)) / samples
    assert risk <= bound <= 1
    if bound < 1 - 1e-9:
        assert binary_kl(risk, bound) == pytest.approx(budget, rel=1e-6)
    loose = float(description.hoeffding_bound(risk, nats, samples=samples, delta=0.05))
    assert bound <= loose + 1e-12
    assert loose == pytest.approx(risk + math.sqrt(budget / 2))


def test_no_errors_in_closed_form() -> None:
    nats = description.description_nats(3, bits=2, choices=5)
    assert nats == pytest.approx(math.log(5 * 4**3))
    bound = description.described_bound(0.0, nats, samples=100, delta=0.1)
    assert float(bound) == pytest.approx(1 - (0.1 / (5 * 4**3)) ** (1 / 100))


@pytest.mark.parametrize("delta", [0.05, 0.2])
def test_the_best_of_many_coins_is_covered(delta) -> None:
    draws, many, samples = 2000, 64, 30
    errors = np.random.default_rng(1).binomial(samples, 0.3, size=(draws, many)).min(1)
    given = {"samples": samples, "delta": delta}
    paid = description.described_bound(errors / samples, math.log(many), **given)
    assert (paid < 0.3).mean() <= delta
    unpaid = description.described_bound(errors / samples, 0.0, **given)
    assert (unpaid < 0.3).mean() > 4 * delta


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="bits must lie in"):
        description.quantised(torch.ones(2), bits=0, reach=1.0)
    with pytest.raises(ValueError, match="reach must be positive"):
        description.quantised(torch.ones(2), bits=2, reach=0.0)
    with pytest.raises(ValueError, match="coordinates must be finite"):
        description.quantised(torch.tensor([math.nan]), bits=2, reach=1.0)
    with pytest.raises(ValueError, match="dimension must be at least 1"):
        description.description_nats(0, bits=2)
    with pytest.raises(ValueError, match="nats must not be negative"):
        description.described_bound(0.1, -1.0, samples=9, delta=0.1)
    with pytest.raises(ValueError, match="delta must lie in"):
        description.hoeffding_bound(0.1, 1.0, samples=9, delta=1.0)
