"""Means over seeds with their t-intervals: the one way in which the book states uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from runtheory import checks
from runtheory.boundary import checked

# What NumPy makes an array of; the run-time checks of the tests count no int as complex.
Numbers = ArrayLike | int | float | Sequence[Any]


def real(**values: Numbers) -> list[np.ndarray]:
    """Return each of ``values`` as a float64 array; neither its mask nor a part may be dropped.

    Raises
    ------
    TypeError
        If one is complex or no number, or hides some of its entries behind a mask.
    """
    arrays = []
    for name, value in values.items():
        if np.ma.is_masked(value):  # a masked array without a hidden entry is an array
            raise TypeError(f"{name} must not be masked: select the entries first")
        try:
            array = np.asarray(value)
            kind = array.dtype.kind
            if kind in "cUS" or (kind == "O" and None in array.ravel().tolist()):
                raise TypeError("got complex ones, texts or none")
            arrays.append(array.astype(np.float64))
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must be real numbers in equal rows: {error}") from error
    return arrays


@dataclass(frozen=True)
class Interval:
    """A mean with its two-sided interval and its standard error."""

    mean: float
    low: float
    high: float
    standard_error: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


@checked
def mean_interval(values: Numbers, *, confidence: float = 0.95) -> Interval:
    r"""Return $\bar x \pm t_{n-1} s/\sqrt n$ for independent, roughly normal ``values`` (shape n).

    Give paired differences to compare two treatments over the same seeds.

    Raises
    ------
    ValueError
        If there are fewer than two values, if one is not finite, or if ``confidence`` lies
        outside (0, 1).
    TypeError
        If the values are not real numbers, all of them in sight.

    Examples
    --------
    >>> from runtheory.intervals import mean_interval
    >>> print(mean_interval([0.91, 0.93, 0.92]))
    0.92 [0.8952, 0.9448]
    """
    from scipy.stats import t

    (sample,) = real(values=values)
    if sample.ndim != 1 or sample.size < 2:
        raise ValueError(f"an interval needs at least two values in one axis, got {sample.shape}")
    if not np.isfinite(sample).all():
        raise ValueError(f"values must be finite, got {sample[~np.isfinite(sample)][0]}")
    checks.in_interval(0, 1, ends="()", confidence=confidence)
    mean = float(sample.mean())
    error = float(sample.std(ddof=1) / np.sqrt(sample.size))
    reach = float(t.ppf(0.5 + confidence / 2, sample.size - 1)) * error
    return Interval(mean, mean - reach, mean + reach, error, sample.size)


@checked
def smallest_detectable(values: Numbers, *, confidence: float = 0.95, power: float = 0.8) -> float:
    r"""Return the smallest mean whose interval would exclude zero in a share ``power`` of attempts.

    For as many normal values of the same standard deviation as ``values`` (shape n): the
    $\delta > 0$ at which a noncentral t variate with $n - 1$ degrees of freedom and
    noncentrality $\delta \sqrt n / s$ leaves $\pm t_{n-1}$ with that probability. It is 0 where
    all values agree.

    Raises
    ------
    ValueError
        As :func:`mean_interval`, and if ``power`` lies outside (1 - confidence, 1).
    """
    from scipy.optimize import brentq
    from scipy.stats import chi2, norm, t

    checks.in_interval(1 - confidence, 1, ends="()", power=power)
    interval = mean_interval(values, confidence=confidence)
    degrees = interval.count - 1
    limit = float(t.ppf(0.5 + confidence / 2, degrees))
    # Given the estimated standard deviation t is normal; average over its quantiles.
    quantiles = (np.arange(4096) + 0.5) / 4096
    reach = limit * np.sqrt(chi2.ppf(quantiles, degrees) / degrees)  # in true standard errors

    def surplus(shift: float) -> float:
        return float(np.mean(norm.cdf(shift - reach) + norm.cdf(-shift - reach))) - power

    return float(brentq(surplus, 0.0, 10 * limit + 10)) * interval.standard_error


@checked
def residual_deviation(table: Numbers) -> tuple[float, int]:
    """Return the standard deviation of arms over shared seeds, and its degrees of freedom.

    ``table`` is (arm, seed). What an arm and what a seed have in common is taken out, as in a
    two-way analysis of variance without replication: a contrast of two arms at one further seed
    differs from the mean contrast of n seeds by this deviation times sqrt(2 (1 + 1/n)). Values
    pooled as if seeds were fresh in each arm have fewer degrees of freedom than they seem to.

    Raises
    ------
    ValueError
        If there are fewer than two arms or seeds, or a value is not finite.
    """
    (values,) = real(table=table)
    if values.ndim != 2 or min(values.shape) < 2:
        raise ValueError(f"residuals need at least two arms and two seeds, got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"values must be finite, got {values[~np.isfinite(values)][0]}")
    rest = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()  # (arm, seed)
    degrees = (values.shape[0] - 1) * (values.shape[1] - 1)
    return float(np.sqrt((rest**2).sum() / degrees)), degrees


@dataclass(frozen=True, eq=False)
class Paired:
    """The values of two arms over the same seeds (shape n each); a number stands for a fixed level.

    Raises
    ------
    ValueError
        If the arms are not two sequences of one length, at least two, of finite numbers.

    Examples
    --------
    >>> from runtheory.intervals import Paired, mean_interval
    >>> pair = Paired([0.91, 0.93, 0.92], [0.90, 0.91, 0.91])
    >>> print(mean_interval(pair.difference))
    0.01333 [-0.001009, 0.02768]
    """

    treatment: np.ndarray
    baseline: np.ndarray

    def __init__(self, treatment: Numbers, baseline: Numbers) -> None:
        first, second = real(treatment=treatment, baseline=baseline)
        second = np.broadcast_to(second, first.shape) if second.ndim == 0 else second
        if first.ndim != 1 or first.shape != second.shape or first.size < 2:
            raise ValueError(
                f"paired arms are two values or more each, got {first.shape} and {second.shape}"
            )
        if not (np.isfinite(first).all() and np.isfinite(second).all()):
            raise ValueError("paired values must be finite")
        object.__setattr__(self, "treatment", first)
        object.__setattr__(self, "baseline", second)

    @property
    def difference(self) -> np.ndarray:
        """Treatment less baseline, for each seed."""
        return np.asarray(self.treatment - self.baseline)

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> Paired:
        """Return both arms after ``change``, say ``np.log``."""
        return Paired(change(self.treatment), change(self.baseline))
