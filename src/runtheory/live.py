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
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return mean, standard error and degrees of freedom for one new run beside a record.

    All three have the shape (step, column); the means are those of ``arm``. The variance over seeds
    is pooled over the arms of the ``family``; a new value differs from the mean of n by
    $s\sqrt{1 + 1/n}$. Arms share their seeds and move together, so that they do not add their
    degrees of freedom: see :func:`pooled_degrees`. A step None stands for the last row of a run.
    Raises ``ValueError`` without steps, family or a second seed, and where an arm has several rows
    of one seed and step: they would be other runs too.
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

    table = np.array([values(where) for where in family])  # (arm, seed, step, column)
    variance = table.var(axis=1, ddof=1).mean(axis=0)
    error = np.sqrt(variance * (1 + 1 / count))
    return values(arm).mean(axis=0), error, pooled_degrees(table)


def pooled_degrees(table: np.ndarray) -> np.ndarray:
    r"""Return the degrees of freedom of a variance that is pooled over arms with common seeds.

    ``table`` is (arm, seed, ...), the result (...). With $S$ the covariance of the arms over n
    seeds these are Satterthwaite's $(n - 1) (\operatorname{tr} S)^2 / \operatorname{tr} S^2$: n - 1
    where a seed moves all arms alike, k (n - 1) where k arms move by themselves. With few seeds
    tr S^2 comes out too large, and the degrees rather too few. Without variation there are n - 1.
    """
    rest = table - table.mean(axis=1, keepdims=True)
    degrees = table.shape[1] - 1
    covariance = np.einsum("as...,bs...->ab...", rest, rest) / degrees
    total = np.einsum("aa...->...", covariance) ** 2
    squares = (covariance**2).sum(axis=(0, 1))
    return np.asarray(
        degrees * np.divide(total, squares, out=np.ones_like(total), where=squares > 0)
    )
