"""How much information survives a noisy layer: contraction coefficients.

For a channel K, eta_TV is the largest ratio TV(PK, QK) / TV(P, Q) and eta_KL the largest ratio
D(PK || QK) / D(P || Q), over all input laws P and Q. Three facts carry this module.

* eta_TV is the largest distance TV(K(x), K(x')) between two rows of the channel.
* For eta_KL two input symbols suffice: with L = dP/dQ held fixed, D(P || Q) is linear in Q and
  D(PK || QK) convex, so the maximum over {Q : E_Q 1 = E_Q L = 1} lies at an extreme point, and
  those have at most two symbols.
* eta_KL equals its local, chi-square form, because
  D(P || Q) = int_0^1 (1 - s) sum (P - Q)^2 / (Q + s (P - Q)) ds on both sides of the channel.

Hence for two rows p and q, eta_KL = max_t 1 - sum p q / ((1 - t) p + t q), concave in t. The
coefficients of dropout round to one at every usual width: the share that is lost, 1 - eta, is
kept as a logarithm beside them. Divergences are in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, logsumexp

from runtheory import checks
from runtheory.boundary import checked

MOST_REACH = 1e100  # beyond it a square overflows


@dataclass(frozen=True)
class Contraction:
    """Both coefficients, with log(1 - eta) of each, which stays exact where eta rounds to one."""

    total_variation: float
    divergence: float
    log_total_variation_lost: float
    log_divergence_lost: float


@checked
def erasure(probability: float) -> Contraction:
    """Return the coefficients of the erasure channel: both are 1 - probability.

    D(PK || QK) = (1 - probability) D(P || Q) holds for every P and Q, not only at the supremum.

    Raises
    ------
    ValueError
        If ``probability`` lies outside [0, 1].
    """
    return dropout(probability, width=1)


@checked
def dropout(rate: float, *, width: int) -> Contraction:
    """Return the coefficients of dropout on ``width`` coordinates: both are 1 - rate^width.

    The value is that of visible erasures and is reached by coordinates that repeat one symbol.
    Zeros that hide the mask degrade this channel, so for them it is an upper bound, met where zero
    is an input symbol. Independent coordinates contract by 1 - rate only:
    each is kept with that chance, and the divergence of a product is a sum.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1] or ``width`` is below one.
    """
    checks.in_interval(0, 1, rate=rate)
    checks.at_least(1, width=width)
    lost = width * math.log(rate) if rate > 0 else -math.inf
    kept = 0.0 - math.expm1(lost)
    return Contraction(kept, kept, lost, lost)


@checked
def symmetric(flip: float) -> Contraction:
    """Return the coefficients of the binary symmetric channel: |1 - 2 flip| and (1 - 2 flip)^2.

    Raises
    ------
    ValueError
        If ``flip`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, flip=flip)
    variation = abs(1 - 2 * flip)
    return Contraction(
        variation,
        variation**2,
        safe_log(2 * min(flip, 1 - flip)),
        safe_log(4 * flip * (1 - flip)),
    )


@checked
def gaussian_noise(diameter: float, *, deviation: float) -> Contraction:
    """Return the coefficients of N(0, deviation^2) noise on inputs from a set of this diameter.

    With u = diameter / (2 deviation), eta_TV = erf(u / sqrt 2) and eta_KL = E tanh^2(u^2 + u Z),
    1 - eta_KL = exp(-u^2/2) E sech(u Z), Z standard normal: the case of two inputs at this
    distance, and by the two-symbol rule that of every bounded set, since two closer inputs are a
    degraded version of two more distant ones. A tanh layer of width d has diameter 2 sqrt(d). On
    an unbounded set both coefficients are one [polyanskiy2016dissipation].

    Raises
    ------
    ValueError
        If ``diameter`` is negative, infinite or above 1e100 deviations, or ``deviation`` is not
        positive and finite.
    """
    if not 0 <= diameter < math.inf:
        raise ValueError(f"diameter must be finite and not negative, got {diameter}")
    checks.positive_finite(deviation=deviation)
    checks.in_interval(0, MOST_REACH, diameter_in_deviations=diameter / deviation)
    reach = diameter / (2 * deviation)
    # The trapezoidal rule converges geometrically here; the step follows the poles of sech.
    end = min(9.0, 40 / reach) if reach > 0 else 9.0
    nodes = np.linspace(-end, end, 801)
    weights = np.exp(-(nodes**2) / 2) * (nodes[1] - nodes[0]) / math.sqrt(2 * math.pi)
    slope = reach * nodes
    lost = min(-(reach**2) / 2 + math.log(float(weights @ (1 / np.cosh(slope)))), 0.0)
    kept = -math.expm1(lost)
    if reach < 1:  # sinh^2 / cosh times exp(-u^2/2) is tanh^2 under the mean of the two outputs
        kept = math.exp(-(reach**2) / 2) * float(weights @ (np.sinh(slope) * np.tanh(slope)))
    return Contraction(
        math.erf(reach / math.sqrt(2)),
        kept,
        min(math.log(2) + float(log_ndtr(-reach)), 0.0),
        lost,
    )


@checked
def compose(parts: Sequence[Contraction]) -> Contraction:
    """Return the product of coefficients, an upper bound for channels that follow one another.

    The share lost, 1 - prod eta, is -expm1(sum log1p(-exp(lost))), exact where the product is one.

    Raises
    ------
    ValueError
        If ``parts`` is empty.
    """
    if not parts:
        raise ValueError("compose needs at least one contraction, got none")
    variation = _log_lost([part.log_total_variation_lost for part in parts])
    divergence = _log_lost([part.log_divergence_lost for part in parts])
    return Contraction(
        math.prod(part.total_variation for part in parts),
        math.prod(part.divergence for part in parts),
        variation,
        divergence,
    )


@checked
def safe_log(value: float) -> float:
    """Return log(value), minus infinity at zero."""
    return math.log(value) if value > 0 else -math.inf


def _log_lost(logarithms: Sequence[float]) -> float:
    if max(logarithms) == 0:
        return 0.0
    if max(logarithms) < -40:  # the products of these shares are below the last digit of their sum
        return float(logsumexp(logarithms))
    return safe_log(-math.expm1(sum(math.log1p(-math.exp(value)) for value in logarithms)))
