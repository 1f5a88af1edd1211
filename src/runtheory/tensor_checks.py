"""Refuse tensors that are not what a function asks for, in the wording of :mod:`runtheory.checks`.

Values of a tensor are looked at only where that costs no wait (:func:`readable`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

from runtheory import checks
from runtheory.boundary.arrays import shareable


def readable(tensor: Tensor) -> bool:
    """Tell whether values of ``tensor`` may be looked at: a CPU tensor that holds its numbers.

    Not on a GPU, where each look waits for the device; nor while compiling, under a transform of
    ``torch.func``, or for a tensor without storage (``meta``, ``FakeTensorMode``).
    """
    if torch.compiler.is_compiling() or tensor.device.type != "cpu":
        return False
    transformed = torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    return not (transformed or isinstance(tensor, FakeTensor))


def tensor(**values: Any) -> Tensor:
    """Return the one value as a tensor: a tensor as it is, a NumPy array of numbers sharing memory.

    Raises
    ------
    TypeError
        If it is neither, or an array that PyTorch has no type for.
    """
    ((name, value),) = values.items()
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(shareable(value))
    kind = f"array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise TypeError(f"{name} must be a tensor or a NumPy array of numbers, got {kind}")


def finite(**values: Any) -> None:
    """Raise ``ValueError`` for the first value that holds NaN or an infinity.

    Tensors whose values cannot be read without a wait pass (see :func:`readable`).
    """
    for name, value in values.items():
        if hasattr(value, "is_floating_point"):
            floating = value.is_floating_point() or value.is_complex()
            bad = floating and readable(value) and not bool(value.isfinite().all())
        else:
            bad = not bool(np.isfinite(np.asarray(value)).all())
        if bad:
            raise ValueError(f"{name} must be finite, got NaN or infinity")


def class_labels(
    labels: Any, *, classes: int, batch: int | None = None, name: str = "labels"
) -> Tensor:
    """Return labels (batch) of any integer type as int64, after a look at what they are.

    A range is checked where the labels are :func:`readable`. Without ``batch`` any length passes.

    Raises
    ------
    TypeError
        If they are no tensor or array, or not of an integer type (a truth value is none).
    ValueError
        If they have another shape, or one is not in 0, ..., classes - 1.
    """
    given = tensor(**{name: labels})
    if given.is_floating_point() or given.is_complex() or given.dtype is torch.bool:
        raise TypeError(f"{name} must be integers, got {given.dtype}")
    asked = "(batch,)" if batch is None else f"({batch},)"
    if given.ndim != 1 or (batch is not None and len(given) != batch):
        raise ValueError(f"{name} must have shape {asked}, got {tuple(given.shape)}")
    whole = given.to(torch.int64)  # not all integer types know their least value
    if readable(given):
        checks.labels_below(whole, classes, name=name)
    return whole


def equal_lengths(**values: Any) -> None:
    """Raise ``ValueError`` unless all values have one length along their first axis."""
    lengths = {name: len(value) for name, value in values.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"lengths must be equal, got {told}")


def equal_shapes(**values: Any) -> None:
    """Raise ``ValueError`` unless all values have one shape: nothing is broadcast in silence."""
    shapes = {name: tuple(value.shape) for name, value in values.items()}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes must be equal, got {told}")


def unit_range(**images: Tensor) -> None:
    """Raise ``TypeError`` for images that are not float, ``ValueError`` for those outside [0, 1].

    Values are looked at where they are :func:`readable`; NaN is refused.
    """
    for name, value in images.items():
        if not value.is_floating_point():
            raise TypeError(f"{name} must be float images in [0, 1], got {value.dtype}")
        if readable(value) and value.numel():
            least, largest = float(value.min()), float(value.max())
            if not (least >= 0 and largest <= 1):
                raise ValueError(f"{name} must lie in [0, 1], got {least:g} to {largest:g}")
