"""What a code holds: against loops, enumeration of samples, and cases by hand."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.discrete_codes import measures
from runtheory.randomness import stream


def drawn(seed: int, *shape: int) -> torch.Tensor:
    """Laws along the last axis, none of whose cells is zero."""
    weights = torch.rand(shape, generator=stream(seed, "laws"), dtype=torch.float64) + 0.01
    return weights / weights.sum(-1, keepdim=True)


def problem(seed: int) -> tuple[torch.Tensor, ...]:
    generator = stream(seed, "codes")
    codes, states = torch.randint(4, (2, 12), generator=generator)
    return codes, drawn(seed, 12), states, drawn(seed + 1, 5, 3)[states]


@given(seed=st.integers(0, 10**6))
def test_a_reading_is_what_loops_over_cells_give(seed) -> None:
    codes, law, states, targets = problem(seed)
    found = measures.read_code(codes, law, states, targets)
    joint: dict[tuple[int, int], float] = {}
    for code, share, state in zip(codes.tolist(), law.tolist(), states.tolist(), strict=True):
        joint[code, state] = joint.get((code, state), 0.0) + share
    code_law = {c: sum(p for (a, _), p in joint.items() if a == c) for c, _ in joint}
    state_law = {s: sum(p for (_, b), p in joint.items() if b == s) for _, s in joint}
    information = sum(p * math.log(p / (code_law[c] * state_law[s])) for (c, s), p in joint.items())
    assert found.state == pytest.approx(information, abs=1e-12)
    assert found.entropy == pytest.approx(-sum(p * math.log(p) for p in code_law.values()))
    purest = sum(max(p for (a, _), p in joint.items() if a == c) for c in code_law)
    assert found.purity == pytest.approx(purest)
    assert found.used == len(code_law)
    floor = 0.0
    for code, share in code_law.items():
        inside = (law * (codes == code)) @ targets / share
        floor -= share * sum(float(p) * math.log(float(p)) for p in inside)
    assert found.floor == pytest.approx(floor)


@given(seed=st.integers(0, 10**6))
def test_what_a_code_loses_of_the_symbol_is_what_it_lacks_of_the_state(seed) -> None:
    """H(Y | C) - H(Y | S) = I(S; Y) - I(C; Y), never negative, and at most H(S) - I(S; C)."""
    codes, law, states, targets = problem(seed)
    found = measures.read_code(codes, law, states, targets)
    whole = measures.read_code(states, law, states, targets)
    lost = found.floor - whole.floor
    assert -1e-12 <= lost <= whole.entropy - found.state + 1e-12
    assert whole.state == pytest.approx(whole.entropy)
    assert whole.purity == pytest.approx(1)


def test_the_mean_plug_in_entropy_is_that_over_all_samples() -> None:
    law = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    for samples in (1, 2, 4):
        total = 0.0
        for draws in product(range(3), repeat=samples):
            chance = math.prod(float(law[one]) for one in draws)
            shares = [draws.count(one) / samples for one in set(draws)]
            total -= chance * sum(share * math.log(share) for share in shares)
        assert measures.plug_in_mean(law, samples=samples) == pytest.approx(total, abs=1e-12)


def test_two_draws_of_a_fair_coin() -> None:
    coin = torch.tensor([0.5, 0.5], dtype=torch.float64)
    assert measures.plug_in_mean(coin, samples=2) == pytest.approx(math.log(2) / 2)
    lower, upper = measures.bias_bracket(coin, samples=2)
    assert lower == 0.25
    assert upper == pytest.approx(math.log(1.5))


@given(seed=st.integers(0, 10**6), outcomes=st.integers(1, 9), samples=st.integers(1, 300))
def test_the_bracket_holds_the_bias(seed, outcomes, samples) -> None:
    law = drawn(seed, outcomes)
    bias = measures.entropy(law) - measures.plug_in_mean(law, samples=samples)
    lower, upper = measures.bias_bracket(law, samples=samples)
    assert lower - 1e-9 <= bias <= upper + 1e-9


def test_the_bias_is_that_of_first_order_in_large_samples() -> None:
    law = drawn(3, 5)
    with_unused = torch.cat([law, law.new_zeros(4)])  # what cannot occur does not count
    for given_law in (law, with_unused):
        bias = measures.entropy(law) - measures.plug_in_mean(given_law, samples=5000)
        assert bias == pytest.approx(4 / 10_000, rel=0.01)
        lower, upper = measures.bias_bracket(given_law, samples=5000)
        assert lower == pytest.approx(4 / 10_000, rel=0.01)
        assert upper == pytest.approx(math.log1p(4 / 5000))
    alone = torch.ones(1, dtype=torch.float64)
    assert measures.plug_in_mean(alone, samples=7) == 0
    assert measures.bias_bracket(alone, samples=7) == (0, 0)


@given(seed=st.integers(0, 10**6), size=st.floats(0, 20))
def test_the_ceiling_is_above_the_divergence_of_softmaxes(seed, size) -> None:
    logits, change = torch.randn((2, 6, 4), generator=stream(seed, "rows"), dtype=torch.float64)
    first, second = logits.log_softmax(1), (logits + size * change).log_softmax(1)
    ceiling = measures.softmax_ceiling(size * change)
    for one, other in ((first, second), (second, first)):
        assert bool(((one.exp() * (one - other)).sum(1) <= ceiling + 1e-12).all())


def test_the_ceiling_is_nearly_reached_by_small_changes_of_a_fair_coin() -> None:
    change = torch.tensor([0.01, -0.01], dtype=torch.float64)
    coin = torch.zeros(2, dtype=torch.float64).log_softmax(0)
    moved = change.log_softmax(0)
    divergence = float((coin.exp() * (coin - moved)).sum())
    assert divergence == pytest.approx(float(measures.softmax_ceiling(change)), rel=1e-4)


def test_wrong_arguments_are_named() -> None:
    codes, law, states, targets = problem(0)
    for call, text in [
        (lambda: measures.entropy(2 * law), "sum to one"),
        (lambda: measures.entropy(-law), "negative"),
        (lambda: measures.entropy(torch.nan * law), "finite"),
        (lambda: measures.code_table(codes[:3], law, states), "input"),
        (lambda: measures.code_table(codes - 9, law, states), "codes"),
        (lambda: measures.code_targets(codes, law, 2 * targets), "sum to one"),
        (lambda: measures.plug_in_mean(law, samples=0), "samples"),
        (lambda: measures.plug_in_mean(law, samples=10**6), "samples"),
        (lambda: measures.bias_bracket(law, samples=0), "samples"),
        (lambda: measures.softmax_ceiling(law / 0), "finite"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
