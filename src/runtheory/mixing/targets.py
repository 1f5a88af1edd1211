"""Class labels as float32 rows of class weights."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

Targets = Int64[Tensor, "labels"] | Float[Tensor, "labels class"]
SoftRows = Float32[Tensor, "labels class"]


def soft_targets(targets: Targets, classes: int | None = None) -> SoftRows:
    """Return ``targets`` as float32 rows: one-hot for integer labels, unchanged for soft ones.

    The rows never pass through the images' dtype, so class ids stay exact beside half-precision
    images (float16 holds integers exactly to 2048 only, bfloat16 to 256).

    Raises
    ------
    ValueError
        If integer labels come without ``classes``, soft targets do not have ``classes`` columns,
        or a label lies outside [0, classes). The range is looked at on the CPU; on other devices
        and inside ``torch.compile`` the scatter itself refuses it, since looking would synchronise.
    """
    if targets.ndim == 2:
        if classes is not None and targets.shape[1] != classes:
            raise ValueError(f"soft targets must have {classes} columns, got {targets.shape[1]}")
        return targets.to(torch.float32)
    if classes is None or classes < 1:
        raise ValueError(f"integer labels need the number of classes, got classes={classes}")
    if targets.device.type == "cpu" and not torch.compiler.is_compiling():
        _check_range(targets, classes)
    rows = torch.zeros(len(targets), classes, dtype=torch.float32, device=targets.device)
    return rows.scatter(1, targets[:, None], 1.0)


def smooth_targets(targets: SoftRows, amount: float) -> SoftRows:
    """Return (1 - amount) targets + amount / classes: smoothed towards the uniform distribution."""
    return (1 - amount) * targets + amount / targets.shape[1]


def _check_range(labels: Tensor, classes: int) -> None:
    if len(labels) and (int(labels.min()) < 0 or int(labels.max()) >= classes):
        low, high = int(labels.min()), int(labels.max())
        raise ValueError(f"labels must lie in [0, {classes}), got a range of [{low}, {high}]")
