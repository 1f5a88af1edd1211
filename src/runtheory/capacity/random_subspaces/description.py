r"""What a network in a random subspace costs to describe, and the bound on its risk that follows.

The start and the directions come from a seed fixed before the sample. Who knows the seed needs the
d coordinates alone, each one of $2^b$ levels: $d\,b$ bits. Descriptions that all have their
place in one list of $N$ cost $\log N$ nats.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.measures.divergences import (
    Array,
    Numbers,
    kl_inverse,
    must_broadcast,
    probabilities,
    real_numbers,
)


@checked
def quantised(
    coordinates: Float[Tensor, "*shape"], *, bits: int, reach: float
) -> Float[Tensor, "*shape"]:
    """Return the nearest of 2^b levels, the middles of equal cells of [-reach, reach].

    Numbers beyond the ends get the outermost level. Zero is no level.

    Raises
    ------
    ValueError
        If ``bits`` is outside 1 to 16, ``reach`` is not positive and finite, or a coordinate is
        not finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.random_subspaces.description import quantised
    >>> quantised(torch.tensor([-3.0, 0.2, 0.9]), bits=2, reach=1.0)
    tensor([-0.7500,  0.2500,  0.7500])
    """
    checks.in_interval(1, 16, bits=bits)
    checks.positive_finite(reach=reach)
    tensor_checks.finite(coordinates=coordinates)
    levels = 2**bits
    width = 2 * reach / levels
    cells = (coordinates / width + levels / 2).floor().clamp(0, levels - 1)
    return (cells + 0.5 - levels / 2) * width


@checked
def description_nats(dimension: int, *, bits: int, choices: int = 1) -> float:
    """Return d b log 2 + log(choices): the coordinates, and what else was chosen with the sample.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, dimension=dimension, bits=bits, choices=choices)
    return dimension * bits * math.log(2) + math.log(choices)


@checked
def described_bound(risk: Numbers, nats: Numbers, *, samples: int, delta: float) -> Array:
    """Return the bound on the risk of a described classifier, prop-described.

    The largest p with kl(risk || p) at most (nats + log(1/delta)) / n: Chernoff's bound for each
    description and a sum over all. Needs no Monte Carlo, and no factor 2 sqrt(n).

    Raises
    ------
    ValueError
        If ``risk`` lies outside [0, 1], ``nats`` is negative, ``samples`` is below one or ``delta``
        outside (0, 1).

    Example
    -------
    >>> from runtheory.capacity.random_subspaces.description import (
    ...     described_bound,
    ...     description_nats,
    ... )
    >>> nats = description_nats(10, bits=3)
    >>> round(float(described_bound(0.2, nats, samples=2000, delta=0.05)), 3)
    0.266
    """
    budget = _budget(nats, samples, delta)
    return kl_inverse(risk, budget)


@checked
def hoeffding_bound(risk: Numbers, nats: Numbers, *, samples: int, delta: float) -> Array:
    """Return risk + sqrt((nats + log(1/delta)) / (2 n)), never less. Raises as the other bound."""
    shares, budget = probabilities(risk, "risk"), _budget(nats, samples, delta)
    must_broadcast(shares, budget)
    return np.asarray(shares + np.sqrt(budget / 2))


def _budget(nats: Numbers, samples: int, delta: float) -> np.ndarray:
    checks.at_least(1, samples=samples)
    checks.in_interval(0, 1, ends="()", delta=delta)
    spent = real_numbers(nats, "nats")
    checks.not_negative(nats=spent)
    return np.asarray((spent + math.log(1 / delta)) / samples)
