"""Tensors and arrays by their annotation: container, kind of number, number of axes, equal axes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Sizes = dict[str, tuple[Any, str]]  # of a named axis: its length and the argument that has it

FLOATS = ("bfloat16", "float16", "float32", "float64")
INTEGERS = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")


class ArrayOf:
    """The reader of one annotation such as ``Float[Tensor, "batch feature"]``.

    What loses nothing is taken: any integers where ``int64`` is meant, ``float32`` where
    ``float64`` is, NumPy arrays where a tensor is (sharing their memory), numbers, lists and
    tensors on the CPU where a NumPy array is.
    """

    def __init__(self, annotation: Any) -> None:
        self.container = annotation.array_type
        self.dtypes = _dtypes(annotation.dtypes)
        self.axes = annotation.dim_str
        self.sides = _sides(annotation.dim_str)
        self._known: dict[Any, Any] = {}

    def __call__(self, name: str, value: Any, sizes: Sizes) -> Any:
        """Return the value, converted where nothing is lost; raise where it does not fit."""
        if not isinstance(value, self.container):
            value = self._contained(name, value)
        if self.dtypes is not None:
            value = self._typed(name, value)
        self._shaped(name, value.shape, sizes)
        return value

    def _contained(self, name: str, value: Any) -> Any:
        if self.container is np.ndarray:
            return array_from(name, value)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return sys.modules["torch"].from_numpy(shareable(value))
        raise TypeError(f"{name} must be a tensor with {self._words()}, got {_kind(value)}")

    def _typed(self, name: str, value: Any) -> Any:
        dtype = value.dtype
        if dtype not in self._known:
            self._known[dtype] = self._target(name, value)
        target = self._known[dtype]
        if target is None:
            return value
        return value.astype(target) if isinstance(value, np.ndarray) else value.to(target)

    def _target(self, name: str, value: Any) -> Any:
        """Return None where the kind of number is right, or the kind to convert to."""
        is_array = isinstance(value, np.ndarray)
        came = value.dtype.name if is_array else str(value.dtype).removeprefix("torch.")
        allowed = self.dtypes or ()
        if came in allowed:
            return None
        if came in INTEGERS and "int64" in allowed:
            wide = "int64"
        elif came in (*FLOATS, *(INTEGERS if is_array else ())) and "float64" in allowed:
            wide = "float64"
        else:
            raise TypeError(f"{name} must hold {_numbers(allowed)}, got {came}")
        if is_array:
            return np.dtype(wide)
        return getattr(sys.modules["torch"], wide)  # a tensor came: it is loaded

    def _shaped(self, name: str, shape: Sequence[Any], sizes: Sizes) -> None:
        for axis, size in self._paired(name, shape):
            if not axis:
                continue
            known = (axis, name)
            if type(axis) is str:
                known = sizes.setdefault(axis, (size, name))
            if known[0] != size:
                raise self._unequal(name, shape, axis, known)

    def _paired(self, name: str, shape: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
        """Return each axis of the annotation with its length, or lengths."""
        before, variadic, after = self.sides
        rank, first, least = len(shape), len(before), len(before) + len(after)
        if rank < least or (variadic is None and rank > least):
            raise ValueError(f"{name} must have {self._words()}, got shape {tuple(shape)}")
        if variadic is None:
            return zip(before, shape, strict=True)
        last = rank - len(after)
        middle = [(variadic, tuple(shape[first:last]))]
        return [*zip(before, shape, strict=False), *middle, *zip(after, shape[last:], strict=True)]

    def _unequal(self, name: str, shape: Any, axis: Any, known: tuple[Any, str]) -> ValueError:
        if known[1] == name:
            return ValueError(f"{name} must have {self._words()}, got shape {tuple(shape)}")
        return ValueError(
            f"{name} must have {axis} = {known[0]} as {known[1]} has, got shape {tuple(shape)}"
        )

    def _words(self) -> str:
        return f"the axes ({', '.join(self.axes.split())})" if self.axes else "no axes"


def shareable(array: np.ndarray) -> np.ndarray:
    """Return the array, or a copy where PyTorch cannot share it: read-only or running backwards."""
    backwards = any(stride < 0 for stride in array.strides)
    return array.copy() if backwards or not array.flags.writeable else array


def array_from(name: str, value: Any) -> Any:
    """Return a number, a list or tuple of numbers, or a tensor, as an array; refuse the rest."""
    if hasattr(value, "detach") and value.device.type == "cpu":
        return value.detach().numpy()
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return np.asarray(value)
    if isinstance(value, list | tuple):
        try:
            array = np.asarray(value)
        except ValueError:
            raise ValueError(f"{name} must have rows of one length") from None
        if array.dtype.kind in "iufb":
            return array
    raise TypeError(f"{name} must be an array of numbers, got {_kind(value)}")


def _kind(value: Any) -> str:
    return f"array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__


def _dtypes(dtypes: Any) -> tuple[str, ...] | None:
    return tuple(dtypes) if isinstance(dtypes, tuple | list) else None


def _numbers(allowed: Sequence[str]) -> str:
    if len(allowed) == 1:
        return allowed[0]
    if "bool" in allowed:
        return "truth values"
    if "float32" in allowed:
        return "real numbers" if "int64" in allowed else "floating-point numbers"
    return "integers"


def _sides(axes: str) -> tuple[list[Any], str | None, list[Any]]:
    """Split the axes at the one that stands for several: its name, "" for any, None for none.

    An axis is a length, a name, or "" where nothing is asked of it.
    """
    before: list[Any] = []
    after: list[Any] = []
    variadic: str | None = None
    for word in axes.split():
        if word == "..." or word.startswith("*"):
            variadic = word.lstrip("*").strip(".").lstrip("_")
        else:
            (before if variadic is None else after).append(_axis(word))
    return before, variadic, after


def _axis(word: str) -> str | int:
    length = word.rpartition("=")[2]
    if length.isdecimal():
        return int(length)
    return word if re.fullmatch(r"[a-zA-Z]\w*", word) else ""
