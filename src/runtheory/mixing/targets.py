"""Class labels as float32 rows of class weights."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float32, Float64, Int64, Integer
from torch import Tensor

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.mixing.boxes import check_partners

Targets = Integer[Tensor, "labels"] | Float[Tensor, "labels class"]
SoftRows = Float32[Tensor, "labels class"]


@checked
def soft_targets(targets: Targets, classes: int | None = None) -> SoftRows:
    """Return ``targets`` as float32 rows: one-hot for integer labels, unchanged for soft ones.

    The rows never pass through the images' dtype, so class ids stay exact beside half-precision
    images (float16 holds integers exactly to 2048 only, bfloat16 to 256).

    Soft rows are taken as they are: what is negative, not normalised or NaN stays so.

    Raises
    ------
    ValueError
        If the targets are neither integers of one axis nor floating-point numbers of two, integer
        labels come without ``classes``, soft targets do not have ``classes`` columns, or a label
        lies outside [0, classes). The range is looked at on the CPU; on other devices, inside
        ``torch.compile`` and under ``torch.func`` the scatter itself refuses it, since looking
        would synchronise.
    """
    check_targets(targets, classes)
    if targets.ndim == 2:
        return targets.to(torch.float32)
    assert classes is not None
    labels = tensor_checks.class_labels(targets, classes=classes)
    # Not one_hot, whose rows are int64 and would be written twice.
    rows = torch.zeros(len(labels), classes, dtype=torch.float32, device=labels.device)
    return rows.scatter(1, labels[:, None], 1.0)


@checked
def mixed_labels(
    targets: Integer[Tensor, "labels"],
    partner: Int64[Tensor, "labels"],
    share: Float64[Tensor, "labels"],
    classes: int | None,
) -> SoftRows:
    """Return (1 - share) of each label's row and share of its partner's, two entries a row.

    The value is that of mixing the one-hot rows: 1 - share + share is 1 in float32 as well.

    Raises
    ------
    ValueError
        As :func:`soft_targets`.
    """
    check_targets(targets, classes)
    check_partners(partner)
    assert classes is not None
    labels = tensor_checks.class_labels(targets, classes=classes)[:, None]
    weight = share.to(torch.float32)[:, None]
    rows = torch.zeros(len(labels), classes, dtype=torch.float32, device=labels.device)
    return rows.scatter_(1, labels, 1 - weight).scatter_add_(1, labels[partner], weight)


@checked
def check_targets(targets: Tensor, classes: int | None) -> None:
    """Raise what :func:`soft_targets` says of targets of a wrong kind or shape."""
    if targets.ndim == 2 and targets.is_floating_point():
        if classes is not None and targets.shape[1] != classes:
            raise ValueError(f"soft targets must have {classes} columns, got {targets.shape[1]}")
    elif targets.ndim == 1 and _counts(targets):
        if classes is None or classes < 1:
            raise ValueError(f"integer labels need the number of classes, got classes={classes}")
    else:
        raise ValueError(
            "targets must be integers (batch,) or floating-point rows (batch, class), "
            f"got {targets.dtype} of shape {tuple(targets.shape)}"
        )


@checked
def smooth_targets(targets: SoftRows, amount: float) -> SoftRows:
    """Return (1 - amount) targets + amount / classes: smoothed towards the uniform distribution."""
    return (1 - amount) * targets + amount / targets.shape[1]


def _counts(targets: Tensor) -> bool:
    """Return whether the targets are of an integer type; a truth value is none."""
    return not (targets.is_floating_point() or targets.is_complex() or targets.dtype is torch.bool)
