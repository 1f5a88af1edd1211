"""Tests of whether two classifiers, or two learning algorithms, differ.

Chapter: comparing classifiers. Each returns its statistic and the p-value that its authors give
it; which of these p-values may be trusted is what the chapter asks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from runtheory import checks
from runtheory.boundary import checked
from runtheory.intervals import Numbers

REPLICATES = 5  # of two-fold cross-validation


class Tested(NamedTuple):
    """A statistic and its p-value, numbers or arrays over the leading axes of what was given."""

    statistic: np.ndarray
    p_value: np.ndarray


@checked
def mcnemar(first_right: Numbers, second_right: Numbers) -> Tested:
    """Return McNemar's exact test of two classifiers on one test set [mcnemar1947note].

    Both arguments are truth values (..., example): whether each classifier is right. The statistic
    is the number of examples that the first alone gets right. Given the number n on which the two
    disagree, it is binomial(n, 1/2) if both have one risk; the p-value is two-sided, and 1 for
    n = 0.

    Raises
    ------
    ValueError
        If the arguments are not truth values of one shape with an axis of examples.

    Examples
    --------
    >>> from runtheory.hypothesis_tests import mcnemar
    >>> first = [True] * 9 + [False] * 4 + [True] * 87
    >>> second = [False] * 9 + [True] * 4 + [True] * 87
    >>> result = mcnemar(first, second)
    >>> int(result.statistic), round(float(result.p_value), 3)
    (9, 0.267)
    """
    from scipy.stats import binom

    first, second = np.asarray(first_right), np.asarray(second_right)
    if first.dtype != bool or second.dtype != bool or first.shape != second.shape or not first.ndim:
        raise ValueError(
            "what is right must be truth values of one shape, got "
            f"{first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
    alone, other = (first & ~second).sum(-1), (second & ~first).sum(-1)
    fewer = np.minimum(alone, other)
    return Tested(alone, np.minimum(1.0, 2 * binom.cdf(fewer, alone + other, 0.5)))


@checked
def resampled_t(differences: Numbers, *, correlation: float = 0.0) -> Tested:
    r"""Return the t-test over the differences (..., split) of J random splits of one data set.

    The statistic is $\bar d / \sqrt{s^2 (1/J + \rho/(1 - \rho))}$ with an assumed ``correlation``
    $\rho$ of any two differences; 0 is the naive test. Nadeau and Bengio [nadeau1999inference]
    take the share of the examples that is tested. The p-value is that of Student's t with J - 1
    degrees of freedom; where all differences are zero it is 1. Where all are one other number, as
    on few test examples, the spread is 0 or what rounding makes of it, and so is the p-value.

    Raises
    ------
    ValueError
        If there are fewer than two splits, a difference is not finite, or the correlation lies
        outside [0, 1).
    """
    from scipy.stats import t

    table = _finite(differences)
    checks.in_interval(0, 1, ends="[)", correlation=correlation)
    if not table.ndim or (splits := table.shape[-1]) < 2:
        raise ValueError(f"the test needs at least two splits, got {table.shape}")
    spread = table.var(-1, ddof=1) * (1 / splits + correlation / (1 - correlation))
    statistic = _ratio(table.mean(-1), np.sqrt(spread))
    return Tested(statistic, 2 * t.sf(np.abs(statistic), splits - 1))


@checked
def five_by_two_f(differences: Numbers) -> Tested:
    r"""Return the combined 5x2cv F test [alpaydin1999combined] of differences (..., 5, 2).

    Entry (i, j) is the difference of the two error rates in replicate i when half j is tested and
    the other half trained on. The statistic is $\sum_{ij} d_{ij}^2 / (2 \sum_i s_i^2)$ with
    $s_i^2 = (d_{i1} - d_{i2})^2/2$, referred to F with 10 and 5 degrees of freedom; where all
    differences are zero the p-value is 1.

    Raises
    ------
    ValueError
        If the last two axes are not (5, 2), or a difference is not finite.
    """
    from scipy.stats import f

    table = _finite(differences)
    if table.shape[-2:] != (REPLICATES, 2):
        raise ValueError(f"differences must end in axes (5, 2), got {table.shape}")
    spread = ((table[..., 0] - table[..., 1]) ** 2 / 2).sum(-1)
    statistic = _ratio((table**2).sum((-2, -1)), 2 * spread)
    return Tested(statistic, f.sf(statistic, 2 * REPLICATES, REPLICATES))


def _finite(differences: Numbers) -> np.ndarray:
    table = np.asarray(differences, dtype=np.float64)
    if not np.isfinite(table).all():
        raise ValueError("differences must be finite, got NaN or infinity")
    return table


def _ratio(above: Numbers, below: Numbers) -> np.ndarray:
    """Return the quotient; 0 / 0 is 0: where nothing differs there is no evidence."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(above, 0), 0.0, np.divide(above, below))
