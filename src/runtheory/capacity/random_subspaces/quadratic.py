r"""The least squared error that can be reached in a random subspace, exactly.

Parameters $\theta \in \mathbb{R}^D$ shall meet linear constraints $A\theta = y$; the loss is
$\frac12\|A\theta - y\|^2$. From $\theta_0$, with the residual $r_0 = y - A\theta_0$, only
$\theta_0 + Pz$ can be reached, and only the span of the columns of $AP$ counts. A *ratio* is the
least loss there over the loss at $\theta_0$. All results are float64.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, lazy, tensor_checks
from runtheory.boundary import checked

DEPENDENT = 1e-10  # a direction that adds less than this share of its length adds nothing


@checked
def draw_directions(
    parameters: int, *, directions: int, replicates: int, generator: torch.Generator
) -> Float64[Tensor, "replicate parameter direction"]:
    """Draw random directions, each uniform on the unit sphere; their order is without meaning.

    The first d of them span a uniformly random d-dimensional subspace, if d is at most
    ``parameters``.

    Raises
    ------
    ValueError
        If a count is below one.

    Example
    -------
    >>> from runtheory.capacity.random_subspaces.quadratic import draw_directions
    >>> from runtheory.randomness import stream
    >>> drawn = draw_directions(50, directions=3, replicates=2, generator=stream(0, "directions"))
    >>> drawn.shape, drawn.norm(dim=1).round(decimals=6).unique()
    (torch.Size([2, 50, 3]), tensor([1.], dtype=torch.float64))
    """
    checks.at_least(1, parameters=parameters, directions=directions, replicates=replicates)
    normal = torch.randn(
        (replicates, parameters, directions),
        generator=generator,
        device=generator.device,
        dtype=torch.float64,
    )
    return normal / normal.norm(dim=1, keepdim=True)


@checked
def least_ratios(
    constraints: Float[Tensor, "constraint parameter"],
    residual: Float[Tensor, " constraint"],
    *,
    directions: Float[Tensor, "replicate parameter direction"],
) -> Float64[Tensor, "replicate direction"]:
    """Return the ratio after the first 1, 2, ... directions, each time with the best coordinates.

    Directions that depend on those before them, as all beyond the rank of ``constraints`` do, add
    nothing. Gram and Schmidt's method, each step done twice.

    Raises
    ------
    ValueError
        If shapes do not fit, ``residual`` is zero, or a number is not finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.random_subspaces.quadratic import least_ratios
    >>> axes = torch.eye(3)  # one constraint for each of three parameters
    >>> first = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    >>> least_ratios(axes, torch.tensor([2.0, 1.0, 1.0]), directions=first)
    tensor([[0.3333, 0.1667]], dtype=torch.float64)
    """
    _check_problem(constraints, residual, directions)
    images = constraints.double() @ directions.double()  # (replicate, constraint, direction)
    left = residual.double().expand(len(images), -1).clone()
    whole = residual.double().square().sum()
    basis, ratios = torch.zeros_like(images), []
    for index in range(images.shape[2]):
        column = images[:, :, index]
        rest = column
        for _ in range(2):
            rest = rest - (basis @ (basis.mT @ rest[..., None]))[..., 0]
        length = rest.norm(dim=1, keepdim=True)
        new = length > DEPENDENT * column.norm(dim=1, keepdim=True)
        basis[:, :, index] = torch.where(new, rest / length.where(new, 1.0), 0.0)
        unit = basis[:, :, index]
        left = left - (unit * left).sum(1, keepdim=True) * unit
        ratios.append(left.square().sum(1) / whole)
    return torch.stack(ratios, dim=1)


@checked
def mean_ratio(constraints: int, *, dimension: int) -> float:
    """Return the mean ratio over random subspaces for orthonormal constraints, thm-subspace-beta.

    1 - d / k for d below k, then 0.

    Raises
    ------
    ValueError
        If ``constraints`` is below one or ``dimension`` negative.
    """
    checks.at_least(1, constraints=constraints)
    checks.at_least(0, dimension=dimension)
    return max(0.0, 1 - dimension / constraints)


@checked
def ratio_distribution(constraints: int, *, dimension: int) -> Any:
    """Return the law of that ratio, Beta((k - d) / 2, d / 2), as a distribution of SciPy.

    Raises
    ------
    ValueError
        If ``dimension`` is not between 1 and ``constraints`` - 1: outside it is a constant.

    Example
    -------
    >>> from runtheory.capacity.random_subspaces.quadratic import ratio_distribution
    >>> law = ratio_distribution(3, dimension=2)  # one coordinate of a sphere, squared
    >>> round(float(law.mean()), 4), round(float(law.cdf(0.25)), 4)
    (0.3333, 0.5)
    """
    checks.in_interval(1, constraints - 1, dimension=dimension)
    with lazy.needed_by(__name__, extra="labs"):
        from scipy.stats import beta

    return beta((constraints - dimension) / 2, dimension / 2)


def _check_problem(constraints: Tensor, residual: Tensor, directions: Tensor) -> None:
    tensor_checks.finite(constraints=constraints, residual=residual, directions=directions)
    if tensor_checks.readable(residual):
        checks.positive(residual_length=float(residual.double().norm()))
