"""Readers of annotations that are no tensors: numbers, unions, sequences, classes, callables."""

from __future__ import annotations

import collections.abc
import numbers
import os
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runtheory.boundary.arrays import ArrayOf, Sizes, array_from

Reader = Callable[[str, Any, Sizes], Any]

SEQUENCES = (collections.abc.Sequence, collections.abc.Iterable, list)


def reader(annotation: Any) -> Reader | None:
    """Return what asks a value for the annotation, or None where the annotation says nothing."""
    if hasattr(annotation, "dim_str"):
        return ArrayOf(annotation)
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        if any(getattr(one, "__module__", "").startswith("numpy._typing") for one in arguments):
            return _numbers_or_none if type(None) in arguments else numbers_alone
        return _union(arguments)
    if isinstance(annotation, typing.TypeVar):
        return _union(annotation.__constraints__) if annotation.__constraints__ else None
    if origin is tuple:
        return _tuple(arguments)
    if origin in SEQUENCES:
        return _sequence(arguments)
    if origin is collections.abc.Callable or annotation is collections.abc.Callable:
        return _callable
    kind = origin or annotation
    return _instance(kind) if _can_be_asked(kind) else None


def integer(name: str, value: Any, sizes: Sizes) -> Any:
    """Take an integer, not a bool."""
    if type(value) is int:
        return value
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if type(value).__name__ == "SymInt":
        return value
    raise TypeError(f"{name} must be an integer, got {_shown(value)}")


def real(name: str, value: Any, sizes: Sizes) -> Any:
    """Take a real number that is one; a tensor without axes is not looked at."""
    if type(value) is float or (isinstance(value, numbers.Real) and not isinstance(value, bool)):
        if value != value:
            raise ValueError(f"{name} must be a number, got nan")
        return value
    if getattr(value, "shape", None) == () and "complex" not in str(value.dtype):
        return value
    if type(value).__name__ == "SymFloat":
        return value
    raise TypeError(f"{name} must be a number, got {_shown(value)}")


def truth(name: str, value: Any, sizes: Sizes) -> Any:
    """Take True or False."""
    if isinstance(value, bool | np.bool_):
        return value
    raise TypeError(f"{name} must be True or False, got {_shown(value)}")


def numbers_alone(name: str, value: Any, sizes: Sizes) -> Any:
    """Take what NumPy reads as an array of real numbers or truth values, as it came."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        raise ValueError(f"{name} must be numbers in rows of one length") from None
    if array.dtype.kind not in "biuf":
        held = f" of {array.dtype.name}" if array.ndim else ""
        raise TypeError(f"{name} must be real numbers, got {_shown(value)}{held}")
    return value


def path(name: str, value: Any, sizes: Sizes) -> Any:
    """Take a path, or a text that names one."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str | os.PathLike):
        return Path(value)
    raise TypeError(f"{name} must be a path, got {_shown(value)}")


def _array(name: str, value: Any, sizes: Sizes) -> Any:
    return value if isinstance(value, np.ndarray) else array_from(name, value)


def _none(name: str, value: Any, sizes: Sizes) -> Any:
    if value is None:
        return value
    raise TypeError(f"{name} must be None, got {_shown(value)}")


def _numbers_or_none(name: str, value: Any, sizes: Sizes) -> Any:
    return None if value is None else numbers_alone(name, value, sizes)


def named(kind: str) -> Reader:
    """Take an instance of a class of this name, which is not imported here."""

    def read(name: str, value: Any, sizes: Sizes) -> Any:
        if any(one.__name__ == kind for one in type(value).__mro__):
            return value
        raise TypeError(f"{name} must be {_an(kind)}, got {_shown(value)}")

    return read


def _callable(name: str, value: Any, sizes: Sizes) -> Any:
    if callable(value):
        return value
    raise TypeError(f"{name} must be callable, got {_shown(value)}")


PLAIN: dict[Any, Reader] = {
    int: integer,
    float: real,
    bool: truth,
    Path: path,
    np.ndarray: _array,
    type(None): _none,
    None: _none,
}


def _union(arguments: tuple[Any, ...]) -> Reader | None:
    found = [reader(argument) for argument in arguments]
    readers = [one for one in found if one is not None]
    if len(readers) < len(found):
        return None  # one of the alternatives takes anything
    optional = _none in readers
    readers = [one for one in readers if one is not _none]

    def read(name: str, value: Any, sizes: Sizes) -> Any:
        if optional and value is None:
            return None
        fault: Exception | None = None
        for one in readers:
            try:
                tried = dict(sizes)
                value = one(name, value, tried)
            except (TypeError, ValueError) as error:
                if one is real and isinstance(error, ValueError):
                    raise  # NaN, which an array would hold
                # A wrong shape says more than a wrong kind.
                if fault is None or isinstance(error, ValueError):
                    fault = error
            else:
                sizes.update(tried)
                return value
        raise fault or TypeError(f"{name} must be None, got {_shown(value)}")

    return read


def _tuple(arguments: tuple[Any, ...]) -> Reader:
    if len(arguments) == 2 and arguments[1] is ...:
        return _sequence(arguments[:1], (tuple, list))
    readers = [reader(argument) for argument in arguments]

    def read(name: str, value: Any, sizes: Sizes) -> Any:
        if not isinstance(value, tuple | list):
            raise TypeError(f"{name} must be a tuple of {len(readers)}, got {_shown(value)}")
        if len(value) != len(readers):
            raise ValueError(f"{name} must have {len(readers)} entries, got {len(value)}")
        pairs = zip(readers, value, strict=True)
        return _kept(
            value, [one(name, entry, sizes) if one else entry for one, entry in pairs], tuple
        )

    return read


def _sequence(arguments: tuple[Any, ...], kinds: Any = collections.abc.Iterable) -> Reader:
    one = reader(arguments[0]) if arguments else None

    def read(name: str, value: Any, sizes: Sizes) -> Any:
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = value.tolist()
        if isinstance(value, str | bytes) or not isinstance(value, kinds):
            raise TypeError(f"{name} must be a list, got {_shown(value)}")
        if one is None or not isinstance(value, list | tuple):
            return value
        return _kept(value, [one(f"{name}[{i}]", entry, {}) for i, entry in enumerate(value)], list)

    return read


def _kept(value: Any, entries: list[Any], kind: type) -> Any:
    """Return ``value`` itself where no entry was converted."""
    if all(new is old for new, old in zip(entries, value, strict=True)):
        return value
    return kind(entries)


def _can_be_asked(kind: Any) -> bool:
    if not isinstance(kind, type) or kind in (object, Any):
        return False
    return not getattr(kind, "_is_protocol", False) or getattr(kind, "_is_runtime_protocol", False)


def _instance(kind: Any) -> Reader:
    seen: set[type] = set()  # asking a protocol costs microseconds

    def read(name: str, value: Any, sizes: Sizes) -> Any:
        if type(value) in seen:
            return value
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be {_an(kind.__name__)}, got {_shown(value)}")
        seen.add(type(value))
        return value

    return read


def _an(word: str) -> str:
    known = {"str": "a text", "Tensor": "a tensor", "dict": "a dictionary"}
    return known.get(word, f"a {word}" if word[0].lower() not in "aeiou" else f"an {word}")


def _shown(value: Any) -> str:
    simple = isinstance(value, int | float | complex | str) or value is None
    return repr(value)[:60] if simple else type(value).__name__
