"""Samples as every estimate of this package takes them: rows of finite numbers.

A tensor of any float type or a NumPy array; what is anything else is refused in words, before an
estimate of it could look like a number.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked


@checked
def sample(points: Any, name: str, *, least: int = 1) -> Float[Tensor, "sample feature"]:
    """Return ``points`` as a tensor of ``least`` or more rows, whole numbers as float64.

    Raises
    ------
    TypeError
        If they are neither a tensor nor a NumPy array of real numbers; ``name`` is the argument's.
    ValueError
        If they have not two axes, too few rows or no column, or a value that is not finite.
    """
    rows = tensor_checks.tensor(**{name: points})
    if rows.is_complex() or rows.dtype is torch.bool:
        raise TypeError(f"{name} must be real numbers, got {rows.dtype}")
    if rows.ndim != 2 or len(rows) < least or rows.shape[1] < 1:
        raise ValueError(
            f"{name} must have shape (sample, feature), at least {least} by 1, "
            f"got {tuple(rows.shape)}"
        )
    tensor_checks.finite(**{name: rows})
    return rows if rows.is_floating_point() else rows.to(torch.float64)


@checked
def equal_columns(
    first: Float[Tensor, "sample feature"], second: Float[Tensor, "other other_feature"]
) -> None:
    """Raise ``ValueError`` unless both samples have one number of features."""
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"both samples must have the same dimension, got {first.shape[1]} and {second.shape[1]}"
        )
