"""The optimiser that meets the closed forms: L-BFGS to a stationary point, in rounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from runtheory.boundary import checked

STEPS = 100  # of one round; the curvature is learnt afresh in the next
HISTORY = 30
FLAT = 1e-9  # a gradient of this norm is none
STALLED = 4e-16  # relative to the objective: what a round gains beyond it is no rounding


@checked
def minimise(
    objective: Callable[[], Tensor], parameters: Sequence[Tensor], *, rounds: int = 40
) -> float:
    """Move the parameters, in place, to a stationary point; return the objective there.

    L-BFGS with a strong Wolfe line search, at most ``rounds`` rounds of 100 steps; it stops once
    the gradient is flat or a round has gained no more than rounding. Give it float64.
    """
    for tensor in parameters:
        tensor.requires_grad_(True)
    value = math.inf
    optimiser = _optimiser(parameters)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = objective()
        loss.backward()
        return loss

    for _ in range(rounds):
        before = value
        optimiser.step(closure)
        value = float(objective().detach())
        if largest_slope(objective, parameters) < FLAT or before - value <= STALLED * abs(value):
            break
    return value


@checked
def largest_slope(objective: Callable[[], Tensor], parameters: Sequence[Tensor]) -> float:
    """Return the largest entry of the gradient, in absolute value."""
    slopes = torch.autograd.grad(objective(), list(parameters))
    return max(float(slope.abs().max()) for slope in slopes)


def _optimiser(parameters: Sequence[Tensor]) -> torch.optim.LBFGS:
    return torch.optim.LBFGS(
        parameters,
        max_iter=STEPS,
        history_size=HISTORY,
        tolerance_grad=1e-10,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )
