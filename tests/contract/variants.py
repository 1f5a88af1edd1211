"""Bad variants of an argument, made from the value of the example call.

Each variant says what may become of it: ``refused`` must raise, ``any`` may also be a result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Variant:
    name: str
    value: Any
    must: str  # refused, or spread (NaN may come out as NaN), or any


def of(value: Any) -> list[Variant]:
    """Return the bad variants of one argument."""
    if isinstance(value, Tensor):
        return [*_tensor(value), *_others(value)]
    if isinstance(value, np.ndarray):
        return [*_array(value), *_others(value)]
    if isinstance(value, bool):
        return [Variant("text", "yes", "refused"), Variant("None", None, "refused")]
    if isinstance(value, int):
        return list(_integer())
    if isinstance(value, float):
        return list(_real())
    if isinstance(value, str):
        return [Variant("None", None, "refused"), Variant("number", 3, "refused")]
    if isinstance(value, Path):  # a text names a path too
        return [one for one in _others(value) if one.name != "text"]
    if isinstance(value, tuple | list) and all(isinstance(one, int | float) for one in value):
        return list(_numbers(value))
    return list(_others(value))


def _others(value: Any) -> Iterator[Variant]:
    if value is not None:
        yield Variant("None", None, "refused")
    yield Variant("text", "nonsense", "refused")
    if not callable(value):
        yield Variant("object", object(), "refused")


def _integer() -> Iterator[Variant]:
    yield Variant("nan", float("nan"), "refused")
    yield Variant("half", 0.5, "refused")
    yield Variant("True", True, "refused")
    yield Variant("negative", -1, "any")
    yield Variant("zero", 0, "any")
    yield Variant("one", 1, "any")
    yield Variant("None", None, "refused")
    yield Variant("text", "3", "refused")


def _real() -> Iterator[Variant]:
    yield Variant("nan", float("nan"), "refused")
    for name, value in [("inf", float("inf")), ("negative", -1.5), ("zero", 0.0), ("large", 1e300)]:
        yield Variant(name, value, "any")
    yield Variant("minus inf", float("-inf"), "any")
    yield Variant("True", True, "refused")
    yield Variant("complex", 1j, "refused")
    yield Variant("list", [0.5, 0.5], "any")
    yield Variant("None", None, "refused")
    yield Variant("text", "0.5", "refused")


def _numbers(value: Any) -> Iterator[Variant]:
    kind = type(value)
    yield Variant("nan entry", kind([float("nan"), *value[1:]]), "spread")
    yield Variant("text entry", kind(["x", *value[1:]]), "refused")
    yield Variant("empty", kind([]), "any")
    yield Variant("longer", kind([*value, *value[:1]]), "any")
    yield Variant("None", None, "refused")
    yield Variant("text", "nonsense", "refused")


def _tensor(value: Tensor) -> Iterator[Variant]:
    yield from _shapes(value, lambda x: x.unsqueeze(0), lambda x: x.unsqueeze(-1))
    yield Variant("complex", value.to(torch.complex64), "refused")
    yield Variant("list", value.tolist(), "any")
    yield Variant("array", value.numpy() if not value.requires_grad else None, "any")
    if value.dtype == torch.bool:
        yield Variant("floats", value.float(), "refused")
        yield Variant("integers", value.long(), "any")
    elif value.is_floating_point():
        yield Variant("bools", value > 0, "refused")
        yield Variant("integers", value.long(), "any")
        yield from _holed(value, value.detach().clone())
    else:
        yield Variant("bools", value > 0, "refused")
        yield Variant("floats", value.double() + 0.5, "refused")
        yield Variant("int32", value.int(), "any")
        yield Variant("below", value.long() - 1000, "any")
        yield Variant("above", value.long() + 1000, "any")


def _array(value: np.ndarray) -> Iterator[Variant]:
    yield from _shapes(value, lambda x: x[None], lambda x: x[..., None])
    yield Variant("complex", value.astype(complex) + 1j, "refused")
    yield Variant("list", value.tolist(), "any")
    yield Variant("texts", value.astype(str), "refused")
    if value.dtype.kind == "f":
        yield from _holed(value, value.copy())
    elif value.dtype.kind in "iu":
        yield Variant("floats", value + 0.5, "any")
        yield Variant("below", value.astype(int) - 1000, "any")


def _holed(value: Any, copy: Any) -> Iterator[Variant]:
    if value.size if isinstance(value, np.ndarray) else value.numel():
        flat = copy.reshape(-1)
        flat[0] = float("nan")
        yield Variant("nan", flat.reshape(value.shape), "spread")
        flat = flat.clone() if isinstance(flat, Tensor) else flat.copy()
        flat[0] = float("inf")
        yield Variant("inf", flat.reshape(value.shape), "any")
        flat = flat * float("nan")
        yield Variant("all nan", flat.reshape(value.shape), "spread")


def _shapes(value: Any, more: Any, column: Any) -> Iterator[Variant]:
    yield Variant("an axis more", more(value), "rank")
    yield Variant("a last axis of one", column(value), "rank")
    if value.ndim == 0:
        return
    if len(value):
        yield Variant("an axis fewer", value[0], "rank")
        yield Variant("empty", value[:0], "rows")
    if len(value) > 1:
        yield Variant("one row", value[:1], "rows")
        yield Variant("a row fewer", value[:-1], "rows")
    if value.ndim > 1 and value.shape[-1] > 1:
        yield Variant("one column", value[..., :1], "columns")
