"""How far the plug-in information of columns that know nothing of each other lies above zero."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom

from runtheory import checks
from runtheory.boundary import checked


@checked
def independent_plug_in_mean(rows: int, first: int, second: int) -> float:
    """Return the mean of the plug-in information for independent uniform columns, in nats.

    ``first`` and ``second`` are the numbers of values of the two columns. Each cell of the table
    is binomial, so with c(k) = k E[N log N], N binomial with chance 1/k, the mean is
    (c(ab) - c(a) - c(b)) / m + log m. To first order it is (a - 1)(b - 1) / (2 m).

    Raises
    ------
    ValueError
        If a number is below one.
    """
    checks.at_least(1, rows=rows, first=first, second=second)
    counts = np.arange(1, rows + 1)
    terms = counts * np.log(counts)

    def cells(kinds: int) -> float:
        return kinds * float(binom.pmf(counts, rows, 1 / kinds) @ terms)

    return (cells(first * second) - cells(first) - cells(second)) / rows + math.log(rows)
