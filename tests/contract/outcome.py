"""What became of a call: a clear error, a documented result, a raw error, or a silent result."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch

import runtheory
from runtheory.claims import ClaimError
from runtheory.data.errors import DataError
from runtheory.runs.runner import RunError
from tests.contract.variants import Variant

CLEAR = (ValueError, TypeError, ClaimError, DataError, RunError)
SOURCE = str(Path(runtheory.__file__).parent)


def of_error(error: BaseException) -> str:
    """Return clear for an error in the package's words that a ``raise`` of the package makes."""
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    own = isinstance(error, CLEAR) and innermost and _raised(innermost)
    return "clear" if own else "raw"


def of_result(result: Any, variant: Variant, call: Mapping[str, Any], name: str, said: str) -> str:
    """Return fine or silent for a call with a bad variant that gave a result."""
    if variant.must == "any":
        return "fine"
    if variant.must == "refused":
        return "silent"
    if variant.must == "spread":
        return "fine" if has_nan(result) else "silent"
    free = "..." in said or "*" in said or not said
    if variant.must == "rank":
        return "fine" if free else "silent"
    return "silent" if _shared(call, name, variant.must) and not free else "fine"


def has_nan(value: Any) -> bool:
    """Tell whether a NaN is somewhere in a result."""
    return any(bool(np.isnan(numbers).any()) for numbers in _numbers(value, 0))


def _numbers(value: Any, depth: int) -> Iterator[np.ndarray]:
    if isinstance(value, torch.Tensor):
        if value.is_floating_point():
            yield value.detach().double().cpu().numpy()
    elif isinstance(value, np.ndarray | float | np.floating):
        array = np.asarray(value)
        if array.dtype.kind == "f":
            yield array
    elif depth < 5:
        for part in _parts(value):
            yield from _numbers(part, depth + 1)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    elif dataclasses.is_dataclass(value):
        yield from (getattr(value, field.name) for field in dataclasses.fields(value))
    elif isinstance(value, torch.nn.Module):
        yield from value.state_dict().values()
    elif inspect.isgenerator(value):
        yield from value
    elif hasattr(value, "__dict__"):
        yield from vars(value).values()


def _shared(call: Mapping[str, Any], name: str, which: str) -> bool:
    """Tell whether another array of the call has the axis whose length was changed."""
    place = 0 if which == "rows" else -1
    length = call[name].shape[place]
    others = (value for other, value in call.items() if other != name)
    shapes = [value.shape for value in others if isinstance(value, torch.Tensor | np.ndarray)]
    return length > 1 and any(shape and shape[place] == length for shape in shapes)


def _raised(trace: TracebackType) -> bool:
    path = trace.tb_frame.f_code.co_filename
    return path.startswith(SOURCE) and trace.tb_lineno in _raising(path)


@cache
def _raising(path: str) -> frozenset[int]:
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return frozenset(lines)
