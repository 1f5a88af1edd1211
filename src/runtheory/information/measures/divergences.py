"""Kullback-Leibler divergences in closed form, and the inverse of the binary one (nats).

Exact to rounding. Estimates from samples are in :mod:`divergence_estimates`, distances of transport
in :mod:`transport`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy.special import rel_entr
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

if TYPE_CHECKING:
    Numbers = ArrayLike | float | int | Sequence[Any]
else:
    Numbers = Any  # asked by real_numbers, in less time than a union of protocols takes
Array = Float64[np.ndarray, "*shape"]

MOST_HALVINGS = 1100  # from 1 to the least positive number
ROUNDING = 2e-15
SUM_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Gaussian:
    """A normal law with mean and positive definite covariance.

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is not finite, or the covariance is not symmetric and
        positive definite; a zero variance is not.
    """

    mean: Float64[Tensor, "feature"]
    covariance: Float64[Tensor, "feature feature"]

    def __post_init__(self) -> None:
        width = len(self.mean) if self.mean.ndim == 1 else -1
        if self.covariance.shape != (width, width):
            raise ValueError(
                "mean and covariance must have shapes (feature,) and (feature, feature), "
                f"got {tuple(self.mean.shape)} and {tuple(self.covariance.shape)}"
            )
        tensor_checks.finite(mean=self.mean, covariance=self.covariance)
        # Beside the diagonal: an entry near zero has no digits of its own to agree in.
        slack = 1e-12 * float(self.covariance.diagonal().abs().max())
        if not torch.allclose(self.covariance, self.covariance.T, rtol=1e-9, atol=slack):
            raise ValueError("covariance must be symmetric")
        _, failed = torch.linalg.cholesky_ex(self.covariance)
        if failed:
            smallest = float(torch.linalg.eigvalsh(self.covariance)[0])
            raise ValueError(
                f"covariance must be positive definite, got the eigenvalue {smallest:.3g}"
            )


@checked
def gaussian_kl(first: Gaussian, second: Gaussian) -> Float64[Tensor, ""]:
    """Return KL(first || second) in nats.

    (|L^-1 K|_F^2 + |L^-1 (m - m')|^2 - d) / 2 + sum log(L_jj / K_jj), K and L the Cholesky factors
    of the two covariances: triangular solves, no inverse and no determinant.

    Raises
    ------
    ValueError
        If the two live in different dimensions.

    Examples
    --------
    >>> import torch
    >>> from runtheory.information import Gaussian, gaussian_kl
    >>> eye, origin = torch.eye(2).double(), torch.zeros(2).double()
    >>> gaussian_kl(Gaussian(origin, eye), Gaussian(origin + 1, eye))
    tensor(1., dtype=torch.float64)
    """
    if len(first.mean) != len(second.mean):
        raise ValueError(
            f"both laws must have the same dimension, got {len(first.mean)} and {len(second.mean)}"
        )
    root = torch.linalg.cholesky(first.covariance)
    other = torch.linalg.cholesky(second.covariance)
    both = torch.cat([root, (first.mean - second.mean)[:, None]], dim=1)  # one solve for both
    solved = torch.linalg.solve_triangular(other, both, upper=False)
    volumes = other.diagonal().log().sum() - root.diagonal().log().sum()
    return (solved.square().sum() - len(root)) / 2 + volumes


@checked
def binary_divergence(first: Numbers, second: Numbers) -> Array:
    """Return kl(q || p) = q log(q/p) + (1-q) log((1-q)/(1-p)), in nats; infinite where p is 0 or 1.

    Raises
    ------
    ValueError
        If a probability lies outside [0, 1].

    Examples
    --------
    >>> from runtheory.information import binary_divergence
    >>> round(float(binary_divergence(0.1, 0.2)), 4)
    0.0367
    """
    q, p = probabilities(first, "first"), probabilities(second, "second")
    must_broadcast(q, p)
    return np.asarray(_binary_divergence(q, p))


@checked
def kl_inverse(risk: Numbers, budget: Numbers) -> Array:
    """Return the largest p with kl(risk || p) <= budget, rounded up.

    Bisection down to neighbouring numbers; the upper end is returned, so the result is never below
    the true inverse. For risk 0 it is 1 - exp(-budget). Range [risk, 1].

    Raises
    ------
    ValueError
        If ``risk`` lies outside [0, 1] or ``budget`` is negative.

    Examples
    --------
    >>> from runtheory.information import kl_inverse
    >>> round(float(kl_inverse(0.0, 0.1)), 6)
    0.095163
    """
    q, limit = probabilities(risk, "risk"), real_numbers(budget, "budget")
    checks.not_negative(budget=limit)
    must_broadcast(q, limit)
    q, limit = np.broadcast_arrays(q, limit)
    low, high = q.copy(), np.ones_like(q)
    # By hand, because SciPy's elementwise find_root agrees to 1e-15, takes four times as long and
    # may return a point below the true inverse where risk and budget are both near 1e-310.
    for _ in range(MOST_HALVINGS):
        middle = np.asarray(low + (high - low) / 2)
        if np.all((middle <= low) | (middle >= high)):
            break
        # A midpoint is called inside where rounding leaves doubt: that only moves the result up.
        inside = _binary_divergence(q, middle) <= limit * (1 + ROUNDING) + ROUNDING * (middle - q)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray(high)


@checked
def discrete_kl(
    first: Float64[np.ndarray, "outcome"], second: Float64[np.ndarray, "outcome"]
) -> float:
    """Return sum p log(p / q) in nats, for two laws on the same finite support.

    Raises
    ------
    ValueError
        If an entry lies outside [0, 1], a law does not sum to 1, or q is zero where p is not: the
        divergence is then infinite, which in a sample mostly means too few draws of q.
    """
    for law in (first, second):
        if np.any((law < 0) | (law > 1)) or not abs(law.sum() - 1) <= SUM_TOLERANCE:
            raise ValueError(f"a law must lie in [0, 1] and sum to 1, got {law.tolist()}")
    outside = (first > 0) & (second == 0)
    if outside.any():
        raise ValueError(
            f"supports differ: the second law is 0 where the first is not, at "
            f"{np.flatnonzero(outside).tolist()}"
        )
    return float(rel_entr(first, second).sum())


def _binary_divergence(q: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return kl as a sum of two terms that are not negative, so that they cannot cancel."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        up, down = (p - q) / q, (q - p) / (1 - q)
        # Far from q the ratio form would lose digits, close to it the difference of logarithms.
        ratio = p / q
        spread = np.where(np.isfinite(ratio), np.log(ratio), np.log(p) - np.log(q))
        kept = np.where(np.abs(up) > 0.5, p - q - q * spread, q * (up - np.log1p(up)))
        lost = np.where(
            np.abs(down) > 0.5,
            q - p - (1 - q) * (np.log1p(-p) - np.log1p(-q)),
            (1 - q) * (down - np.log1p(down)),
        )
        kept, lost = np.where(q > 0, kept, p), np.where(q < 1, lost, 1 - p)
    return np.asarray(kept + lost)


@checked
def probabilities(values: Numbers, name: str) -> np.ndarray:
    """Return ``values`` as float64; ``ValueError`` by ``name`` if one leaves [0, 1]."""
    array = real_numbers(values, name)
    checked_values: dict[str, Any] = {name: array}
    checks.in_interval(0, 1, **checked_values)
    return array


@checked
def real_numbers(values: Numbers, name: str) -> np.ndarray:
    """Return ``values`` as float64; ``TypeError`` by ``name`` unless all are real numbers."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must have rows of one length") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be real numbers, got {array.dtype}")
    return array.astype(np.float64)


@checked
def must_broadcast(first: Float64[np.ndarray, "..."], second: Float64[np.ndarray, "..."]) -> None:
    """Raise ``ValueError`` unless the two shapes broadcast."""
    try:
        np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise ValueError(
            f"risks and divergences must broadcast, got shapes {first.shape} and {second.shape}"
        ) from None
