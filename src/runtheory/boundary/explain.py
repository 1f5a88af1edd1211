"""An error of a library that bad values have caused is told by those values: asked only then."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

# What bad values cause. Anything else, as what ends a search from inside, is its raiser's own.
CAUSED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def explained(error: Exception, function: str, named: Mapping[str, Any]) -> ValueError | None:
    """Return the error that says which argument was not finite, empty or out of reach, or None.

    Values are looked at after the failure alone, and only on the CPU: a call that succeeds pays
    nothing. ``ValueError`` and ``TypeError`` stand as they are, and so does what no value causes.
    """
    if type(error) in (ValueError, TypeError) or not isinstance(error, CAUSED):
        return None
    for name, value in named.items():
        if _is_array(value) and 0 in value.shape:
            return ValueError(f"{name} must not be empty, got shape {tuple(value.shape)}")
        if _readable(value) and not _is_finite(value):
            return ValueError(f"{name} must be finite, got NaN or infinity")
    if isinstance(error, ZeroDivisionError | OverflowError):
        numbers = {key: one for key, one in named.items() if isinstance(one, int | float)}
        told = ", ".join(f"{key} = {one}" for key, one in numbers.items())
        return ValueError(f"{function} has no finite value at {told or 'these arguments'}")
    return None


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or (hasattr(value, "dtype") and hasattr(value, "detach"))


def _readable(value: Any) -> bool:
    if isinstance(value, float | np.ndarray):
        return not isinstance(value, np.ndarray) or value.dtype.kind in "fc"
    if not _is_array(value) or value.device.type != "cpu" or not value.is_floating_point():
        return False
    torch = sys.modules["torch"]
    return type(value).__name__ != "FakeTensor" and not (
        torch._C._functorch.is_functorch_wrapped_tensor(value)
    )


def _is_finite(value: Any) -> bool:
    if isinstance(value, float | np.ndarray):
        return bool(np.isfinite(value).all())
    try:
        return bool(value.isfinite().all())
    except RuntimeError:  # of a type or a layout for which PyTorch has no such look
        return True
