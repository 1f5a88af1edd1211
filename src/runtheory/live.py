"""Hold a run made here and now against a record: what one more seed of an arm would look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from runtheory.records import Record, Value


def live_family(
    record: Record, like: Mapping[str, Value], unlike: Mapping[str, Value]
) -> list[dict[str, Value]]:
    """Return the arms that differ from ``like`` in no other column than those of ``unlike``.

    An arm that lacks one of these columns raises ``KeyError``.
    """
    rest = {column: value for column, value in like.items() if column not in unlike}
    keys = zip(*(record.column(column, **rest) for column in unlike), strict=True)
    return [{**rest, **dict(zip(unlike, values, strict=True))} for values in dict.fromkeys(keys)]


def live_evidence(
    record: Record,
    columns: Sequence[str],
    steps: Sequence[Value],
    *,
    arm: Mapping[str, Value],
    family: Sequence[Mapping[str, Value]],
    change: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray, int]:
    r"""Return mean, standard error and degrees of freedom for one new run beside a record.

    The means (step, column) are those of ``arm``. The variance over seeds is pooled over the arms
    of the ``family``; a new value differs from the mean of n by $s\sqrt{1 + 1/n}$. A step None
    stands for the last row of a run. Raises ``ValueError`` without steps, family or a second seed,
    and where an arm has several rows of one seed and step: they would be other runs too.
    """
    count = len(record.seeds)
    if not steps or not family or count < 2:
        raise ValueError(f"{record.name}: {len(steps)} steps, {len(family)} arms, {count} seeds")

    def at(step: Value, column: str, where: Mapping[str, Value]) -> np.ndarray:
        cell = dict(where) if step is None else {**where, "step": step}
        series = record.series(column, **cell)
        if step is not None and series.shape[1] > 1:
            raise ValueError(f"{record.name}: {series.shape[1]} runs of each seed equal {where}")
        return series[:, -1]

    def values(where: Mapping[str, Value]) -> np.ndarray:  # (seed, step, column)
        table = [[at(step, column, where) for column in columns] for step in steps]
        return change(np.moveaxis(np.array(table), -1, 0))

    variance = np.mean([values(where).var(axis=0, ddof=1) for where in family], axis=0)
    return values(arm).mean(axis=0), np.sqrt(variance * (1 + 1 / count)), len(family) * (count - 1)
