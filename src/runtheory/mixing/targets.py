"""Class labels as float32 rows of class weights."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float32, Integer
from torch import Tensor

from runtheory import checks
from runtheory.mixing.plans import is_transformed

Targets = Integer[Tensor, "labels"] | Float[Tensor, "labels class"]
SoftRows = Float32[Tensor, "labels class"]
LABEL_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8)


def soft_targets(targets: Targets, classes: int | None = None) -> SoftRows:
    """Return ``targets`` as float32 rows: one-hot for integer labels, unchanged for soft ones.

    The rows never pass through the images' dtype, so class ids stay exact beside half-precision
    images (float16 holds integers exactly to 2048 only, bfloat16 to 256).

    Raises
    ------
    ValueError
        If the targets are neither signed integers of one axis nor floating-point numbers of two,
        integer labels come without ``classes``, soft targets do not have ``classes`` columns, or a
        label lies outside [0, classes). The range is looked at on the CPU; on other devices, inside
        ``torch.compile`` and under ``torch.func`` the scatter itself refuses it, since looking
        would synchronise.
    """
    check_targets(targets, classes)
    if targets.ndim == 2:
        return targets.to(torch.float32)
    assert classes is not None
    readable = not (torch.compiler.is_compiling() or is_transformed(targets))
    if targets.device.type == "cpu" and readable:
        checks.labels_below(targets, classes)
    # Not one_hot, whose rows are int64 and would be written twice.
    rows = torch.zeros(len(targets), classes, dtype=torch.float32, device=targets.device)
    return rows.scatter(1, targets.to(torch.int64)[:, None], 1.0)


def check_targets(targets: Tensor, classes: int | None) -> None:
    """Raise what :func:`soft_targets` says of targets of a wrong kind or shape."""
    if targets.ndim == 2 and targets.is_floating_point():
        if classes is not None and targets.shape[1] != classes:
            raise ValueError(f"soft targets must have {classes} columns, got {targets.shape[1]}")
    elif targets.ndim == 1 and targets.dtype in LABEL_TYPES:
        if classes is None or classes < 1:
            raise ValueError(f"integer labels need the number of classes, got classes={classes}")
    else:
        raise ValueError(
            "targets must be signed integers (batch,) or floating-point rows (batch, class), "
            f"got {targets.dtype} of shape {tuple(targets.shape)}"
        )


def smooth_targets(targets: SoftRows, amount: float) -> SoftRows:
    """Return (1 - amount) targets + amount / classes: smoothed towards the uniform distribution."""
    return (1 - amount) * targets + amount / targets.shape[1]
