"""Numbers, unions, sequences, classes and callables by their annotation."""

from __future__ import annotations

import collections.abc
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import pytest
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from runtheory.boundary.kinds import reader


@runtime_checkable
class Named(Protocol):
    name: str


def read(annotation: Any, value: Any) -> Any:
    one = reader(annotation)
    assert one is not None
    return one("value", value, {})


Numbers = ArrayLike | int | float | Sequence[Any]
Free = TypeVar("Free")
Side = TypeVar("Side", float, Tensor, np.ndarray)

TAKEN = [
    (Numbers, [1, 2.0]),
    (Numbers, True),
    (Numbers | None, None),
    (int, 3),
    (int, np.int64(3)),
    (float, 0.5),
    (float, 2),
    (float, math.inf),
    (float, Fraction(1, 2)),
    (float, torch.tensor(0.5)),
    (bool, True),
    (bool, np.bool_(False)),
    (str, "a"),
    (Path, "a/b"),
    (None, None),
    (int | None, None),
    (float | str, "a"),
    (tuple[int, float], (1, 2.0)),
    (tuple[int, ...], ()),
    (Sequence[int], range(3)),
    (Sequence[float], np.ones(2)),
    (Sequence[str], ["a"]),
    (Mapping[str, int], {"a": 1}),
    (Callable[[int], int], abs),
    (torch.Generator, torch.Generator()),
    (nn.Module, nn.ReLU()),
    (Named, Path("a")),
    (np.ndarray, [1.0, 2.0]),
    (Side, 0.5),
    (Side, torch.ones(2)),
    (Side, np.ones(2)),
]


@pytest.mark.parametrize(("annotation", "value"), TAKEN)
def test_what_is_taken(annotation, value) -> None:
    taken = read(annotation, value)
    if isinstance(taken, type(value)) and not isinstance(value, np.ndarray):
        assert taken is value or taken == value
        assert read(annotation, value) is taken or taken == value


REFUSED = [
    (Numbers, "a", "real numbers, got 'a'"),
    (Numbers, None, "real numbers, got None"),
    (Numbers, np.array([1j]), "real numbers, got ndarray of complex128"),
    (Numbers, [1.0, 1j], "real numbers, got list of complex128"),
    (Numbers, [[1.0], [1.0, 2.0]], "numbers in rows of one length"),
    (int, 3.0, "an integer, got 3.0"),
    (int, True, "an integer, got True"),
    (int, None, "an integer, got None"),
    (float, math.nan, "a number, got nan"),
    (float, True, "a number, got True"),
    (float, 1j, "a number, got 1j"),
    (float, "a", "a number, got 'a'"),
    (float, torch.ones(2), "a number, got Tensor"),
    (bool, 1, "True or False, got 1"),
    (str, 3, "a text, got 3"),
    (Path, 3, "a path, got 3"),
    (int | None, "a", "an integer, got 'a'"),
    (tuple[int, float], (1,), "have 2 entries, got 1"),
    (tuple[int, float], 3, "a tuple of 2, got 3"),
    (Sequence[int], "abc", "a list, got 'abc'"),
    (Sequence[int], 3, "a list, got 3"),
    (Mapping[str, int], [1], "a Mapping, got list"),
    (Callable[[int], int], 3, "callable, got 3"),
    (torch.Generator, 3, "a Generator, got 3"),
    (Named, 3, "a Named, got 3"),
    (np.ndarray, "a", "an array of numbers, got str"),
    (Side, "a", "a number, got 'a'"),
    (Side, math.nan, "a number, got nan"),
    (float | np.ndarray, math.nan, "a number, got nan"),
]


@pytest.mark.parametrize(("annotation", "value", "words"), REFUSED)
def test_what_is_refused(annotation, value, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"value must (be )?{words}"):
        read(annotation, value)


def test_an_entry_is_named_by_its_place() -> None:
    with pytest.raises(TypeError, match=r"value\[1\] must be an integer, got 'x'"):
        read(Sequence[int], [1, "x"])


def test_of_several_alternatives_a_wrong_shape_says_most() -> None:
    with pytest.raises(ValueError, match="value must have the axes"):
        read(Float[Tensor, "a b"] | int, torch.zeros(3))


@pytest.mark.parametrize("annotation", [Any, object, Any | None, Free, "no type"])
def test_what_says_nothing_is_not_asked(annotation) -> None:
    assert reader(annotation) is None


def test_a_bare_callable_is_asked() -> None:
    assert read(collections.abc.Callable, abs) is abs
