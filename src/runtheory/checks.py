"""Refuse values out of range, in one wording: what was asked, of which argument, and what came.

Every function takes the values by name. A value may be a number, a NumPy array, or a list or tuple
of numbers, all of which must comply; NaN never does. Numbers are compared in plain Python, which
``torch.compile`` can follow.

Tensors have :mod:`runtheory.tensor_checks`; this module needs no PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

ENDS = ("[]", "[)", "(]", "()")


def in_interval(low: float | int, high: float | int, *, ends: str = "[]", **values: Any) -> None:
    """Raise ``ValueError`` for the first value outside the interval; a round end is excluded."""
    if ends not in ENDS:
        raise ValueError(f"ends must be one of {ENDS}, got {ends!r}")
    asked = f"lie in {ends[0]}{_short(low)}, {_short(high)}{ends[1]}"

    def inside(value: Any) -> Any:
        above = value >= low if ends[0] == "[" else value > low
        below = value <= high if ends[1] == "]" else value < high
        return above & below

    _require(inside, asked, values)


def at_least(low: float | int, **values: Any) -> None:
    """Raise ``ValueError`` for the first value below ``low``."""
    _require(lambda value: value >= low, f"be at least {_short(low)}", values)


def not_negative(**values: Any) -> None:
    """Raise ``ValueError`` for the first value below zero."""
    _require(lambda value: value >= 0, "not be negative", values)


def positive(**values: Any) -> None:
    """Raise ``ValueError`` for the first value that is not above zero."""
    _require(lambda value: value > 0, "be positive", values)


def positive_finite(**values: Any) -> None:
    """Raise ``ValueError`` for the first value that is not above zero, or infinite."""
    _require(lambda value: (value > 0) & (value < math.inf), "be positive and finite", values)


def labels_below(labels: Any, classes: int, *, name: str = "labels") -> None:
    """Raise ``ValueError`` if a label of an integer tensor or array is not in 0, ..., classes - 1.

    Reads the least and the largest label, so that a tensor on a GPU would be waited for: the
    caller decides where it may be. Without labels nothing is read.
    """
    if len(labels) == 0:
        return
    least, largest = int(labels.min()), int(labels.max())
    if least < 0 or largest >= classes:
        wrong = least if least < 0 else largest
        raise ValueError(f"{name} must lie in 0 to {classes - 1}, got {wrong}")


def _require(complies: Callable[[Any], Any], asked: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, list | tuple | np.ndarray):
            array = np.asarray(value)
            good = np.broadcast_to(complies(array), array.shape)
            if not good.all():
                raise ValueError(f"{name} must {asked}, got {array[~good].flat[0]}")
        elif not complies(value):
            raise ValueError(f"{name} must {asked}, got {value}")


def _short(number: float | int) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)
