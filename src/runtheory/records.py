"""Recorded runs: rows, and all that is needed to judge them, in one JSON file each.

A record sees rows and text, never a network. The file holds one row a line, so that two records
differ where their numbers differ; floats are written with the digits that give the same bits back.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from runtheory import checkout, durable
from runtheory.boundary import checked
from runtheory.intervals import Paired
from runtheory.plain import check_row, plain, plain_row

Value = str | int | float | bool | None
Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """The rows of one experiment with their provenance.

    Every value of a row is text, a number, a truth value, None, or a list of numbers (which may
    nest, as an array's); ``config`` nests as it likes. ``hardware`` names the processor, never the
    machine; ``versions`` maps packages to versions; ``commit`` is a short hash, "uncommitted" or
    "unknown"; ``wall_seconds`` is the sum over the cells, ``date`` an ISO date.

    Raises
    ------
    ValueError
        If the name or chapter is not a plain file name, or a number is not finite.
    TypeError
        If a value is not of the kinds named above (NumPy and tensor scalars are refused too).
    """

    chapter: str
    name: str
    preset: str
    config: dict[str, Any]
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    commit: str
    hardware: str
    versions: dict[str, str]
    wall_seconds: float
    date: str

    def __post_init__(self) -> None:
        for title in (self.chapter, self.name):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", title):
                raise ValueError(f"a record is named by letters, digits, _ and -, got {title!r}")
        for index, row in enumerate(self.rows):
            check_row(row, place=f"row {index}, ")
        # What JSON gives back: tuples become lists, so that a record equals itself after reading.
        object.__setattr__(self, "config", plain("config", self.config))
        object.__setattr__(self, "rows", tuple(dict(row) for row in self.rows))
        object.__setattr__(self, "seeds", tuple(self.seeds))

    def select(self, **conditions: Value) -> list[Row]:
        """Return the rows whose columns equal all ``conditions``, in order.

        Raises
        ------
        KeyError
            If no row has a column of that name (a misspelling would else select nothing).
        """
        known = {column for row in self.rows for column in row}
        for column in conditions:
            if column not in known:
                raise KeyError(f"{self.name} has no column {column!r}; it has {sorted(known)}")
        wanted = conditions.items()
        return [r for r in self.rows if all(c in r and r[c] == value for c, value in wanted)]

    def column(self, name: str, **conditions: Value) -> list[Value]:
        """Return one column of the selected rows, in order.

        Raises
        ------
        KeyError
            If a selected row lacks the column.
        """
        rows = self.select(**conditions)
        if any(name not in row for row in rows):
            known = sorted({column for row in rows for column in row})
            raise KeyError(f"column {name!r} is not in every selected row; columns are {known}")
        return [row[name] for row in rows]

    def series(self, column: str, **where: Value) -> np.ndarray:
        """Return one column of the rows that equal ``where``, as an array (seed, row).

        The rows of a seed keep their order, which for a training run is that of its steps.

        Raises
        ------
        KeyError
            As :meth:`column`.
        TypeError
            If a value is None or text.
        ValueError
            If no row is selected, or the seeds have different numbers of rows.
        """
        values = [self.column(column, seed=seed, **where) for seed in self.seeds]
        counts = [len(rows) for rows in values]
        if len(set(counts)) != 1 or 0 in counts:
            raise ValueError(f"{self.name}, {where}: rows of each seed: {counts}")
        if not all(isinstance(value, int | float) for rows in values for value in rows):
            raise TypeError(f"{self.name}, {where}: column {column!r} holds more than numbers")
        return np.array(values, dtype=np.float64)

    def final(self, column: str, **where: Value) -> np.ndarray:
        """Return the last value of each seed (shape n); ``where`` as in :meth:`series`."""
        return np.asarray(self.series(column, **where)[:, -1])

    def paired(
        self,
        column: str,
        *,
        treatment: Mapping[str, Value],
        baseline: Mapping[str, Value],
        scale: int | float = 1.0,
    ) -> Paired:
        """Return the last values of two arms over the same seeds, times ``scale``."""
        arms = (self.final(column, **where) for where in (treatment, baseline))
        return Paired(*(scale * values for values in arms))

    def with_columns(self, compute: Callable[[Row], Row]) -> Record:
        """Return the record with the columns that ``compute`` makes of each row, after its own.

        Raises
        ------
        ValueError
            If a row has a column of that name already.
        """
        pairs = [(row, compute(row)) for row in self.rows]
        if repeated := sorted({name for row, more in pairs for name in row.keys() & more.keys()}):
            raise ValueError(f"{self.name} has the columns {repeated} already")
        return replace(self, rows=tuple(row | more for row, more in pairs))

    def caption(self) -> str:
        """Return in one line what a figure drawn from this record must say."""
        first, last = self.seeds[0], self.seeds[-1]
        run = tuple(range(first, last + 1)) == self.seeds and first < last
        listed = f"{first} to {last}" if run else ", ".join(map(str, self.seeds))
        seeds = f"seeds {listed}" if len(self.seeds) > 1 else f"seed {listed}"
        spent = self.wall_seconds
        cost = f"{spent / 60:.0f} min" if spent >= 90 else f"{spent:.0f} s"
        failed = len(self.config.get("failed", ()))
        part = f"partial, {failed} cell{'s' * (failed > 1)} failed, " if failed else ""
        rows = f"{self.chapter}/{self.name}: {part}{len(self.rows)} rows"
        return f"{rows}, {seeds}, {cost} on {self.hardware}"


@checked
def of_rows(name: str, rows: Iterable[Row], **known: Any) -> Record:
    """Return a record ``<chapter>/<name>`` of rows of your own; all else that is ``known`` by name.

    What is not named says so: commit, hardware "unknown", versions those of Python and NumPy, the
    preset "full", no configuration, no seconds, today's date. The seeds are those of the column
    ``seed``, one seed 0 where there is none. Rows become plain as ``plain.plain_row`` makes them:
    NumPy's numbers Python's, and NaN None.

    Raises
    ------
    ValueError
        If the name has no chapter, or as :class:`Record`.
    TypeError
        As :class:`Record`.

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.records import of_rows
    >>> rows = [{"seed": seed, "width": 8, "loss": np.float64(seed) / 4} for seed in (0, 1)]
    >>> record = of_rows("paper/widths", rows, hardware="one core")
    >>> record.seeds, record.final("loss", width=8).tolist()
    ((0, 1), [0.0, 0.25])
    """
    chapter, _, title = name.partition("/")
    if not title:
        raise ValueError(f"a record is named chapter/name, got {name!r}")
    plain_rows = tuple(plain_row(row) for row in rows)
    standing: dict[str, Any] = {
        "preset": "full",
        "config": {},
        "seeds": tuple(dict.fromkeys(row.get("seed", 0) for row in plain_rows)),
        "commit": "unknown",
        "hardware": "unknown",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "wall_seconds": 0.0,
        "date": datetime.now(UTC).date().isoformat(),
    }
    return Record(chapter=chapter, name=title, rows=plain_rows, **{**standing, **known})


@checked
def write(record: Record, root: Path | None = None) -> Path:
    """Write ``<root>/<chapter>/<name>.json`` at once and return its path.

    ``root`` defaults to ``results`` in the checkout.

    Raises
    ------
    FileNotFoundError
        If ``root`` is not given and the package does not run from a checkout.
    """
    if root is None:
        if (folder := checkout.root()) is None:
            raise FileNotFoundError("outside a checkout a record needs a root to be written under")
        root = folder / "results"
    path = root / record.chapter / f"{record.name}.json"
    durable.write(path, _text(record).encode())
    return path


@checked
def read(name: str, root: Path | None = None) -> Record:
    """Return the record ``<chapter>/<name>``, from ``root``, the checkout or the installed package.

    Raises
    ------
    FileNotFoundError
        If there is no such record; the message lists those there are, and where.
    ValueError
        If the file is not a whole record.

    Examples
    --------
    >>> from runtheory import records
    >>> record = records.read("multi_sample_dropout/grid")
    >>> record.seeds
    (0, 1, 2, 3, 4)
    """
    folder: Path | Traversable = root if root is not None else _results()
    chapter, _, stem = name.partition("/")
    file = folder / chapter / f"{stem}.json"
    if not stem or not file.is_file():
        known = ", ".join(names(root)) or "none"
        raise FileNotFoundError(f"no record {name!r} in {root or 'the book'}; there are: {known}")
    return _record(name, file.read_bytes())


@checked
def names(root: Path | None = None) -> list[str]:
    """Return the names ``<chapter>/<name>`` of all records, sorted."""
    folder: Path | Traversable = root if root is not None else _results()
    if not folder.is_dir():
        return []
    chapters = [chapter for chapter in folder.iterdir() if chapter.is_dir()]
    return sorted(
        f"{chapter.name}/{file.name.removesuffix('.json')}"
        for chapter in chapters
        for file in chapter.iterdir()
        if file.name.endswith(".json")
    )


def _results() -> Path | Traversable:
    return checkout.book() / "results"


def _text(record: Record) -> str:
    parts = {field.name: getattr(record, field.name) for field in fields(record)}
    rows = ",\n".join(f"  {json.dumps(row, allow_nan=False)}" for row in parts.pop("rows"))
    head = json.dumps(parts, indent=1, allow_nan=False).removesuffix("\n}")
    return f'{head},\n "rows": [\n{rows}\n ]\n}}\n'


def _record(name: str, content: bytes) -> Record:
    try:
        parts = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the record {name!r} is damaged: {error}") from error
    expected = {field.name for field in fields(Record)}
    if not isinstance(parts, Mapping) or parts.keys() != expected:
        given = sorted(parts) if isinstance(parts, Mapping) else type(parts).__name__
        raise ValueError(f"the record {name!r} must hold {sorted(expected)}, got {given}")
    for field in ("rows", "seeds"):
        if not isinstance(parts[field], list):
            raise ValueError(f"the record {name!r} is damaged: {field} is no list")
    if not all(isinstance(row, Mapping) for row in parts["rows"]):
        raise ValueError(f"the record {name!r} is damaged: a row is no mapping of columns")
    try:
        return Record(**{**parts, "rows": tuple(parts["rows"]), "seeds": tuple(parts["seeds"])})
    except TypeError as error:
        raise ValueError(f"the record {name!r} is damaged: {error}") from error


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"a record holds finite numbers, got {constant}")
