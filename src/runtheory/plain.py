"""What a record can keep: text, numbers, truth values, None, and lists of numbers in its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any

import numpy as np


def plain_row(row: Mapping[str, object]) -> dict[str, Any]:
    """Return a measured row as a record keeps it: plain numbers, and None for what is not finite.

    A number of NumPy becomes Python's, an array or tuple a list. NaN and the infinities, which
    JSON does not have, become None, in lists too: that a run diverged is a result.

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.plain import plain_row
    >>> plain_row({"step": np.int64(3), "loss": float("nan"), "norms": np.array([0.5, np.inf])})
    {'step': 3, 'loss': None, 'norms': [0.5, None]}
    """
    return {column: _plain_value(value) for column, value in row.items()}


def _plain_value(value: object) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
            if not isinstance(part, int | float | list | NoneType) or isinstance(part, bool):
                raise TypeError(f"{place} may list numbers and None alone, got {part!r}")
            _check_column(f"{place}[{index}]", part)
        return
    _check_value(place, value)


def _check_value(place: str, value: object) -> None:
    # Subclasses are refused as well: a NumPy float64 is a float, but prints as another type.
    if value is not None and type(value) not in (str, int, float, bool):
        raise TypeError(f"{place} must be text, a number, true, false or None, got {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place} must be finite, got {value}")
