"""PAC-Bayes certificates: what one is, and the exact one of a linear classifier.

A certificate is a number that exceeds the risk of the *stochastic* classifier, the one that draws
its weights anew for every example, with probability at least 1 - delta over the sample (and over
the draws that estimate its empirical risk). Every choice made with the data is paid for: a scale
from a grid of M costs log M, a Monte-Carlo estimate its own share of delta, and a prior that is
learnt uses examples that the bound does not see.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtr

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
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


@checked
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
        If ``penalty`` is not positive and finite, inputs and labels do not fit together, or a value
        is not finite.
    """
    checks.positive_finite(penalty=penalty)
    _check_examples(inputs, signs)
    second_moment = inputs.T @ inputs / len(inputs)  # (input, input)
    moment = inputs.T @ signs / len(inputs)
    return np.asarray(np.linalg.solve(second_moment + penalty * np.eye(len(moment)), moment))


@checked
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
        If inputs, labels and weights do not fit together, a value is not finite, a label is neither
        -1 nor 1, there is no example, an input is zero, or ``scales`` is empty or one is not
        positive and finite.
    """
    _check_examples(inputs, signs)
    _check_weights(inputs, weights=weights)
    check_grid(scales, "scales")
    lengths = np.linalg.norm(inputs, axis=1)
    if not np.all(lengths > 0):
        raise ValueError("inputs must not be zero, got a zero row")
    margins = signs * (inputs @ weights) / lengths
    return np.asarray(ndtr(-np.asarray(scales)[:, None] * margins).mean(1))  # (scale, example)


@checked
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
    the risk is exact and D = c^2 ||w - w0||^2 / 2. Every scale gets an equal share of delta, which
    its own prior needs; ``w0 = 0`` is one prior for all scales, and would not need it.

    Raises
    ------
    ValueError
        On the terms of :func:`linear_gibbs_risks`, for ``prior`` as for the weights, or if
        ``delta`` lies outside (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.information import linear_certificate
    >>> from runtheory.information.certificates.linear_classifiers import ridge_weights
    >>> draw = np.random.default_rng(0)
    >>> inputs = draw.normal(size=(1000, 5))
    >>> signs, prior = np.sign(inputs[:, 0]), np.zeros(5)
    >>> weights = ridge_weights(inputs, signs, penalty=0.1)
    >>> scales = (1.0, 3.0, 10.0)  # fixed before the examples were seen
    >>> found = linear_certificate(weights, inputs, signs, prior=prior, scales=scales, delta=0.05)
    >>> round(found.train_error, 2), round(found.bound, 2)
    (0.07, 0.16)
    """
    _check_weights(inputs, prior=prior)
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


@checked
def check_grid(values: Sequence[float], name: str) -> None:
    """Raise ``ValueError`` unless the grid holds positive finite numbers, at least one."""
    if len(values) == 0 or not all(0 < value < math.inf for value in values):
        raise ValueError(f"{name} must be positive and finite, at least one, got {values}")


def _check_examples(inputs: np.ndarray, signs: np.ndarray) -> None:
    if np.ndim(inputs) != 2 or len(inputs) == 0 or np.shape(signs) != (len(inputs),):
        raise ValueError(
            "inputs and signs must have shapes (example, input) and (example,) with one example "
            f"or more, got {np.shape(inputs)} and {np.shape(signs)}"
        )
    tensor_checks.finite(inputs=inputs)
    if not np.all(np.abs(signs) == 1):
        raise ValueError("signs must be -1 or 1, got another value")


def _check_weights(inputs: np.ndarray, **weights: np.ndarray) -> None:
    ((name, values),) = weights.items()
    if np.shape(values) != inputs.shape[1:]:
        raise ValueError(f"{name} must have shape {inputs.shape[1:]}, got {np.shape(values)}")
    tensor_checks.finite(**weights)
