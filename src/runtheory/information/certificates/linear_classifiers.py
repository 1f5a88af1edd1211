"""PAC-Bayes certificates: what one is, and the exact one of a linear classifier.

A certificate is a number that exceeds the risk of the *stochastic* classifier, the one that draws
its weights anew for every example, with probability at least 1 - delta over the sample (and over
the draws that estimate its empirical risk). Every choice made with the data is paid for: a scale
from a grid of M costs log M, a Monte-Carlo estimate its own share of delta, and a prior that is
learnt uses examples that the bound does not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtr

from runtheory.information.certificates.pac_bayes import kl_bound


@dataclass(frozen=True)
class Certificate:
    """A bound on the risk, with probability at least 1 - delta, and what it is made of.

    ``empirical_risk`` is that of the stochastic classifier on the ``samples`` examples of the
    bound, ``risk_bound`` an upper bound on it (the same number where it is computed exactly),
    ``divergence`` is D(Q || P) in nats and ``scale`` the chosen point of the grid.
    """

    bound: float
    empirical_risk: float
    risk_bound: float
    divergence: float
    scale: float
    samples: int
    delta: float


def linear_gibbs_risk(
    weights: Float64[np.ndarray, "input"],
    inputs: Float64[np.ndarray, "example input"],
    signs: Float64[np.ndarray, "example"],
) -> float:
    """Return the exact risk of sign(v . x) with v ~ N(weights, I): mean Phi(-y w . x / ||x||).

    ``signs`` are the labels, -1 or 1.

    Raises
    ------
    ValueError
        If a label is neither -1 nor 1, there is no example, or an input is zero.
    """
    lengths = np.linalg.norm(inputs, axis=1)
    if len(inputs) == 0 or not np.all(np.abs(signs) == 1):
        raise ValueError("signs must be -1 or 1, at least one, got another value")
    if not np.all(lengths > 0):
        raise ValueError("inputs must not be zero, got a zero row")
    return float(ndtr(-signs * (inputs @ weights) / lengths).mean())


def linear_certificate(
    weights: Float64[np.ndarray, "input"],
    inputs: Float64[np.ndarray, "example input"],
    signs: Float64[np.ndarray, "example"],
    *,
    prior: Float64[np.ndarray, "input"],
    scales: Sequence[float],
    delta: float,
) -> Certificate:
    """Return the best kl certificate over Q = N(c w, I), P = N(c w0, I), c in ``scales``.

    ``weights`` may depend on the examples; ``prior`` (w0) and ``scales`` must not. No Monte Carlo:
    the risk is exact and D = c^2 ||w - w0||^2 / 2.

    Raises
    ------
    ValueError
        If ``scales`` is empty or one is not positive, on the terms of :func:`linear_gibbs_risk`,
        or if ``delta`` lies outside (0, 1).
    """
    check_grid(scales, "scales")
    distance = float(((weights - prior) ** 2).sum())
    found = []
    for scale in scales:
        risk = linear_gibbs_risk(scale * weights, inputs, signs)
        divergence = scale**2 * distance / 2
        bound = kl_bound(risk, divergence, samples=len(inputs), delta=delta / len(scales))
        found.append(Certificate(float(bound), risk, risk, divergence, scale, len(inputs), delta))
    return min(found, key=lambda certificate: certificate.bound)


def check_grid(values: Sequence[float], name: str) -> None:
    """Raise ``ValueError`` unless the grid holds positive numbers, at least one."""
    if not values or min(values) <= 0:
        raise ValueError(f"{name} must be positive, at least one, got {values}")
