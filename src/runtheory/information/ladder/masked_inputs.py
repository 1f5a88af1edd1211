"""The solved model with noise in a layer: dropped inputs and dropped weights, at evaluation.

The model of :mod:`conditional_laws`, W the mean of n draws A_i of N(mu, s^2 I_d). Masks are drawn
afresh for every example, trained on or new, and are seen by what comes after. W depends on A_i
alone, so the label's part of a bound is zero and all of the information contracts. Float64, nats.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from jaxtyping import Bool, Float64
from scipy.sparse import csr_array
from scipy.sparse.csgraph import structural_rank
from scipy.stats import binom

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.binary_gaussian import solve
from runtheory.information.ladder.conditional_laws import GaussianMeanModel

MOST_WEIGHTS = 12


@checked
def dropped_errors(
    model: GaussianMeanModel, rate: float, *, order: int = 64
) -> tuple[float, float]:
    """Return the training and the test error when inputs are dropped with chance ``rate``.

    The signal is spread evenly over the d coordinates. With k of them kept the classifier is that
    of the model in k dimensions with the signal |mu| sqrt(k / d); with none it guesses.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, rate=rate)
    total = model.dimension
    chances = binom.pmf(np.arange(total + 1), total, 1 - rate)
    errors = np.full((total + 1, 2), 0.5)
    for kept in range(1, total + 1):
        mean = model.mean * math.sqrt(kept / total)
        part = solve(GaussianMeanModel(kept, model.samples, mean, model.deviation), order=order)
        errors[kept] = part.train_error, part.test_error
    train, test = chances @ errors
    return float(train), float(test)


@checked
def masked_information(
    weights: Float64[np.ndarray, "output input"],
    kept: Bool[np.ndarray, "mask output input"],
    *,
    samples: int,
) -> Float64[np.ndarray, "mask"]:
    """Return I(T; W) for T = (masked weights) A_i, mask by mask, from determinants.

    Half the log-ratio of the determinants of the covariance of T and of that given W, on the image
    of the masked weights.

    Raises
    ------
    ValueError
        If masks have another shape than the weights, a weight is not finite, or ``samples`` is
        below two.
    """
    if kept.shape[1:] != weights.shape:
        raise ValueError(f"masks must have shape {weights.shape}, got {kept.shape[1:]}")
    if not np.all(np.isfinite(weights)):
        raise ValueError("weights must be finite, got another value")
    checks.at_least(2, samples=samples)
    return np.array([_information(mask * weights, samples) for mask in kept])


@checked
def expected_rank(*, inputs: int, outputs: int, rate: float) -> float:
    """Return the mean rank of a generic matrix whose entries are dropped with chance ``rate``.

    Almost surely the rank is the size of the largest matching of rows and columns by kept entries;
    all masks are enumerated.

    Raises
    ------
    ValueError
        If a count is below one, their product exceeds 12, or ``rate`` lies outside [0, 1].
    """
    checks.at_least(1, inputs=inputs, outputs=outputs)
    checks.in_interval(0, 1, rate=rate)
    if inputs * outputs > MOST_WEIGHTS:
        raise ValueError(f"there must be at most {MOST_WEIGHTS} weights, got {inputs * outputs}")
    ranks, sizes = [], []
    for bits in product((0, 1), repeat=inputs * outputs):
        ranks.append(structural_rank(csr_array(np.array(bits).reshape(outputs, inputs))))
        sizes.append(sum(bits))
    kept = np.array(sizes)
    chances = (1.0 - rate) ** kept * rate ** (inputs * outputs - kept)
    return float(chances @ np.array(ranks))


def _information(masked: np.ndarray, samples: int) -> float:
    # Covariances in units of s^2: of T, of T with W, and of W, which is I / n.
    whole = masked @ masked.T
    given = whole - (masked / samples) @ (masked / samples).T * samples
    values = [np.linalg.eigvalsh(matrix) for matrix in (whole, given)]
    image = values[0] > 1e-9 * max(1.0, values[0][-1])
    return float(np.log(values[0][image]).sum() - np.log(values[1][image]).sum()) / 2
