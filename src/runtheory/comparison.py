"""Paired differences over seeds between the values of one axis of a record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtheory.boundary import checked
from runtheory.intervals import Interval, mean_interval
from runtheory.records import Record, Row, Value

Cells = dict[tuple[Any, ...], dict[Value, dict[Value, float]]]


@dataclass(frozen=True)
class Difference:
    """What ``value`` of the axis adds to the baseline, over the seeds that have both.

    ``configuration`` holds the columns that the two share and that others do not.
    """

    configuration: dict[str, Any]
    value: Value
    difference: Interval


@checked
def differences(
    record: Record,
    measure: str,
    *,
    axis: str,
    baseline: str | int | float | bool,
    where: Sequence[str] = (),
) -> list[Difference]:
    """Return the mean paired differences of ``measure`` from ``baseline`` with their intervals.

    Of each cell the row of the last ``step`` counts, where there are steps. Two cells are a pair if
    they agree in the seed and in every other configured column, columns that the axis determines
    apart (say, a batch size chosen for each value). There is one difference for each value of the
    axis and each configuration of these columns that has the baseline too. The ``where`` conditions
    ("column=value") are text as on a command line, and ``baseline`` may be.

    Raises
    ------
    ValueError
        If a column or a value does not occur, if cells hold several rows that the axis and steps
        do not tell apart, if a cell diverged, or if fewer than two seeds have a pair.
    """
    rows = _selected(record, where)
    _check_columns(rows, measure, axis)
    base = _known(rows, axis, str(baseline))
    shared = _shared_columns(rows, _configured(record.config.get("grid", {})), axis)
    cells = _cells(rows, measure, axis=axis, shared=shared)
    compared = [
        Difference(dict(zip(shared, key, strict=True)), value, _paired(seeds, values[base]))
        for key, values in cells.items()
        if base in values
        for value, seeds in values.items()
        if value != base
    ]
    if not compared:
        raise ValueError(f"no configuration has {axis}={base} and another value of {axis} as well")
    return compared


@checked
def table(
    compared: Iterable[Difference], measure: str, *, axis: str, baseline: str | int | float | bool
) -> str:
    """Return what :func:`differences` found as plain text: a heading, then aligned columns.

    ``measure``, ``axis`` and ``baseline`` are those of that call; the heading names them.
    """
    rows = list(compared)
    names = [n for n in rows[0].configuration if len({str(r.configuration[n]) for r in rows}) > 1]
    lines = [[*names, axis, "difference", "low", "high", "seeds"]]
    for row in rows:
        interval = row.difference
        numbers = (f"{number:+.4g}" for number in (interval.mean, interval.low, interval.high))
        values = [str(row.configuration[name]) for name in names]
        lines.append([*values, str(row.value), *numbers, str(interval.count)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    heading = f"{measure}: paired difference from {axis}={baseline}, 95 % t-interval over seeds"
    aligned = ("  ".join(map(str.rjust, line, widths)) for line in lines)
    return "\n".join([heading, *aligned])


def _selected(record: Record, where: Sequence[str]) -> list[Row]:
    rows = list(record.rows)
    for condition in where:
        column, equals, text = condition.partition("=")
        if not equals:
            raise ValueError(f"a condition looks like column=value, got {condition!r}")
        value = _known(rows, column, text)
        rows = [row for row in rows if column in row and _same(row[column], value)]
    return rows


def _known(rows: Sequence[Row], column: str, text: str) -> Value:
    """Return the value of the column that ``text`` names."""
    values = _distinct(row[column] for row in rows if column in row)
    if not values:
        raise ValueError(f"there is no column {column!r}; there are: {_columns(rows)}")
    for value in values:
        if text == str(value) or _same(_parsed(text), value):
            return value
    known = ", ".join(map(str, values))
    raise ValueError(f"{column} is never {text!r} in these rows; it is: {known}")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _same(first: object, second: object) -> bool:
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def _distinct(values: Iterable[Value]) -> list[Value]:
    return list(dict.fromkeys(map(_hashable, values)))


def _columns(rows: Sequence[Row]) -> str:
    return ", ".join(dict.fromkeys(column for row in rows for column in row))


def _check_columns(rows: Sequence[Row], measure: str, axis: str) -> None:
    for column in (measure, axis):
        if not any(column in row for row in rows):
            raise ValueError(f"there is no column {column!r}; there are: {_columns(rows)}")
    for row in rows:
        if "diverged" in row:
            told = {column: row.get(column) for column in (axis, "seed")}
            raise ValueError(f"the cell {told} diverged ({row['diverged']}): choose among others")
        value = row.get(measure, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{measure} must be a number to be compared, got {value!r}")


def _configured(grid: Mapping[str, Any]) -> list[str]:
    """Return the columns that the grid of a recipe sets, those of its further grids included."""
    columns = [*grid.get("axes", {}), *grid.get("fixed", {})]
    return columns + [name for part in grid.get("also", ()) for name in _configured(part)]


def _shared_columns(rows: Sequence[Row], configured: Sequence[str], axis: str) -> list[str]:
    """Return the configured columns that vary and that the axis does not determine."""
    shared = []
    for column in dict.fromkeys(configured):
        # More pairs than values of the axis: some value of the axis occurs with two of the column.
        pairs = {(row[axis], _hashable(row.get(column))) for row in rows if axis in row}
        if column not in (axis, "seed") and len(pairs) > len({value for value, _ in pairs}):
            shared.append(column)
    return shared


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _cells(rows: Sequence[Row], measure: str, *, axis: str, shared: Sequence[str]) -> Cells:
    """Return the measure of the last row of each cell by shared columns, axis value and seed."""
    last: dict[tuple[tuple[Any, ...], Value, Value], Row] = {}
    for row in rows:
        if axis not in row or measure not in row:
            continue
        key = (tuple(_hashable(row.get(name)) for name in shared), row[axis], row.get("seed"))
        step, before = row.get("step", 0), last.get(key, {}).get("step", 0)
        if key in last and step == before:
            raise ValueError(
                f"several rows have {axis}={key[1]}, seed={key[2]} and the same step; "
                "choose among them with a further --where"
            )
        if key not in last or step > before:
            last[key] = row
    cells: Cells = {}
    for (group, value, seed), row in last.items():
        cells.setdefault(group, {}).setdefault(value, {})[seed] = row[measure]
    return cells


def _paired(values: Mapping[Value, float], base: Mapping[Value, float]) -> Interval:
    seeds = [seed for seed in values if seed in base]
    if len(seeds) < 2:
        raise ValueError(f"an interval needs at least two seeds with a pair, got {len(seeds)}")
    return mean_interval([values[seed] - base[seed] for seed in seeds])
