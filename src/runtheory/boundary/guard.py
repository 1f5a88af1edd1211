"""The decorator: every argument is asked once, before the function sees it."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from runtheory.boundary.arrays import Sizes
from runtheory.boundary.explain import explained
from runtheory.boundary.kinds import Reader, named, reader

Function = TypeVar("Function", bound=Callable[..., Any])
Place = tuple[int, str, Reader]  # which argument it is, its name, and what asks it


def checked(function: Function) -> Function:
    """Ask the arguments of each call for what the annotations of ``function`` say.

    Annotations are read at the first call. Integers of any width are taken as ``int64`` and floats
    as ``float64`` where these are meant, and lists where a NumPy array is.

    Raises, in place of the function:
    ``TypeError`` for the wrong kind of value, ``ValueError`` for a wrong shape or a number that is
    NaN. An error of PyTorch, NumPy or Python that a value explains (not finite, empty, a division
    by zero) becomes a ``ValueError`` that names it.
    """
    readers: dict[str, Reader] | None = None
    places: list[Place] = []  # of those readers, in order
    names = tuple(inspect.signature(function).parameters)
    compiling = _compiling()

    @functools.wraps(function)
    def asked(*values: Any, **named: Any) -> Any:
        nonlocal readers, places
        if compiling():
            return function(*values, **named)
        if readers is None:
            readers = readers_of(function)
            places = [(i, name, readers[name]) for i, name in enumerate(names) if name in readers]
        sizes: Sizes = {}
        if values:
            values = _read(places, values, sizes)
        for name, value in named.items():
            if (one := readers.get(name)) is not None:
                named[name] = one(name, value, sizes)
        try:
            return function(*values, **named)
        except Exception as error:
            told = explained(
                error, function.__name__, {**dict(zip(names, values, strict=False)), **named}
            )
            if told is None:
                raise
            raise told from error

    return asked  # type: ignore[return-value]


def readers_of(function: Callable[..., Any]) -> dict[str, Reader]:
    """Return, of each argument whose annotation says something, what asks it."""
    found: dict[str, Reader] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        starred = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if starred or parameter.annotation is parameter.empty:
            continue
        one = _reader(parameter.annotation, inspect.unwrap(function).__globals__)
        if one is not None:
            found[name] = one
    return found


def _reader(annotation: Any, names: dict[str, Any]) -> Reader | None:
    alone = types.SimpleNamespace(__annotations__={"it": annotation})
    axes: dict[str, Any] = {}
    while True:
        try:
            return reader(typing.get_type_hints(alone, names, axes)["it"])
        except NameError as error:
            if annotation.isidentifier():  # a class that only a type checker imports
                return named(annotation)
            if error.name in axes:
                return None
            axes[str(error.name)] = error.name  # an axis without quotes: Float[Tensor, feature]
        except TypeError:
            return None


def _read(places: list[Place], values: tuple[Any, ...], sizes: Sizes) -> tuple[Any, ...]:
    """Return the values themselves where none was converted."""
    count, taken = len(values), None
    for place, name, one in places:
        if place >= count:
            break
        value = one(name, values[place], sizes)
        if value is not values[place]:
            taken = list(values) if taken is None else taken
            taken[place] = value
    return values if taken is None else tuple(taken)


def _compiling() -> Callable[[], bool]:
    torch = sys.modules.get("torch")
    return torch.compiler.is_compiling if torch is not None else _never


def _never() -> bool:
    return False
