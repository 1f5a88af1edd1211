"""The pole on a cart and models of it: energy and symmetry, a loop, a fit, refusals."""

from __future__ import annotations

import math

import pytest
import torch

from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.noise.dream_world import pole
from runtheory.randomness import stream


def test_a_step_solves_the_equations_of_motion() -> None:
    """The accelerations satisfy both Lagrange equations of a cart with a uniform pole."""
    state = torch.tensor([0.1, -0.3, 0.4, 0.7]).double()
    after = pole.real_step(state, torch.tensor(0.6).double())
    pace = ((after - state) / pole.SECONDS).tolist()
    assert (pace[0], pace[2]) == pytest.approx((-0.3, 0.7))
    push, twist, angle, turning = pace[1], pace[3], 0.4, 0.7
    arm = pole.POLE * pole.HALF_LENGTH
    along = pole.WHOLE * push + arm * (twist * math.cos(angle) - turning**2 * math.sin(angle))
    assert along == pytest.approx(6.0)
    round_it = 4 / 3 * pole.HALF_LENGTH * twist + push * math.cos(angle)
    assert round_it == pytest.approx(pole.GRAVITY * math.sin(angle))


def test_left_and_right_are_alike_and_upright_is_at_rest() -> None:
    states = torch.randn((7, 4), generator=stream(0, "states"), dtype=torch.float64)
    controls = torch.linspace(-2, 2, 7).double()
    torch.testing.assert_close(
        pole.real_step(-states, -controls), -pole.real_step(states, controls)
    )
    none = torch.zeros(4).double()
    assert torch.equal(pole.real_step(none, torch.tensor(0.0).double()), none)
    cut = pole.real_step(states[:1], torch.tensor([2.0]).double())
    assert torch.equal(cut, pole.real_step(states[:1], torch.tensor([1.0]).double()))
    far = pole.real_step(torch.full((1, 4), 4.999).double(), torch.ones(1).double())
    assert float(far.abs().max()) == pole.FAR


def test_reward_by_hand() -> None:
    states = torch.tensor([[0.0, 3.0, 0.0, 3.0], [0.5, 0.0, 0.2, 0.0]]).double()
    assert pole.reward(states).tolist() == pytest.approx([1, math.exp(-0.25 - 0.4)])


def test_steps_are_those_of_the_pole() -> None:
    seen = pole.draw_steps(3, steps=200, noise=0.1, generator=stream(1, "steps"))
    off = seen.changes - (pole.real_step(seen.states, seen.controls) - seen.states)
    assert float(off.std()) == pytest.approx(0.1, rel=0.1)
    assert bool((seen.states.abs() <= torch.tensor(pole.BOX)).all())
    assert float(seen.controls.min()) < -0.9
    assert float(seen.controls.max()) > 0.9


def test_predicted_changes_in_a_loop() -> None:
    generator = stream(2, "net")
    nets = draw_perceptrons((5, 3, 4), replicates=2, generator=generator, dtype=torch.float64)
    states = torch.randn((2, 4, 4), generator=generator, dtype=torch.float64)
    controls = torch.randn((2, 4), generator=generator, dtype=torch.float64)
    on_states = torch.rand((2, 2, 4), generator=generator, dtype=torch.float64)
    on_hidden = torch.rand((2, 2, 3), generator=generator, dtype=torch.float64)
    found = pole.predicted_change(nets, states, controls, on_states=on_states, on_hidden=on_hidden)
    for r in range(2):
        for e in range(4):
            read = [*(states[r, e] * on_states[r, e % 2]), controls[r, e].clamp(-1, 1)]
            hidden = (torch.stack(read) @ nets.weights[0][r] + nets.biases[0][r, 0]).relu()
            kept = hidden * on_hidden[r, e % 2]
            told = kept @ nets.weights[1][r] + nets.biases[1][r, 0]
            torch.testing.assert_close(found[r, e], told)


def test_models_learn_the_pole_and_dropout_keeps_them_from_it() -> None:
    seen = pole.draw_steps(2, steps=100, noise=0.0, generator=stream(3, "steps"))
    errors = []
    for rate in (0.0, 0.4):
        nets = pole.learn_models(
            seen, rate=rate, hidden=16, passes=150, generator=stream(3, "models")
        )
        found = pole.predicted_change(nets, seen.states, seen.controls)
        errors.append(float((found - seen.changes).square().mean()))
    plain = float(seen.changes.square().mean())
    assert errors[0] < 0.05 * plain < errors[1]


def test_wrong_arguments_are_named() -> None:
    generator = stream(0, "x")
    nets = draw_perceptrons((5, 3, 4), replicates=1, generator=generator)
    states, controls = torch.ones(1, 4, 4), torch.ones(1, 4)
    seen = pole.draw_steps(1, steps=3, noise=0.0, generator=generator)
    for call, text in [
        (lambda: pole.draw_steps(0, steps=3, noise=0.0, generator=generator), "seeds"),
        (lambda: pole.draw_steps(1, steps=3, noise=-1.0, generator=generator), "noise"),
        (
            lambda: pole.predicted_change(nets, states, controls, on_states=torch.ones(1, 3, 4)),
            "factors",
        ),
        (
            lambda: pole.learn_models(seen, rate=1.0, hidden=2, passes=1, generator=generator),
            "rate",
        ),
        (
            lambda: pole.predicted_change(
                draw_perceptrons((4, 3, 4), replicates=1, generator=generator), states, controls
            ),
            "nets",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
