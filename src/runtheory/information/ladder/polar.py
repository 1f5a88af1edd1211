"""The law of a Gaussian vector in polar coordinates, on a grid.

V ~ N(m e, I_d). With R = |V| and c = cos of the angle between V and e, every function that depends
on V through R and c alone has a smooth integrand in (R, angle), also where V comes near 0 and in
low dimensions; in Cartesian coordinates |V| has a kink there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from scipy.special import gammaln

from runtheory import checks
from runtheory.boundary import checked

Array = np.ndarray

# A function with Lipschitz constant 1 of a standard Gaussian vector leaves this distance of its
# mean with probability below 2 exp(-9^2 / 2) = 5e-18.
_REACH = 9.0
MOST_MEAN = 1e100  # beyond it a square overflows


@dataclass(frozen=True)
class PolarLaw:
    """Nodes and masses: E[f(R, c)] ~ sum_ij mass_ij f(radius_i, cosine_j)."""

    radius: Float64[np.ndarray, "radius"]
    cosine: Float64[np.ndarray, "angle"]
    mass: Float64[np.ndarray, "radius angle"]

    def expect(self, values: Float64[np.ndarray, "#radius #angle"]) -> float:
        """Return the expectation of values given on the grid (a row or a column is spread)."""
        return float((self.mass * values).sum())


@checked
def polar_law(dimension: int, mean: float, *, order: int = 96) -> PolarLaw:
    """Return the law of (|V|, cos) for V ~ N(mean e, I).

    Density in (R, t), t the angle in [0, pi], for d >= 2:

        R^(d-1) sin(t)^(d-2) exp(-((R - m)^2 + 4 R m sin(t/2)^2) / 2)
            / (2^(d/2 - 1) sqrt(pi) Gamma((d-1)/2)),

    by Gauss-Legendre rules of ``order`` nodes on the ranges outside of which less than 1e-16 of
    the mass lies. For d = 1 the cosine is +1 or -1 and the radius has cuts at the mean. The masses
    are not normalised afterwards: their sum shows what the rule misses.

    Raises
    ------
    ValueError
        If ``dimension`` or ``order`` is below 1, or ``mean`` is negative or 1e100 or more.
    """
    checks.at_least(1, dimension=dimension, order=order)
    if not 0 <= mean < MOST_MEAN:
        raise ValueError(f"mean must be finite and not negative, below {MOST_MEAN}, got {mean}")
    return _line(mean, order) if dimension == 1 else _sphere(dimension, mean, order)


def _line(mean: float, order: int) -> PolarLaw:
    cuts = np.unique([max(0.0, mean - _REACH), mean, mean + _REACH])
    parts = [legendre(left, right, order) for left, right in pairwise(cuts)]
    radius = np.concatenate([node for node, _ in parts])
    weight = np.concatenate([share for _, share in parts])
    cosine = np.array([1.0, -1.0])
    # the signed coordinate is R cos, so that each sign has its own density: (radius, 2)
    density = np.exp(-((radius[:, None] - mean * cosine) ** 2) / 2) / math.sqrt(2 * math.pi)
    return PolarLaw(radius, cosine, weight[:, None] * density)


def _sphere(dimension: int, mean: float, order: int) -> PolarLaw:
    centre = math.sqrt(mean**2 + dimension - 0.5)
    radius, radial = legendre(max(0.0, centre - _REACH), centre + _REACH, order)
    angle, angular = legendre(*_angles(dimension, mean), order)
    column = radius[:, None]
    # in logarithms, as R^(d-1) overflows in a thousand dimensions: (radius, angle)
    logarithm = (dimension - 1) * np.log(column) + (dimension - 2) * np.log(np.sin(angle))
    logarithm -= ((column - mean) ** 2 + 4 * column * mean * np.sin(angle / 2) ** 2) / 2
    logarithm -= (dimension / 2 - 1) * math.log(2) + 0.5 * math.log(math.pi)
    logarithm -= gammaln((dimension - 1) / 2)
    return PolarLaw(radius, np.cos(angle), radial[:, None] * angular * np.exp(logarithm))


def _angles(dimension: int, mean: float) -> tuple[float, float]:
    """Return the angles of the box |along - m| <= reach, ||across| - sqrt(d - 3/2)| <= reach."""
    across = math.sqrt(dimension - 1.5)
    nearest, farthest = max(0.0, across - _REACH), across + _REACH
    left, right = mean - _REACH, mean + _REACH
    lower = math.atan2(nearest, right)
    upper = math.atan2(farthest if left >= 0 else nearest, left)
    return lower, upper


@checked
def legendre(left: float, right: float, order: int) -> tuple[Array, Array]:
    """Return the Gauss-Legendre nodes and weights on [left, right].

    Raises
    ------
    ValueError
        If ``order`` is below 1.
    """
    checks.at_least(1, order=order)
    node, weight = _legendre(order)
    half = (right - left) / 2
    return left + half * (1 + node), half * weight


@lru_cache(maxsize=8)
def _legendre(order: int) -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(order)
    return node, weight
