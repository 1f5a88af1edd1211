r"""Linear dreams: what dropout adds to the cost of a controller, exactly.

The dream is $s' = A s + F((\xi - 1) \odot s) + B (\zeta \odot u)$ with factors of dropout $\xi$ on
the state that the model reads and $\zeta$ on the control, both of mean one; F is A for a model of
the next state, A - I for a model of the change. The controller sees the state itself: u = -K s. An
episode costs the sum of s'Qs + u'Ru over its steps, and s'Qs at its end (thm-dream-cost).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout import oracle

Gains = Float64[Tensor, "step control state"]
Cost = Float64[Tensor, "state state"]


@dataclass(frozen=True)
class System:
    """A linear world and what it costs: A, B, Q and R, and F where it is not A, in float64.

    Raises
    ------
    ValueError
        If the shapes do not fit, a number is not finite, or Q or R is not symmetric.
    """

    # Shapes are asked below, in words that name the field.
    dynamics: Float64[Tensor, "_ _"]
    control: Float64[Tensor, "_ _"]
    state_cost: Float64[Tensor, "_ _"]
    control_cost: Float64[Tensor, "_ _"]
    masked: Float64[Tensor, "_ _"] | None = None

    def __post_init__(self) -> None:
        states, controls = self.control.shape
        wanted = {"dynamics": states, "state_cost": states, "control_cost": controls}
        wanted |= {"masked": states} if self.masked is not None else {}
        for name, size in wanted.items():
            matrix = getattr(self, name)
            if matrix.shape != (size, size):
                raise ValueError(f"{name} must be {size} by {size}, got {tuple(matrix.shape)}")
            tensor_checks.finite(**{name: matrix})
            if name.endswith("cost") and not torch.equal(matrix, matrix.mT):
                raise ValueError(f"{name} must be symmetric")
        tensor_checks.finite(control=self.control)

    @property
    def through_masks(self) -> Tensor:
        """What multiplies the state's deviation by the masks, F."""
        return self.dynamics if self.masked is None else self.masked


class Best(NamedTuple):
    """The controllers of least expected cost, and the matrix of that cost from each start."""

    gains: Gains
    cost: Cost


@checked
def mask_variance(rate: float) -> float:
    """Return the variance of a factor of dropout, p / (1 - p).

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1).
    """
    checks.in_interval(0, 1, ends="[)", rate=rate)
    return rate / (1 - rate)


@checked
def expected_cost(
    system: System, gains: Gains, *, state_variance: float = 0.0, control_variance: float = 0.0
) -> Cost:
    """Return the matrix X of the expected cost s'Xs of given controllers [thm-dream-cost].

    Factors are drawn anew at every step, with these variances. There is a gain for each step.

    Raises
    ------
    ValueError
        If a variance is negative or infinite, the gains do not fit or are not finite.
    """
    _check(system, gains, state_variance, control_variance)
    cost = system.state_cost
    for gain in reversed(gains):
        closed = system.dynamics - system.control @ gain
        cost = (
            system.state_cost
            + gain.mT
            @ (system.control_cost + _added(cost, system.control, control_variance))
            @ gain
            + closed.mT @ cost @ closed
            + _added(cost, system.through_masks, state_variance)
        )
    return cost


@checked
def best_gains(
    system: System, *, horizon: int, state_variance: float = 0.0, control_variance: float = 0.0
) -> Best:
    """Return the controllers of least expected cost for a fresh mask at every step.

    The Riccati recursion of thm-dream-cost: with both variances zero the classical one.

    Raises
    ------
    ValueError
        If ``horizon`` < 1, a variance is negative or infinite, or the best control is not unique.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.dream_world.linear import System, best_gains, mask_variance
    >>> one, none = torch.ones(1, 1).double(), torch.zeros(1, 1).double()
    >>> best = best_gains(
    ...     System(0.8 * one, one, one, none), horizon=40, state_variance=mask_variance(0.2)
    ... )
    >>> round(best.gains[0].item(), 3), round(best.cost.item(), 3)
    (0.8, 1.19)
    """
    checks.at_least(1, horizon=horizon)
    _check(system, None, state_variance, control_variance)
    cost, gains = system.state_cost, []
    for _ in range(horizon):
        weighed = system.control.mT @ cost
        asked = weighed @ system.dynamics
        price = system.control_cost + _added(cost, system.control, control_variance)
        gain, fault = torch.linalg.solve_ex(price + weighed @ system.control, asked)
        if int(fault):
            raise ValueError(
                "the best control must be unique, but R + B'PB + w Diag(B'PB) is singular"
            )
        added = _added(cost, system.through_masks, state_variance)
        cost = system.state_cost + added + system.dynamics.mT @ cost @ system.dynamics
        cost = cost - asked.mT @ gain
        cost = (cost + cost.mT) / 2  # against rounding, which the recursion would amplify
        gains.append(gain)
    return Best(torch.stack(gains[::-1]), cost)


@checked
def worlds_cost(system: System, gains: Gains, *, rate: float) -> Cost:
    """Return the expected cost's matrix if one mask of the state is kept for a whole episode.

    The mean over all 2^n worlds, each weighed by the probability of its mask.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1), or as :func:`expected_cost`.
    """
    checks.in_interval(0, 1, ends="[)", rate=rate)
    states = system.dynamics.shape[0]
    kept, weights = oracle.all_masks(states, rate=rate)
    mean = torch.zeros_like(system.dynamics)
    for mask, weight in zip(kept, weights, strict=True):
        shift = system.through_masks * (mask.double() / (1 - rate) - 1)
        world = replace(system, dynamics=system.dynamics + shift, masked=None)
        mean = mean + weight * expected_cost(world, gains)
    return mean


@checked
def simulated_costs(
    system: System,
    gains: Gains,
    start: Float64[Tensor, " state"],
    *,
    factors: Float64[Tensor, "episode step state"],
    control_factors: Float64[Tensor, "episode step control"] | None = None,
) -> Float64[Tensor, " episode"]:
    """Return the costs of simulated episodes, all from one start, under given factors.

    One mask an episode: factors that are the same at all steps.

    Raises
    ------
    ValueError
        If a number is not finite, or as :func:`expected_cost`.
    """
    _check(system, gains, 0.0, 0.0)
    tensor_checks.finite(start=start, factors=factors)
    if control_factors is not None:
        tensor_checks.finite(control_factors=control_factors)
    states = start.expand(len(factors), -1)
    costs = torch.zeros_like(states[:, 0])
    for step, gain in enumerate(gains):
        action = -states @ gain.mT
        costs = costs + _squared(states, system.state_cost) + _squared(action, system.control_cost)
        acted = action if control_factors is None else action * control_factors[:, step]
        off = (factors[:, step] - 1) * states
        states = states @ system.dynamics.mT + off @ system.through_masks.mT
        states = states + acted @ system.control.mT
    return costs + _squared(states, system.state_cost)


def _added(cost: Tensor, through: Tensor, variance: float) -> Tensor:
    """Return variance Diag(F'XF), what independent factors of mean one add to a cost."""
    return variance * torch.diag((through.mT @ cost @ through).diagonal())


def _squared(vectors: Tensor, form: Tensor) -> Tensor:
    return ((vectors @ form) * vectors).sum(1)


def _check(system: System, gains: Tensor | None, *variances: float) -> None:
    checks.not_negative(state_variance=variances[0], control_variance=variances[1])
    checks.in_interval(0, float("inf"), ends="[)", state_variance=variances[0])
    checks.in_interval(0, float("inf"), ends="[)", control_variance=variances[1])
    if gains is not None:
        if gains.shape[1:] != system.control.mT.shape:
            raise ValueError(
                f"gains must be (step, {system.control.shape[1]}, {system.control.shape[0]}), "
                f"got {tuple(gains.shape)}"
            )
        tensor_checks.finite(gains=gains)
