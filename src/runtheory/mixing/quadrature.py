"""Expectations over the side r = sqrt(1 - lambda) of a box, lambda ~ Beta(alpha, alpha)."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from scipy.special import betaln, roots_jacobi

from runtheory import checks
from runtheory.boundary import checked

Array = np.ndarray
LARGEST = 50  # alpha


@checked
def check_alpha(alpha: float) -> None:
    """Raise ``ValueError`` unless ``alpha`` is positive and finite."""
    checks.positive_finite(alpha=alpha)


@checked
def side_moment(alpha: float, power: float) -> float:
    """Return E[r ** power] = B(alpha + power / 2, alpha) / B(alpha, alpha)."""
    check_alpha(alpha)
    return float(np.exp(betaln(alpha + power / 2, alpha) - betaln(alpha, alpha)))


@checked
def side_density(alpha: float, side: Float64[np.ndarray, "..."]) -> Array:
    """Return the density of r on (0, 1): 2 r^(2 alpha - 1) (1 - r^2)^(alpha - 1) / B(alpha, alpha).

    It is infinite at an end where its exponent is negative.
    """
    check_alpha(alpha)
    with np.errstate(divide="ignore"):
        logarithm = (2 * alpha - 1) * np.log(side) + (alpha - 1) * np.log1p(-(side**2))
    return np.asarray(2 * np.exp(logarithm - betaln(alpha, alpha)))


@checked
def side_nodes(
    alpha: float, breaks: Float64[np.ndarray, "breaks"] | None = None, *, order: int = 24
) -> tuple[Float64[np.ndarray, "node"], Float64[np.ndarray, "node"]]:
    """Return nodes and weights with E[f(r)] ~ sum_n weight_n f(node_n).

    (0, 1) is cut at ``breaks``, where f may have kinks or jumps, and each cell has its own Gauss
    rule: Jacobi rules at the two ends absorb the singular factors r^(2 alpha - 1) and
    (1 - r)^(alpha - 1) of the density, Legendre rules serve between them.

    Raises
    ------
    ValueError
        If ``alpha`` does not lie in (0, 50], beyond which 24 nodes a cell are too few, or
        ``order`` is below 1.
    """
    checks.in_interval(0, LARGEST, ends="(]", alpha=alpha)
    checks.at_least(1, order=order)
    inner = np.array([0.5]) if breaks is None or len(breaks) == 0 else np.unique(breaks)
    edges = np.concatenate(([0.0], inner, [1.0]))
    nodes, weights = [], []
    for left, right in pairwise(edges):
        powers = (2 * alpha - 1 if left == 0 else 0.0, alpha - 1 if right == 1 else 0.0)
        node, weight = _cell(alpha, (left, right), powers=powers, order=order)
        nodes.append(node)
        weights.append(weight)
    return np.concatenate(nodes), np.concatenate(weights)


def _cell(
    alpha: float, ends: tuple[float, float], *, powers: tuple[float, float], order: int
) -> tuple[Array, Array]:
    left, right = ends
    at_left, at_right = powers
    point, weight = roots_jacobi(order, at_right, at_left)
    half = (right - left) / 2
    node = left + half * (1 + point)
    # The rule integrates f(t) (1 + t)^at_left (1 - t)^at_right; what is left of the density is
    # smooth on this cell.
    logarithm = math.log(2) - betaln(alpha, alpha) + (alpha - 1) * np.log1p(node)
    logarithm += (2 * alpha - 1 - at_left) * np.log(node)
    logarithm += (alpha - 1 - at_right) * np.log1p(-node)
    scale = half ** (1 + at_left + at_right)
    return node, weight * scale * np.exp(logarithm)


@checked
def expect_over_side(
    function: Callable[[Array], Array],
    alpha: float,
    breaks: Float64[np.ndarray, "breaks"] | None = None,
    *,
    order: int = 24,
) -> Array:
    """Return E[function(r)] along the function's first axis."""
    node, weight = side_nodes(alpha, breaks, order=order)
    return np.asarray(np.tensordot(weight, function(node), axes=(0, 0)))
