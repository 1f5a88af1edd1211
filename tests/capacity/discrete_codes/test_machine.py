"""Machines of few states: their long run, their inputs, and counts drawn from them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.capacity.discrete_codes import machine
from runtheory.randomness import stream


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), states=st.integers(2, 11), symbols=st.integers(2, 5))
def test_machines_are_laws_and_their_inputs_spell_them(seed, states, symbols) -> None:
    found = machine.draw_machines(
        states, symbols, allowed=2, machines=3, generator=stream(seed, "machines")
    )
    assert found.inputs.shape[:2] == (3, 2 * states)
    torch.testing.assert_close(found.law.sum(1), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(found.targets.sum(2), torch.ones(3, 2 * states).double())
    assert bool(((found.targets > 0).sum(2) == 2).all())
    assert float(found.targets[found.targets > 0].min()) >= 0.1 - 1e-12
    assert bool((found.inputs.sum(2) == 3).all())
    for rows, law in zip(found.inputs, found.law, strict=True):
        assert len(rows.unique(dim=0)) == 2 * states  # no two inputs look alike
        assert bool((law >= 0).all())


def test_inputs_of_one_state_have_one_target() -> None:
    found = machine.draw_machines(5, 3, allowed=2, machines=1, generator=stream(0, "machines"))
    for state in found.states[0].unique():
        rows = found.targets[0][found.states[0] == state]
        torch.testing.assert_close(rows, rows[:1].expand_as(rows))


def test_the_long_run_by_hand() -> None:
    """From 0 always to 1; from 1 back with the chance 1/4. State 2 leads away and is not met."""
    follow = torch.tensor([[[1, 1], [0, 1], [0, 0]]])
    emitted = torch.tensor([[[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]]], dtype=torch.float64)
    found = machine.long_run(follow, emitted)
    torch.testing.assert_close(found, torch.tensor([[0.2, 0.8, 0.0]], dtype=torch.float64))


def test_the_long_run_of_a_circle_is_even_though_it_has_a_period() -> None:
    follow = torch.tensor([[[1], [2], [0]]])
    found = machine.long_run(follow, torch.ones(1, 3, 1, dtype=torch.float64))
    torch.testing.assert_close(found, torch.full((1, 3), 1 / 3, dtype=torch.float64))


def test_the_law_of_states_is_that_of_the_states_before() -> None:
    found = machine.draw_machines(6, 3, allowed=2, machines=1, generator=stream(1, "machines"))
    before = found.law[0].unflatten(0, (6, 2)).sum(1)
    after = torch.zeros(6).double().index_add(0, found.states[0], found.law[0])
    torch.testing.assert_close(after, before)


def test_counts_are_shares_near_the_law() -> None:
    found = machine.draw_machines(4, 3, allowed=2, machines=2, generator=stream(2, "machines"))
    tokens = 40_000
    counts = machine.draw_counts(found, tokens, generator=stream(2, "counts"))
    law = found.law[..., None] * found.targets
    torch.testing.assert_close(counts.sum((1, 2)), torch.ones(2, dtype=torch.float64))
    error = (law * (1 - law) / tokens).sqrt()
    assert bool(((counts - law).abs() <= 5 * error + 1e-12).all())


def test_wrong_arguments_are_named() -> None:
    generator = stream(0, "wrong")
    found = machine.draw_machines(4, 3, allowed=2, machines=1, generator=generator)
    for call, text in [
        (
            lambda: machine.draw_machines(1, 3, allowed=2, machines=1, generator=generator),
            "states",
        ),
        (
            lambda: machine.draw_machines(4, 3, allowed=4, machines=1, generator=generator),
            "allowed",
        ),
        (
            lambda: machine.draw_machines(4, 3, allowed=2, machines=0, generator=generator),
            "machines",
        ),
        (lambda: machine.draw_counts(found, 0, generator=generator), "tokens"),
        (
            lambda: machine.long_run(torch.full((1, 2, 1), 2), torch.ones(1, 2, 1).double()),
            "follow",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
