"""Two crossed factors over paired seeds: analysis of variance, contrasts, and their correction.

Sees rows alone. The analysis is statsmodels'; here it is asked the questions of the chapter on the
interplay. Each seed is a block: it has one row for every combination of the two factors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtheory import checks, lazy
from runtheory.boundary import checked
from runtheory.intervals import Interval, mean_interval, real

Row = Mapping[str, Any]
Levels = tuple[str, str]
Combination = tuple[Any, Any]  # of a level of each factor: text, a number, a truth value or None
# A combination of cells, each with its weight: {("dropout", "none"): 1, ("plain", "none"): -1}.
Weights = Mapping[Combination, float]


@dataclass(frozen=True)
class Source:
    """One line of the table: which share of the variation, and the test that there is none."""

    name: str
    share: float
    statistic: float
    p_value: float


@dataclass(frozen=True)
class Contrast:
    """A difference between combinations, paired over seeds.

    ``holm_p_value`` allows for the other contrasts asked for with it.
    """

    name: str
    interval: Interval
    p_value: float
    holm_p_value: float


@checked
def variance_table(
    rows: Sequence[Row], measure: str, *, factors: Levels, block: str = "seed"
) -> list[Source]:
    """Return the analysis of variance of ``measure``: block, both factors, their interaction.

    Ordinary least squares on block + first * second, type II sums of squares, F tests against what
    is left. ``share`` is the sum of squares over the total.

    Raises
    ------
    ValueError
        If a combination is missing or occurs twice in a block, a row lacks a column, a measure is
        not finite or is one value in all rows, or there are fewer than two blocks or levels of a
        factor.
    """
    with lazy.needed_by(__name__, extra="labs"):
        import pandas
        from statsmodels.formula.api import ols
        from statsmodels.stats.anova import anova_lm

    _check_crossed(*_table(rows, measure, factors=factors, block=block), factors=factors)
    frame = pandas.DataFrame(
        {
            "value": [float(row[measure]) for row in rows],
            # As text: a row with a level None would be left out in silence.
            "block": [repr(row[block]) for row in rows],
            "first": [repr(row[factors[0]]) for row in rows],
            "second": [repr(row[factors[1]]) for row in rows],
        }
    )
    fitted = anova_lm(ols("value ~ C(block) + C(first) * C(second)", frame).fit(), typ=2)
    squares = fitted["sum_sq"].to_numpy()
    names = (block, *factors, " × ".join(factors), "rest")
    return [
        Source(name, float(square / squares.sum()), float(statistic), float(p_value))
        for name, square, statistic, p_value in zip(
            names, squares, fitted["F"], fitted["PR(>F)"], strict=True
        )
    ]


@checked
def contrasts(
    rows: Sequence[Row],
    measure: str,
    weights: Mapping[str, Weights],
    *,
    factors: Levels,
    block: str = "seed",
) -> list[Contrast]:
    """Return each weighted combination of means with its t-interval over blocks and its p-values.

    ``holm_p_value`` is Holm's step-down correction for the number of contrasts here; to
    correct over several measures, pass the p-values of all of them to ``holm``.

    Raises
    ------
    ValueError
        As ``variance_table``, or if a contrast names a combination that is not there or has one
        value in all blocks.
    """
    from scipy.stats import ttest_1samp

    levels, table = _table(rows, measure, factors=factors, block=block)
    values = {}
    for name, cells in weights.items():
        missing = [cell for cell in cells if cell not in levels]
        if missing:
            raise ValueError(f"{name} asks for {missing}; there are {sorted(levels, key=repr)}")
        columns = [table[:, levels.index(cell)] * weight for cell, weight in cells.items()]
        values[name] = np.sum(columns, axis=0)  # one value a block
        if np.ptp(values[name]) == 0:
            raise ValueError(f"{name} is {values[name][0]} in every {block}: no spread to test by")
    p_values = [float(ttest_1samp(value, 0).pvalue) for value in values.values()]
    return [
        Contrast(name, mean_interval(value), p_value, corrected)
        for (name, value), p_value, corrected in zip(
            values.items(), p_values, holm(p_values), strict=True
        )
    ]


@checked
def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's corrected p-values: the chance of *any* false finding stays below the level.

    Raises
    ------
    ValueError
        If one lies outside [0, 1].

    Examples
    --------
    >>> from runtheory.factorial import holm
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    with lazy.needed_by(__name__, extra="labs"):
        from statsmodels.stats.multitest import multipletests

    (values,) = real(p_values=p_values)
    checks.in_interval(0, 1, p_values=values)
    if values.size == 0:
        return []
    corrected = multipletests(values, method="holm")[1]
    return [float(value) for value in corrected]


def _check_crossed(levels: list[Combination], table: np.ndarray, *, factors: Levels) -> None:
    """Raise unless all combinations are there, of two levels or more, and the values vary."""
    sizes = [len({cell[axis] for cell in levels}) for axis in range(2)]
    if min(len(table), *sizes) < 2:
        raise ValueError(f"two blocks and two levels are needed, got {len(table)} and {sizes}")
    if len(levels) != sizes[0] * sizes[1]:
        told = f"{sizes[0]} by {sizes[1]} of {factors}"
        raise ValueError(f"every combination must be there, {told}, got {len(levels)}")
    if np.ptp(table) == 0:
        raise ValueError(f"the measure is {table.flat[0]} in all rows: nothing varies")


def _table(
    rows: Sequence[Row], measure: str, *, factors: Levels, block: str
) -> tuple[list[Combination], np.ndarray]:
    """Return the combinations in order and the values, one block a row."""
    blocks: dict[Any, dict[Combination, float]] = {}
    for row in rows:
        missing = [name for name in (block, *factors, measure) if name not in row]
        if missing:
            raise ValueError(f"every row must have {missing[0]!r}, got one with {sorted(row)}")
        cells = blocks.setdefault(row[block], {})
        cell = (row[factors[0]], row[factors[1]])
        if cell in cells:
            raise ValueError(f"{cell} occurs twice in {block} {row[block]}")
        cells[cell] = float(row[measure])
        if not math.isfinite(cells[cell]):
            raise ValueError(f"{measure} must be finite, got {cells[cell]} in {block} {row[block]}")
    levels = list(next(iter(blocks.values()), {}))
    for name, cells in blocks.items():
        if set(cells) != set(levels):
            given, others = (sorted(some, key=repr) for some in (cells, levels))
            raise ValueError(f"{block} {name} has {given}, another has {others}")
    return levels, np.array([[cells[cell] for cell in levels] for cells in blocks.values()])
