r"""A penalty on the tails of both factors, which takes columns away from behind.

The penalty is $\lambda \sum_b (\|U_{b:}\| + \|V_{b:}\|)$, where $U_{b:}$ are the columns from b on,
with the Frobenius norm: a group lasso on nested groups.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.ordered_dropout.linear import (
    Factors,
    LinearTask,
    joint_chances,
    mean_error,
)


@checked
def tail_norms(matrix: Float[Tensor, "*stack row rank"]) -> Float[Tensor, "*stack rank"]:
    """Return the Frobenius norm of the columns from each one on."""
    return matrix.square().sum(-2).flip(-1).cumsum(-1).flip(-1).sqrt()


@checked
def shrunk_tails(
    matrix: Float[Tensor, "*stack row rank"], amounts: Float[Tensor, "*stack"]
) -> Float[Tensor, "*stack row rank"]:
    """Return the matrix Z of least ``amount`` times the sum of its tail norms + |Z - matrix|^2 / 2.

    Nested groups are shrunk one after the other, the smallest first: the last column by
    1 - amount / norm, or to exactly zero, then the last two, and so on [jenatton2011proximal].
    ``amounts`` has one number for each matrix of a stack.

    Raises
    ------
    ValueError
        If an amount is negative or not finite.
    """
    tensor_checks.finite(matrix=matrix, amounts=amounts)
    if tensor_checks.readable(amounts) and amounts.numel():
        checks.not_negative(amounts=float(amounts.min()))
    return _shrunk(matrix, amounts)


@checked
def kept_size(value: float, *, strength: float, weight: float = 1.0) -> float:
    """Return what is left of the singular value of a map of rank one, fitted by one column each.

    The minimum over t >= 0 of weight (value - t^2)^2 + 2 strength t, as t^2: zero if the value is
    at most 3/2 (strength / weight)^(2/3), and two thirds of it or more beyond that
    (``prop-tail-penalty``).

    Raises
    ------
    ValueError
        If ``value`` or ``strength`` is negative or infinite, or ``weight`` is not positive and
        finite.

    Examples
    --------
    >>> from runtheory.capacity.ordered_dropout.tails import kept_size
    >>> kept_size(1.4, strength=1.0), kept_size(2.0, strength=0.0)
    (0.0, 2.0)
    """
    checks.in_interval(0, math.inf, ends="[)", value=value, strength=strength)
    checks.positive_finite(weight=weight)
    relative = strength / weight
    if value <= 1.5 * relative ** (2 / 3):
        return 0.0
    # The largest root of t^3 - value t + relative / 2, by the trigonometric solution of the cubic.
    edge = (relative ** (2 / 3) / value) ** 1.5  # at most (2/3)^(3/2)
    angle = math.acos(-(3**1.5) / 4 * edge)
    return 4 / 3 * value * math.cos(angle / 3) ** 2


@checked
def penalised(
    start: Factors,
    task: LinearTask,
    *,
    chances: Float[Tensor, " rank"],
    strengths: Float[Tensor, " replicate"],
    rate: float,
    steps: int,
) -> Factors:
    """Return the factors after proximal descent on the mean error plus the penalty on tails.

    A gradient step on ``linear.mean_error``, then ``shrunk_tails`` of both factors by ``rate``
    times the replicate's strength: columns become zero exactly, and stay so. A stack of one starts
    every strength.

    Raises
    ------
    ValueError
        If the factors are a stack of neither one replicate nor one a strength, a strength is
        negative or not finite, ``rate`` is not positive and finite, ``steps`` is negative, or as
        ``mean_error``.
    """
    checks.positive_finite(rate=rate)
    checks.not_negative(steps=steps)
    tensor_checks.finite(strengths=strengths)
    if tensor_checks.readable(strengths) and len(strengths):
        checks.not_negative(strengths=float(strengths.min()))
    stack = start.left.shape[:-2]
    if stack not in ((1,), strengths.shape):
        raise ValueError(
            f"factors must be a stack of 1 or {len(strengths)} replicates, got {tuple(stack)}"
        )
    mean_error(start, task, chances=chances)  # refuses what does not fit
    both = joint_chances(chances)
    left, right = (part.expand(len(strengths), -1, -1) for part in (start.left, start.right))
    for _ in range(steps):
        to_left, to_right = _gradients(left, right, task, both)
        left = _shrunk(left - rate * to_left, rate * strengths)
        right = _shrunk(right - rate * to_right, rate * strengths)
    return Factors(left, right)


@checked
def columns_left(factors: Factors) -> Int64[Tensor, "*stack"]:
    """Count the columns that are zero in neither factor."""
    tensor_checks.finite(left=factors.left, right=factors.right)
    return ((factors.left != 0).any(-2) & (factors.right != 0).any(-2)).sum(-1)


def _shrunk(matrix: Tensor, amounts: Tensor) -> Tensor:
    # Only norms matter: each column ends as its own multiple.
    squares = matrix.square().sum(-2)
    scales = torch.ones_like(squares)
    for first in range(matrix.shape[-1] - 1, -1, -1):
        norm = (squares[..., first:] * scales[..., first:].square()).sum(-1).sqrt()
        factor = torch.where(norm > amounts, 1 - amounts / norm.clamp(min=1e-300), 0.0)
        scales = torch.cat([scales[..., :first], scales[..., first:] * factor[..., None]], -1)
    return matrix * scales[..., None, :]


def _gradients(
    left: Tensor, right: Tensor, task: LinearTask, both: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of the mean error (``linear.mean_error``), by its formula."""
    kept, seen = both.diagonal(), task.moments @ right
    to_left = left @ (right.mT @ seen * both) - task.target @ seen * kept
    to_right = seen @ (left.mT @ left * both) - task.moments @ (task.target.mT @ left) * kept
    return 2 * to_left, 2 * to_right
