"""PAC-Bayes bounds: with probability 1 - delta over the sample, for all posteriors.

A posterior Q over hypotheses has risk L(Q) and empirical risk r on n independent samples, both of
a loss in [0, 1]; P is a prior that does not depend on the sample and D = D(Q || P), in nats. Every
function takes r and D as numbers or arrays that broadcast, and returns float64. Results are not
cut off at one: a value of one or more is vacuous.

All but Catoni's bound start from kl(r || L(Q)) <= (D + log(2 sqrt(n) / delta)) / n
[maurer2004note], which rests on E exp(n kl(r || L)) <= 2 sqrt(n) for one hypothesis. The note
proves that constant for n >= 8; the sum that it bounds is at most 2 sqrt(n) for smaller n too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from runtheory import checks
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
def kl_bound(risk: Numbers, divergence: Numbers, *, samples: int, delta: float) -> Array:
    """Return the PAC-Bayes-kl bound, the inverse of kl at (D + log(2 sqrt(n)/delta)) / n.

    Raises
    ------
    ValueError
        If ``risk`` lies outside [0, 1], ``divergence`` is negative, ``samples`` is below one or
        ``delta`` lies outside (0, 1). The other bounds of this module raise on the same terms.

    Examples
    --------
    >>> from runtheory.information import kl_bound
    >>> round(float(kl_bound(0.02, 5.0, samples=10_000, delta=0.05)), 4)
    0.0281
    """
    return kl_inverse(risk, _budget(divergence, samples, delta))


@checked
def mcallester_bound(risk: Numbers, divergence: Numbers, *, samples: int, delta: float) -> Array:
    """Return r + sqrt(B/2), B = (D + log(2 sqrt(n)/delta)) / n: Pinsker's relaxation."""
    r = probabilities(risk, "risk")
    budget = _budget(divergence, samples, delta)
    must_broadcast(r, budget)
    return np.asarray(r + np.sqrt(budget / 2))


@checked
def quadratic_bound(risk: Numbers, divergence: Numbers, *, samples: int, delta: float) -> Array:
    """Return (sqrt(r + B/2) + sqrt(B/2))^2, B as above [perezortiz2021tighter].

    It is kl(r || p) >= (p - r)^2 / (2 p) solved for p, and equals :func:`lambda_bound` at its best
    trade-off.
    """
    r = probabilities(risk, "risk")
    half = _budget(divergence, samples, delta) / 2
    must_broadcast(r, half)
    return np.asarray((np.sqrt(r + half) + np.sqrt(half)) ** 2)


@checked
def lambda_bound(
    risk: Numbers,
    divergence: Numbers,
    *,
    samples: int,
    delta: float,
    trade_off: float | None = None,
) -> Array:
    """Return r / (1 - t/2) + B / (t (1 - t/2)), B as above, for t in (0, 2) [thiemann2017strongly].

    It holds for all trade-offs t at once, so the default is the best, 2 / (1 + sqrt(1 + 2 r / B)).

    Raises
    ------
    ValueError
        On the terms of :func:`kl_bound`, or if ``trade_off`` lies outside (0, 2).
    """
    r = probabilities(risk, "risk")
    budget = _budget(divergence, samples, delta)
    must_broadcast(r, budget)
    if trade_off is not None:
        checks.in_interval(0, 2, ends="()", trade_off=trade_off)
    t = 2 / (1 + np.sqrt(1 + 2 * r / budget)) if trade_off is None else trade_off
    return np.asarray((r + budget / t) / (1 - t / 2))


@checked
def catoni_bound(
    risk: Numbers, divergence: Numbers, *, samples: int, delta: float, temperatures: Sequence[float]
) -> Array:
    """Return the least over C of (1 - exp(-C r - (D + log(M/delta)) / n)) / (1 - exp(-C)).

    The bound of [catoni2007pac] holds for one C fixed in advance; over the M ``temperatures`` it
    holds with delta / M each. It needs no factor 2 sqrt(n).

    Raises
    ------
    ValueError
        On the terms of :func:`kl_bound`, or if ``temperatures`` is empty or one is not
        positive and finite.
    """
    if not len(temperatures) or not all(0 < c < math.inf for c in temperatures):
        raise ValueError(
            f"temperatures must be positive and finite, at least one, got {temperatures}"
        )
    r, kl = probabilities(risk, "risk"), _nats(divergence)
    must_broadcast(r, kl)
    _check_sampling(samples, delta)
    cost = (kl + math.log(len(temperatures) / delta)) / samples
    values = [-np.expm1(-c * r - cost) / -math.expm1(-c) for c in temperatures]
    return np.asarray(np.min(np.stack(np.broadcast_arrays(*values)), axis=0))


@checked
def worst_exponents(
    counts: Int64[np.ndarray, "sample hypothesis"],
    risk: float,
    *,
    samples: int,
    temperatures: Float64[np.ndarray, "temperature"],
) -> Float64[np.ndarray, "temperature sample"]:
    """Return log mean_w exp(n F_C(p) - C k_w) for hypotheses of one risk p, k_w errors in n.

    By the lemma of Donsker and Varadhan it is the largest of n (F_C(p) - C r) - D over all
    posteriors, with a uniform prior: Catoni's bound at C is below p for some posterior if and only
    if it exceeds log(1/delta). F_C(p) = -log(1 - (1 - exp(-C)) p).

    Raises
    ------
    ValueError
        If ``risk`` lies outside [0, 1], ``samples`` is below one or a temperature is not positive.
    """
    checks.in_interval(0, 1, risk=risk)
    checks.at_least(1, samples=samples)
    checks.positive(temperatures=temperatures)
    moment = -samples * np.log1p(risk * np.expm1(-temperatures))  # (temperature,)
    least = counts.min(1)  # taken out of the exponent, so that a mean never underflows
    rest = np.exp(-temperatures[:, None, None] * (counts - least[:, None])).mean(2)
    return np.asarray(moment[:, None] - temperatures[:, None] * least + np.log(rest))


@checked
def monte_carlo_bound(mean: Numbers, *, draws: int, delta: float) -> Array:
    """Return an upper bound on an expectation in [0, 1] from the mean of independent draws.

    The inverse of kl at log(1/delta) / draws: if p exceeds it, the mean fell to a value a with
    kl(a || p) > log(1/delta) / draws, which Chernoff's bound allows with probability delta. One
    side is needed, so there is no factor 2.

    Raises
    ------
    ValueError
        If ``mean`` lies outside [0, 1], ``draws`` is below one or ``delta`` lies outside (0, 1).
    """
    _check_sampling(draws, delta)
    return kl_inverse(mean, math.log(1 / delta) / draws)


@checked
def gaussian_divergence(
    squared_distance: Numbers, *, dimension: int, deviation: float, prior_deviation: float
) -> Array:
    """Return D(N(w, s^2 I) || N(w0, t^2 I)), in nats, from ||w - w0||^2.

    ||w - w0||^2 / (2 t^2) + (d/2) (x - log(1 + x)) with 1 + x = s^2 / t^2.

    Raises
    ------
    ValueError
        If the distance is negative, ``dimension`` is below one, or a deviation is
        not positive and finite.
    """
    checks.at_least(1, dimension=dimension)
    checks.positive_finite(deviation=deviation, prior_deviation=prior_deviation)
    ratio = deviation / prior_deviation
    spread = (ratio - 1) * (ratio + 1)
    shape = spread - 2 * math.log(ratio) if abs(spread) > 0.5 else spread - math.log1p(spread)
    with np.errstate(over="ignore"):  # a distance over infinity is nothing
        squared = np.square(np.float64(prior_deviation))
    return np.asarray(_nats(squared_distance) / (2 * squared) + dimension * shape / 2)


def _budget(divergence: Numbers, samples: int, delta: float) -> np.ndarray:
    _check_sampling(samples, delta)
    return np.asarray((_nats(divergence) + math.log(2 * math.sqrt(samples) / delta)) / samples)


def _nats(values: Numbers) -> np.ndarray:
    array = real_numbers(values, "divergence")
    checks.not_negative(divergence=array)
    return array


def _check_sampling(samples: int, delta: float) -> None:
    checks.at_least(1, samples=samples)
    checks.in_interval(0, 1, ends="()", delta=delta)
