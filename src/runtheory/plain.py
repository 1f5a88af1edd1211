"""What a record can keep: text, numbers, truth values, None, and lists of numbers in its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any


def check_row(row: Mapping[str, object], *, place: str = "") -> None:
    """Raise ``TypeError`` or ``ValueError`` for the first column that a record could not keep."""
    for column, value in row.items():
        if not isinstance(column, str):
            raise TypeError(f"{place}columns are named by text, got {column!r}")
        _check_column(f"{place}column {column!r}", value)


def plain(place: str, value: object) -> Any:
    """Return what JSON gives back: mappings as dictionaries of text, other iterables as lists.

    Raises as :func:`check_row`; ``place`` is what the message calls the value.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(f"{place}[{key!r}]", part) for key, part in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(f"{place}[{index}]", part) for index, part in enumerate(value)]
    _check_value(place, value)
    return value


def _check_column(place: str, value: object) -> None:
    if isinstance(value, list):
        for index, part in enumerate(value):
            if not isinstance(part, int | float | list) or isinstance(part, bool):
                raise TypeError(f"{place} may list numbers alone, got {part!r}")
            _check_column(f"{place}[{index}]", part)
        return
    _check_value(place, value)


def _check_value(place: str, value: object) -> None:
    # Subclasses are refused as well: a NumPy float64 is a float, but prints as another type.
    if value is not None and type(value) not in (str, int, float, bool):
        raise TypeError(f"{place} must be text, a number, true, false or None, got {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place} must be finite, got {value}")
