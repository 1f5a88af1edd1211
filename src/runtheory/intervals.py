"""Means over seeds with their t-intervals: the one way in which the book states uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# What NumPy makes an array of; the run-time checks of the tests count no int as complex.
Numbers = ArrayLike | int | float | Sequence[Any]


@dataclass(frozen=True)
class Interval:
    """A mean with its two-sided interval; ``error`` is the standard error of the mean."""

    mean: float
    low: float
    high: float
    error: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


def mean_interval(values: Numbers, *, confidence: float = 0.95) -> Interval:
    r"""Return $\bar x \pm t_{n-1} s/\sqrt n$ for independent, roughly normal ``values`` (shape n).

    Give paired differences to compare two treatments over the same seeds.

    Raises
    ------
    ValueError
        If there are fewer than two values, if one is not finite, or if ``confidence`` lies
        outside (0, 1).
    """
    from scipy.stats import t

    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size < 2:
        raise ValueError(f"an interval needs at least two values in one axis, got {sample.shape}")
    if not np.isfinite(sample).all():
        raise ValueError(f"values must be finite, got {sample[~np.isfinite(sample)][0]}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}")
    mean = float(sample.mean())
    error = float(sample.std(ddof=1) / np.sqrt(sample.size))
    reach = float(t.ppf(0.5 + confidence / 2, sample.size - 1)) * error
    return Interval(mean, mean - reach, mean + reach, error, sample.size)


def prediction_error(values: Numbers) -> float:
    r"""Return $s\sqrt{1 + 1/n}$, the standard error of one new value about the mean of ``values``.

    This is what a live run is held against when a record gives its spread over seeds.
    """
    interval = mean_interval(values)
    return float(interval.error * np.sqrt(interval.count + 1))
