"""How often intervals, tests and selections err, in closed form or by quadrature.

Chapter: comparing classifiers. The tests themselves are in :mod:`runtheory.hypothesis_tests`.
"""

from __future__ import annotations

import numpy as np

from runtheory import checks
from runtheory.boundary import checked
from runtheory.hypothesis_tests import REPLICATES
from runtheory.intervals import Numbers

NODES = 128  # of the quadrature in each of two variables: the level to 1e-5


@checked
def wald_coverage(risks: Numbers, examples: int, *, confidence: float = 0.95) -> np.ndarray:
    r"""Return how often $\hat p \pm z\sqrt{\hat p(1 - \hat p)/m}$ covers the risk, exactly.

    For each of ``risks`` (any shape, in (0, 1)), the probability over the m independent
    ``examples`` of the test set: a sum over the m + 1 numbers of errors.

    Raises
    ------
    ValueError
        If a risk or the confidence lies outside (0, 1), or there is no example.
    """
    from scipy.stats import binom, norm

    checks.in_interval(0, 1, ends="()", risks=risks, confidence=confidence)
    checks.at_least(1, examples=examples)
    rate = np.arange(examples + 1) / examples
    reach = norm.ppf(0.5 + confidence / 2) * np.sqrt(rate * (1 - rate) / examples)
    risk = np.asarray(risks, dtype=np.float64)[..., None]  # (..., count of errors)
    covers = np.abs(rate - risk) <= reach
    return np.asarray((covers * binom.pmf(np.arange(examples + 1), examples, risk)).sum(-1))


@checked
def resampled_level(
    splits: int, correlation: float, *, assumed: float = 0.0, level: float = 0.05
) -> float:
    r"""Return how often the t-test over J random ``splits`` errs (thm-resampled-level).

    The differences are jointly normal with mean zero, one variance and one ``correlation``; the
    test takes them to have the correlation ``assumed``, and the p-value is compared with ``level``.

    Raises
    ------
    ValueError
        If there are fewer than two splits, or a correlation lies outside [0, 1), or the level
        outside (0, 1).
    """
    from scipy.stats import t

    checks.at_least(2, splits=splits)
    checks.in_interval(0, 1, ends="[)", correlation=correlation, assumed=assumed)
    checks.in_interval(0, 1, ends="()", level=level)
    true, taken = (1 + splits * rho / (1 - rho) for rho in (correlation, assumed))
    limit = t.isf(level / 2, splits - 1) * np.sqrt(taken / true)
    return float(2 * t.sf(limit, splits - 1))


@checked
def five_by_two_level(within: float, between: float, *, level: float = 0.05) -> float:
    r"""Return how often the combined 5x2cv F test errs (thm-five-by-two-level).

    The ten differences are jointly normal with mean zero and one variance; the two of a replicate
    have the correlation ``within``, two of different replicates ``between``. The p-value is
    compared with ``level``. Computed by Gauss-Legendre quadrature over quantiles.

    Raises
    ------
    ValueError
        If no ten variables have such correlations, or the level lies outside (0, 1).
    """
    from scipy.stats import chi2, f

    checks.in_interval(0, 1, ends="()", level=level)
    checks.in_interval(-1, 1, ends="()", within=within)
    checks.in_interval(-(1 + within) / 8, (1 + within) / 2, between=between)
    four = (1 + within - 2 * between) / (1 - within)
    one = (1 + within + 8 * between) / (1 - within)
    limit = 2 * f.isf(level, 2 * REPLICATES, REPLICATES) - 1
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    shares, weights = (nodes + 1) / 2, weights / 2
    left = limit * chi2.ppf(shares, REPLICATES) - one * chi2.ppf(shares, 1)[:, None]
    above = chi2.sf(left / four, REPLICATES - 1) if four > 0 else (left < 0).astype(float)
    return float(weights @ above @ weights)


@checked
def least_error(risks: Numbers, examples: int) -> float:
    r"""Return the expected least error rate of several classifiers (prop-selection).

    Each has one of ``risks`` (candidate) and a test set of its own with m ``examples``:
    $\frac1m \sum_{x=0}^{m-1} \prod_i P(X_i > x)$ with binomial $X_i$.

    Raises
    ------
    ValueError
        If there is no candidate or example, or a risk lies outside [0, 1].
    """
    from scipy.stats import binom

    candidates = np.asarray(risks, dtype=np.float64)
    if candidates.ndim != 1 or not candidates.size:
        raise ValueError(f"risks must be one list of at least one, got {candidates.shape}")
    checks.in_interval(0, 1, risks=candidates)
    checks.at_least(1, examples=examples)
    more = binom.sf(np.arange(examples)[:, None], examples, candidates)  # (count, candidate)
    return float(more.prod(1).sum() / examples)
