"""Two crossed factors over paired seeds: analysis of variance, contrasts, and their correction.

Sees rows alone. The analysis is statsmodels'; here it is asked the questions of the chapter on the
interplay. Each seed is a block: it has one row for every combination of the two factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtheory.intervals import Interval, mean_interval

Row = Mapping[str, Any]
Levels = tuple[str, str]
# A combination of cells, each with its weight: {("dropout", "none"): 1, ("plain", "none"): -1}.
Weights = Mapping[Levels, float]


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


def variance_table(
    rows: Sequence[Row], measure: str, *, factors: Levels, block: str = "seed"
) -> list[Source]:
    """Return the analysis of variance of ``measure``: block, both factors, their interaction.

    Ordinary least squares on block + first * second, type II sums of squares, F tests against what
    is left. ``share`` is the sum of squares over the total.

    Raises
    ------
    ValueError
        If a combination is missing in a block or occurs twice.
    """
    import pandas
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    _table(rows, measure, factors=factors, block=block)
    frame = pandas.DataFrame(
        {
            "value": [float(row[measure]) for row in rows],
            "block": [str(row[block]) for row in rows],
            "first": [row[factors[0]] for row in rows],
            "second": [row[factors[1]] for row in rows],
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
        As ``variance_table``, or if a contrast names a combination that is not there.
    """
    from scipy.stats import ttest_1samp

    levels, table = _table(rows, measure, factors=factors, block=block)
    values = {}
    for name, cells in weights.items():
        missing = [cell for cell in cells if cell not in levels]
        if missing:
            raise ValueError(f"{name} asks for {missing}; there are {sorted(levels)}")
        columns = [table[:, levels.index(cell)] * weight for cell, weight in cells.items()]
        values[name] = np.sum(columns, axis=0)  # one value a block
    p_values = [float(ttest_1samp(value, 0).pvalue) for value in values.values()]
    return [
        Contrast(name, mean_interval(value), p_value, corrected)
        for (name, value), p_value, corrected in zip(
            values.items(), p_values, holm(p_values), strict=True
        )
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's corrected p-values: the chance of *any* false finding stays below the level."""
    from statsmodels.stats.multitest import multipletests

    corrected = multipletests(np.asarray(p_values, dtype=np.float64), method="holm")[1]
    return [float(value) for value in corrected]


def _table(
    rows: Sequence[Row], measure: str, *, factors: Levels, block: str
) -> tuple[list[Levels], np.ndarray]:
    """Return the combinations in order and the values, one block a row."""
    blocks: dict[Any, dict[Levels, float]] = {}
    for row in rows:
        cells = blocks.setdefault(row[block], {})
        cell = (row[factors[0]], row[factors[1]])
        if cell in cells:
            raise ValueError(f"{cell} occurs twice in {block} {row[block]}")
        cells[cell] = float(row[measure])
    levels = list(next(iter(blocks.values()), {}))
    for name, cells in blocks.items():
        if set(cells) != set(levels):
            raise ValueError(f"{block} {name} has {sorted(cells)}, another has {sorted(levels)}")
    return levels, np.array([[cells[cell] for cell in levels] for cells in blocks.values()])
