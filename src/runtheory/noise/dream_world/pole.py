"""A pole on a cart, and small networks that learn from a few steps what it does next.

The state is position, velocity, angle from upright and angular velocity, in metres, radians and
seconds; the control in [-1, 1] is ten newtons of force on the cart. The equations of motion are
those of a uniform pole of half a metre to its middle, without friction, by Euler's method.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_rate
from runtheory.information.supersamples.perceptrons import Perceptrons, draw_perceptrons

STATES = 4
SECONDS = 0.05  # of a step
FORCE, GRAVITY, POLE, WHOLE, HALF_LENGTH = 10.0, 9.8, 0.1, 1.1, 0.5
FAR = 5.0  # no coordinate goes beyond
BOX = (1.0, 1.0, 0.5, 1.5)  # half sides of the box from which states are drawn


class Steps(NamedTuple):
    """Steps of the real world: what was seen, what was done, and the change that came."""

    states: Float[Tensor, "seed step 4"]
    controls: Float[Tensor, "seed step"]
    changes: Float[Tensor, "seed step 4"]


@checked
def real_step(
    states: Float[Tensor, "*stack 4"], controls: Float[Tensor, "*stack"]
) -> Float[Tensor, "*stack 4"]:
    """Return the pole's states a twentieth of a second later; controls are cut to [-1, 1]."""
    _, velocity, angle, turning = states.unbind(-1)
    force = FORCE * controls.clamp(-1, 1)
    pushed = (force + POLE * HALF_LENGTH * turning.square() * angle.sin()) / WHOLE
    inertia = HALF_LENGTH * (4 / 3 - POLE * angle.cos().square() / WHOLE)
    twist = (GRAVITY * angle.sin() - angle.cos() * pushed) / inertia
    push = pushed - POLE * HALF_LENGTH * twist * angle.cos() / WHOLE
    change = torch.stack([velocity, push, turning, twist], -1)
    return (states + SECONDS * change).clamp(-FAR, FAR)


@checked
def reward(states: Float[Tensor, "*stack 4"]) -> Float[Tensor, "*stack"]:
    """Return exp(-(position^2 + 10 angle^2)): one where the pole is upright in the middle."""
    position, _, angle, _ = states.unbind(-1)
    return torch.exp(-(position.square() + 10 * angle.square()))


@checked
def draw_steps(seeds: int, *, steps: int, noise: float, generator: torch.Generator) -> Steps:
    """Draw random states and controls, and what the pole does, seen with normal noise.

    States are uniform in a box, controls in [-1, 1]; ``noise`` is its standard deviation.

    Raises
    ------
    ValueError
        If a count is below one or ``noise`` is negative.
    """
    checks.at_least(1, seeds=seeds, steps=steps)
    checks.in_interval(0, float("inf"), ends="[)", noise=noise)
    device, shape = generator.device, (seeds, steps, STATES)
    half = torch.tensor(BOX, device=device)
    states = half * (2 * torch.rand(shape, generator=generator, device=device) - 1)
    controls = 2 * torch.rand((seeds, steps), generator=generator, device=device) - 1
    seen = noise * torch.randn(shape, generator=generator, device=device)
    return Steps(states, controls, real_step(states, controls) - states + seen)


@checked
def predicted_change(
    nets: Perceptrons,
    states: Float[Tensor, "replicate example 4"],
    controls: Float[Tensor, "replicate example"],
    *,
    on_states: Float[Tensor, "replicate mask 4"] | None = None,
    on_hidden: Float[Tensor, "replicate mask hidden"] | None = None,
) -> Float[Tensor, "replicate example 4"]:
    """Return the change of the state that networks of one hidden layer expect, under dropout.

    ``on_states`` and ``on_hidden`` are factors, 0 or 1 / (1 - rate); the control is never dropped.
    Fewer masks than examples serve them in turn.

    Raises
    ------
    ValueError
        If the networks do not fit, or examples are no multiple of the masks.
    """
    if (len(nets.weights), nets.weights[0].shape[1]) != (2, STATES + 1):
        raise ValueError(f"nets must have two layers and {STATES + 1} inputs")
    tensor_checks.equal_lengths(nets=nets.weights[0], states=states)
    given = torch.cat([_dropped(states, on_states), controls.clamp(-1, 1)[..., None]], -1)
    hidden = torch.baddbmm(nets.biases[0], given, nets.weights[0]).relu()
    return torch.baddbmm(nets.biases[1], _dropped(hidden, on_hidden), nets.weights[1])


@checked
def learn_models(
    seen: Steps,
    *,
    rate: float,
    hidden: int,
    passes: int,
    generator: torch.Generator,
    learning_rate: float = 0.01,
) -> Perceptrons:
    """Train a network for each seed on its steps, with dropout on states and hidden units.

    Least squares by Adam on all steps at once, fresh masks at each pass.

    Raises
    ------
    ValueError
        If a count is below one, ``rate`` lies outside [0, 1) or a number is not finite.
    """
    checks.at_least(1, hidden=hidden, passes=passes)
    checks.positive_finite(learning_rate=learning_rate)
    check_rate(rate)
    tensor_checks.finite(changes=seen.changes, states=seen.states, controls=seen.controls)
    widths, seeds = (STATES + 1, hidden, STATES), len(seen.states)
    net = draw_perceptrons(widths, replicates=seeds, generator=generator)

    return _fitted(
        net, seen, rate=rate, passes=passes, learning_rate=learning_rate, generator=generator
    )


@torch.enable_grad()
def _fitted(
    net: Perceptrons,
    seen: Steps,
    *,
    rate: float,
    passes: int,
    learning_rate: float,
    generator: torch.Generator,
) -> Perceptrons:
    parameters = [part.clone().requires_grad_() for part in net.parameters]
    optimiser = torch.optim.Adam(parameters, lr=learning_rate)
    tried = Perceptrons(tuple(parameters[:2]), tuple(parameters[2:]))
    count, hidden = seen.controls.shape, net.weights[0].shape[2]
    for _ in range(passes):
        found = predicted_change(
            tried,
            seen.states,
            seen.controls,
            on_states=_factors((*count, STATES), rate, generator),
            on_hidden=_factors((*count, hidden), rate, generator),
        )
        # Summed over seeds, so that none sees another's gradient.
        loss = (found - seen.changes).square().sum(2).mean(1).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    trained = [part.detach() for part in parameters]
    return Perceptrons(tuple(trained[:2]), tuple(trained[2:]))


def _factors(shape: tuple[int, ...], rate: float, generator: torch.Generator) -> Tensor | None:
    if rate == 0:
        return None
    kept = torch.rand(shape, generator=generator, device=generator.device) >= rate
    return kept / (1 - rate)


def _dropped(values: Tensor, factors: Tensor | None) -> Tensor:
    if factors is None:
        return values
    examples, masks = values.shape[1], factors.shape[1]
    if masks < 1 or examples % masks or values.shape[2] != factors.shape[2]:
        raise ValueError(
            f"factors must be (replicate, a divisor of {examples}, {values.shape[2]}), "
            f"got {tuple(factors.shape)}"
        )
    return (values.unflatten(1, (-1, masks)) * factors[:, None]).flatten(1, 2)
