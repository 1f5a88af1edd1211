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

from runtheory import checks
from runtheory.information.certificates.pac_bayes import kl_bound


@dataclass(frozen=True)
class Certificate:
    """A bound on the risk, with probability at least 1 - delta, and what it is made of.

    ``train_error`` is that of the stochastic classifier on the ``samples`` examples of the bound,
    ``train_error_bound`` an upper bound on it (the same number where it is computed exactly),
    ``divergence`` is D(Q || P) in nats and ``scale`` the chosen point of the grid.
    """

    bound: float
    train_error: float
    train_error_bound: float
    divergence: float
    scale: float
    samples: int
    delta: float


def ridge_weights(
    inputs: Float64[np.ndarray, "example input"],
    signs: Float64[np.ndarray, "example"],
    *,
    penalty: float,
) -> Float64[np.ndarray, "input"]:
    """Return the weights of ridge regression on the labels -1 and 1, for the mean squared error.

    Raises
    ------
    ValueError
        If ``penalty`` is not positive.
    """
    checks.positive(penalty=penalty)
    second_moment = inputs.T @ inputs / len(inputs)  # (input, input)
    moment = inputs.T @ signs / len(inputs)
    return np.asarray(np.linalg.solve(second_moment + penalty * np.eye(len(moment)), moment))


def linear_gibbs_risks(
    weights: Float64[np.ndarray, "input"],
    inputs: Float64[np.ndarray, "example input"],
    signs: Float64[np.ndarray, "example"],
    *,
    scales: Sequence[float] = (1.0,),
) -> Float64[np.ndarray, "scale"]:
    """Return the exact risk of sign(v . x), v ~ N(c w, I), at every scale c.

    It is mean Phi(-c y w . x / ||x||); ``signs`` are the labels y, -1 or 1.

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
    margins = signs * (inputs @ weights) / lengths
    return np.asarray(ndtr(-np.asarray(scales)[:, None] * margins).mean(1))  # (scale, example)


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
    the risk is exact and D = c^2 ||w - w0||^2 / 2. Every scale gets an equal share of delta.

    Raises
    ------
    ValueError
        If ``scales`` is empty or one is not positive, on the terms of :func:`linear_gibbs_risks`,
        or if ``delta`` lies outside (0, 1).
    """
    check_grid(scales, "scales")
    errors = linear_gibbs_risks(weights, inputs, signs, scales=scales)
    divergences = np.square(scales) * float(((weights - prior) ** 2).sum()) / 2
    bounds = kl_bound(errors, divergences, samples=len(inputs), delta=delta / len(scales))
    best = int(bounds.argmin())
    error = float(errors[best])
    return Certificate(
        bound=float(bounds[best]),
        train_error=error,
        train_error_bound=error,
        divergence=float(divergences[best]),
        scale=float(scales[best]),
        samples=len(inputs),
        delta=delta,
    )


def check_grid(values: Sequence[float], name: str) -> None:
    """Raise ``ValueError`` unless the grid holds positive numbers, at least one."""
    if len(values) == 0 or min(values) <= 0:
        raise ValueError(f"{name} must be positive, at least one, got {values}")
