"""A text for whatever an objective is made of, so that a run can be told from others."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial, singledispatch
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from runtheory.boundary import checked

DEPTH = 6  # of what holds what; deeper, the kind alone counts


@checked
def described(value: Any, *, depth: int = DEPTH) -> str:
    """Return a text that is equal for equal objectives, in every process.

    Numbers and texts are written as they are, tensors and arrays with a digest of their content,
    frozen dataclasses field by field, partial functions with what they bind, functions of a module
    by their name. A function made inside another, and a lambda, counts with its code and with the
    values that it closes over or has as defaults. Of any other object the class alone counts, since
    it may change as a run goes on.

    >>> from runtheory.training.identity import described
    >>> from runtheory.dropout.objectives import MultiSampleObjective
    >>> described(MultiSampleObjective(8, 0.5)).split("(")[1]
    'samples=8, rate=0.5, combine=runtheory.dropout.objectives.mean_of_losses, batch_shared=False)'
    """
    if depth == 0:
        return name_of(type(value))
    return _describe(inspect.unwrap(value) if callable(value) else value, depth - 1)


@checked
def name_of(what: Any) -> str:
    """Return module and name of a function or class; a script counts as the module it would be."""
    module = str(getattr(what, "__module__", ""))
    if module == "__main__":
        main = sys.modules["__main__"]
        specification, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        module = specification.name if specification else Path(file or "session").stem
    return f"{module}.{getattr(what, '__qualname__', type(what).__qualname__)}"


@singledispatch
def _describe(value: Any, depth: int) -> str:
    kind = type(value)
    if not (is_dataclass(kind) and kind.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        return name_of(kind)
    parts = {field.name: getattr(value, field.name) for field in fields(kind)}
    return f"{name_of(kind)}({_pairs(parts, depth)})"


@_describe.register(type(None) | bool | int | float | complex | str | bytes | Path | Enum)
@_describe.register(torch.dtype | torch.device | np.generic)
def _(value: Any, depth: int) -> str:
    return repr(value)


@_describe.register(list | tuple)
def _(value: list[Any] | tuple[Any, ...], depth: int) -> str:
    return f"[{', '.join(described(part, depth=depth) for part in value)}]"


@_describe.register(set | frozenset)
def _(value: set[Any] | frozenset[Any], depth: int) -> str:
    return f"{{{', '.join(sorted(described(part, depth=depth) for part in value))}}}"


@_describe.register
def _(value: Mapping, depth: int) -> str:  # type: ignore[type-arg] # read when it is registered
    return f"{{{_pairs(value, depth)}}}"


@_describe.register
def _(value: Tensor, depth: int) -> str:
    content = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return f"tensor({value.dtype} {list(value.shape)} {_short(content.tobytes())})"


@_describe.register
def _(value: np.ndarray, depth: int) -> str:
    content = value.tobytes() if value.dtype != object else repr(value.tolist()).encode()
    return f"array({value.dtype} {list(value.shape)} {_short(content)})"


@_describe.register
def _(value: type, depth: int) -> str:
    return f"class {name_of(value)}"


@_describe.register
def _(value: partial, depth: int) -> str:  # type: ignore[type-arg] # read when it is registered
    bound = [described(part, depth=depth) for part in value.args]
    bound += [_pairs(value.keywords, depth)] if value.keywords else []
    return f"{described(value.func, depth=depth)}({', '.join(bound)})"


@_describe.register
def _(value: MethodType, depth: int) -> str:
    return f"{described(value.__self__, depth=depth)}.{value.__name__}"


@_describe.register
def _(value: BuiltinFunctionType, depth: int) -> str:
    return name_of(value)


@_describe.register
def _(value: FunctionType, depth: int) -> str:
    if "<" not in value.__qualname__:  # neither <lambda> nor <locals>
        return name_of(value)
    held = dict(enumerate(value.__defaults__ or ())) | (value.__kwdefaults__ or {})
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        try:
            held[name] = cell.cell_contents
        except ValueError:  # not yet filled
            held[name] = None
    return f"{name_of(value)}({_short(_code(value.__code__).encode())}; {_pairs(held, depth)})"


def _code(code: CodeType) -> str:
    constants = [
        _code(constant) if isinstance(constant, CodeType) else described(constant)
        for constant in code.co_consts
    ]
    return repr((code.co_code, code.co_names, constants))


def _pairs(values: Mapping[Any, Any], depth: int) -> str:
    return ", ".join(f"{name}={described(value, depth=depth)}" for name, value in values.items())


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
