"""From loss information to a bound on the gap, in the super-sample setting.

The loss is zero or one (or, where said, lies in [0, 1]). Of pair i the copies have losses L_i^0 and
L_i^1, U_i is the column of the training copy, D_i = L_i^1 - L_i^0; r is the expected training
error and the gap is E[test error - training error] = (1/n) sum E[(-1)^U_i D_i]. Every bound here
takes an information in nats, already averaged over i, or that of the pair (D_J, U_J), J uniform
over the positions: the proofs ask only for a uniform U that is independent of the super-sample, so
both are covered, for any algorithm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.measures.divergences import binary_divergence, kl_inverse

Nodes = np.ndarray | np.float64 | float


@dataclass(frozen=True)
class FastRate:
    """The best fast-rate bound on the gap and the constants C1 and C2 that give it."""

    value: float
    first: float
    second: float


@checked
def difference_information(gained: float, lost: float) -> float:
    """Return I(D; U) in nats from P(test wrong, training right) and P(training wrong, test right).

    With a and b these two, a log(2a/(a+b)) + b log(2b/(a+b)) = (a + b) kl(a/(a+b) || 1/2):
    exchanging the copies of a pair and flipping its mask changes nothing, so D = 0 says nothing
    about U. For the same reason I(L^0, L^1; U) has this value too.

    Raises
    ------
    ValueError
        If one is negative or their sum exceeds one.
    """
    if not (gained >= 0 and lost >= 0 and gained + lost <= 1 + 1e-12):
        raise ValueError(f"gained and lost must be probabilities, got {gained} and {lost}")
    either = gained + lost
    if either == 0:
        return 0.0
    return either * float(binary_divergence(gained / either, 0.5))


@checked
def single_information(train_error: float, test_error: float) -> float:
    """Return I(L^0; U) = (kl(r || m) + kl(t || m)) / 2 in nats, m = (r + t)/2.

    It depends on the two errors alone: what is built on it restates the gap and cannot see more.
    At most I(L^0, L^1; U), by data processing.

    Raises
    ------
    ValueError
        If an error lies outside [0, 1].
    """
    for error in (train_error, test_error):
        _check_error(error)
    errors = np.array([train_error, test_error])
    return float(binary_divergence(errors, errors.mean()).mean())


@checked
def difference_bound(information: float) -> float:
    """Return sqrt(2 I(D; U)), a bound on |gap| for losses in [0, 1] [wang2023tighter].

    (-1)^U D is in [-1, 1] and has mean zero when U is decoupled: it is then 1-sub-Gaussian.

    Examples
    --------
    >>> from runtheory.information import difference_bound
    >>> round(difference_bound(0.02), 3)
    0.2
    """
    _check_information(information)
    return math.sqrt(2 * information)


@checked
def single_bound(information: float) -> float:
    """Return 2 sqrt(2 I(L^0; U)), a bound on |gap| for losses in [0, 1] [wang2023tighter]."""
    return 2 * centred_single_bound(information)


@checked
def centred_single_bound(information: float) -> float:
    """Return sqrt(2 I(L^0; U)), a bound on |gap| for losses in [0, 1].

    gap = 2 |E (-1)^U L^0|, and since E (-1)^U = 0 one may take L^0 - 1/2 for L^0: 2 (-1)^U (L^0 -
    1/2) lies in [-1, 1] and is 1-sub-Gaussian when U is decoupled. Deviation from
    [wang2023tighter], where the loss is not centred and the bound is twice as large. As
    I(L^0; U) <= I(L^0, L^1; U), it is never above the bound sqrt(2 I) of the pair.
    """
    _check_information(information)
    return math.sqrt(2 * information)


@checked
def binary_bound(train_error: float, information: float) -> float:
    """Return 2 (kl^-1(r, I) - r), a bound on the gap from I(L^0, L^1; U) [hellstrom2022family].

    A coin with chance L^U has mean r, and (r + t)/2 when U is decoupled, t the test error: by data
    processing kl(r || (r + t)/2) <= I. So the test error is at most r plus this value.

    Raises
    ------
    ValueError
        If ``train_error`` lies outside [0, 1] or ``information`` is negative.
    """
    _check_error(train_error)
    _check_information(information)
    return float(2 * (kl_inverse(train_error, information) - train_error))


@checked
def fast_rate_bound(train_error: float, information: float) -> FastRate:
    """Return the least C1 r + I(L^0; U) / C2 with exp(2 C2) + exp(-2 C2 (C1 + 1)) <= 2.

    The form of [wang2023tighter], a bound on the gap for losses in [0, 1]. For given C2 below
    log(2)/2 the best C1 is -log(2 - exp(2 C2)) / (2 C2) - 1, and the value is convex in C2: one
    scan finds the minimum. Without training error it tends to 2 I / log 2, with C1 infinite.

    Raises
    ------
    ValueError
        If ``train_error`` lies outside [0, 1] or ``information`` is negative.
    """
    _check_error(train_error)
    _check_information(information)
    if train_error == 0:
        return FastRate(2 * information / math.log(2), math.inf, math.log(2) / 2)
    if information == 0:
        return FastRate(0.0, 0.0, 0.0)
    edge, steps = math.log(2), np.geomspace(1e-8, 0.5, 200)
    nodes = np.sort(edge * np.concatenate([steps, 1 - steps]))
    best = int(np.argmin(_fast_value(nodes, train_error, information)))
    bracket = (nodes[max(best - 1, 0)], nodes[min(best + 1, len(nodes) - 1)])
    least = minimize_scalar(
        _fast_value,
        bounds=bracket,
        args=(train_error, information),
        method="bounded",
        options={"xatol": 1e-12},
    )
    ends = np.array([least.x, nodes[best]])
    node = ends[np.argmin(_fast_value(ends, train_error, information))]
    value = float(_fast_value(node, train_error, information))
    return FastRate(value, float(_first_constant(node)), float(node) / 2)


@checked
def interpolation_error(information: float) -> float:
    """Return I(D; U) / log 2, the expected test error itself where the training error is zero.

    Then D is zero or tells U: log 2 - H(U | D) = P(D != 0) log 2 [wang2023tighter].
    """
    _check_information(information)
    return information / math.log(2)


def _first_constant(node: Nodes) -> Nodes:
    return -np.log1p(-np.expm1(node)) / node - 1


def _fast_value(node: Nodes, train_error: float, information: float) -> Nodes:
    return _first_constant(node) * train_error + 2 * information / node


def _check_error(error: float) -> None:
    checks.in_interval(0, 1, error=error)


def _check_information(information: float) -> None:
    checks.not_negative(information=information)
