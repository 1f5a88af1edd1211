"""The spread of several answers as a log-determinant, exactly and from random probes.

The score of the rows of a matrix is log det(C + a I) / n, where C is their n x n covariance and a
a ridge. An estimate needs products with the matrix alone: a polynomial of it that is close to its
logarithm, and its trace from probes of random signs [mohammadzadeh2025hallucination].
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float64

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Symmetric = Float64[np.ndarray, "row row"]
Probes = Float64[np.ndarray, "row probe"]
PerProbe = Float64[np.ndarray, "probe"]
# A step of Lanczos that adds so small a share of the matrix's size has found all there is.
EXHAUSTED = 1e-12


@checked
def ridged_covariance(answers: Float64[np.ndarray, "row feature"], *, ridge: float) -> Symmetric:
    """Return C + a I: products of the rows over features, each row less its mean, and a ridge.

    Raises
    ------
    ValueError
        If there is no row, a value is not finite, or ``ridge`` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.noise.sensitive_neuron_dropout import ridged_covariance, spread_score
    >>> answers = np.array([[1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 2.0, -2.0]])
    >>> matrix = ridged_covariance(answers, ridge=0.1)
    >>> round(spread_score(matrix), 3)
    0.308
    """
    tensor_checks.finite(answers=answers)
    checks.positive_finite(ridge=ridge)
    checks.at_least(1, rows=len(answers))
    checks.at_least(1, features=answers.shape[1])
    centred = answers - answers.mean(1, keepdims=True)
    return np.asarray(centred @ centred.T + ridge * np.eye(len(answers)))


@checked
def spread_score(matrix: Symmetric) -> float:
    """Return log det(matrix) / n of a positive definite matrix, by its Cholesky factor.

    Raises
    ------
    ValueError
        If the matrix is empty, not finite, or not positive definite.
    """
    _check_symmetric(matrix)
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise ValueError("matrix must be positive definite") from None
    return float(2 * np.log(np.diag(factor)).mean())


@checked
def log_coefficients(low: float, high: float, *, degree: int) -> Float64[np.ndarray, "power"]:
    """Return the coefficients c_0, ..., c_degree of the logarithm in Chebyshev polynomials.

    On [low, high], which is mapped to [-1, 1]: c_m = 2 (-1)^(m+1) r^-m / m for m > 0, with
    r = (sqrt(high) + sqrt(low)) / (sqrt(high) - sqrt(low)).

    Raises
    ------
    ValueError
        If not 0 < low < high < infinity, if they agree or differ by more than floating point can
        tell, or if ``degree`` is negative.
    """
    ratio = _ratio(low, high)
    checks.not_negative(degree=degree)
    powers = np.arange(1, degree + 1)
    constant = math.log((high - low) * ratio / 4)
    return np.concatenate([[constant], -2 * (-1 / ratio) ** powers / powers])


@checked
def truncation_bound(low: float, high: float, *, degree: int) -> float:
    """Return the most by which the series of ``log_coefficients`` misses the logarithm.

    It is the sum of 2 r^-m / m over all m > degree, and is attained at ``low``.

    Raises
    ------
    ValueError
        As :func:`log_coefficients`.
    """
    ratio = _ratio(low, high)
    kept = np.abs(log_coefficients(low, high, degree=degree)[1:]).sum()
    return max(-2 * math.log1p(-1 / ratio) - float(kept), 0.0)


@checked
def random_signs(rows: int, probes: int, *, generator: torch.Generator) -> Probes:
    """Return probes whose entries are 1 or -1, each with chance one half.

    Raises
    ------
    ValueError
        If there are no rows or no probes.
    """
    checks.at_least(1, rows=rows, probes=probes)
    bits = torch.randint(2, (rows, probes), generator=generator)
    return np.asarray(2.0 * bits.numpy() - 1)


@checked
def series_products(
    matrix: Symmetric,
    probes: Probes,
    *,
    coefficients: Float64[np.ndarray, "power"],
    low: float,
    high: float,
) -> PerProbe:
    """Return z^T p(matrix) z for each probe z, by one product with the matrix for each power.

    ``coefficients`` belong to Chebyshev polynomials on [low, high], which must hold all
    eigenvalues: outside the polynomials grow without bound.

    Raises
    ------
    ValueError
        If not 0 < low < high < infinity, there is no coefficient, the matrix is not symmetric, or
        a value is not finite.
    """
    _ratio(low, high)
    _check_symmetric(matrix)
    tensor_checks.finite(probes=probes, coefficients=coefficients)
    checks.at_least(1, coefficients=len(coefficients))

    def scaled(vectors: np.ndarray) -> np.ndarray:
        return np.asarray((2 * matrix @ vectors - (high + low) * vectors) / (high - low))

    before, now = probes, scaled(probes)
    total = coefficients[0] * before
    for coefficient in coefficients[1:]:
        total = total + coefficient * now
        before, now = now, 2 * scaled(now) - before
    return np.asarray((probes * total).sum(0))


@checked
def lanczos_products(matrix: Symmetric, probes: Probes, *, steps: int) -> PerProbe:
    """Return z^T log(matrix) z for each probe z from ``steps`` products, by Gauss quadrature.

    Lanczos' method finds nodes and weights for each probe; it needs no interval. The basis is
    orthogonalised anew in each step. Where it is exhausted earlier the result is exact.

    Raises
    ------
    ValueError
        If ``steps`` is not positive, a probe is zero, the matrix is not symmetric and positive
        definite, or a value is not finite.
    """
    _check_symmetric(matrix)
    tensor_checks.finite(probes=probes)
    checks.at_least(1, steps=steps)
    return np.array([_quadrature(matrix, probe, steps) for probe in probes.T])


def _quadrature(matrix: np.ndarray, probe: np.ndarray, steps: int) -> float:
    square = float(probe @ probe)
    checks.positive(squared_length_of_a_probe=square)
    basis = [probe / math.sqrt(square)]
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        image = matrix @ basis[-1]
        diagonal.append(float(basis[-1] @ image))
        for _ in range(2):  # once is not enough in floating point
            image = image - np.array(basis).T @ (np.array(basis) @ image)
        length = float(np.linalg.norm(image))
        if len(diagonal) == min(steps, len(probe)) or length <= EXHAUSTED * abs(diagonal[0]):
            break
        beside.append(length)
        basis.append(image / length)
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
    if nodes[0] <= 0:
        raise ValueError("matrix must be positive definite")
    return square * float(vectors[0] ** 2 @ np.log(nodes))


@checked
def sign_variance(function: Symmetric) -> float:
    """Return the variance of z^T B z over random signs z: 2 sum_{i != j} B_ij^2, B symmetric.

    Raises
    ------
    ValueError
        If the matrix is empty, not symmetric or not finite.
    """
    _check_symmetric(function)
    return float(2 * ((function**2).sum() - (np.diag(function) ** 2).sum()))


def _ratio(low: float, high: float) -> float:
    checks.positive_finite(low=low, high=high)
    if low >= high:
        raise ValueError(f"low must lie below high, got {low} and {high}")
    ratio = (math.sqrt(high) + math.sqrt(low)) / (math.sqrt(high) - math.sqrt(low))
    if not 1 < ratio < math.inf:
        raise ValueError(f"low and high are too far apart or too close, got {low} and {high}")
    return ratio


def _check_symmetric(matrix: np.ndarray) -> None:
    tensor_checks.finite(matrix=matrix)
    checks.at_least(1, rows=len(matrix))
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12):
        raise ValueError("matrix must be symmetric")
