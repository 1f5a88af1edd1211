"""Logits of many masks meet their targets: shapes, options, and PyTorch's mean over examples."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Outputs = Float[Tensor, "rows ..."]
Targets = Integer[Tensor, "batch *position"] | Float[Tensor, "batch ..."]
Weight = Float[Tensor, " class"]

_NO_LABEL = -(2**62)  # what PyTorch ignores where nothing is to be ignored
_SUM_ERROR = 0.02  # of a distribution: as in bfloat16


@dataclass(frozen=True)
class Options:
    """What PyTorch's cross entropy has as options."""

    weight: Tensor | None
    ignore_index: int | None
    smoothing: float

    def mean(self, averaged: Tensor, targets: Tensor) -> Tensor:
        """Return the mean of -sum_k w_k y_k a_k as PyTorch takes it; a need not be normalised."""
        classes, soft = averaged.shape[-1], targets.is_floating_point()
        self._check(classes, soft)
        share = self.smoothing
        weight = None if self.weight is None else self.weight.to(averaged.dtype)
        if soft:
            smooth = targets * (1 - share) + share / classes if share else targets
            return -(smooth * (averaged if weight is None else averaged * weight)).sum(-1).mean()
        rows, labels = averaged.flatten(0, -2), targets.flatten()
        ignored = _NO_LABEL if self.ignore_index is None else self.ignore_index
        hard = nn.functional.nll_loss(rows, labels, weight, ignore_index=ignored)
        if not share:
            return hard
        kept = labels != ignored
        spread = -(rows if weight is None else rows * weight).sum(-1)  # (row)
        counts = rows.new_ones(classes) if weight is None else weight
        total = (counts[torch.where(kept, labels, 0)] * kept).sum()
        uniform = torch.where(kept, spread, 0).sum() / (total * classes)
        return (1 - share) * hard + share * uniform

    def _check(self, classes: int, soft: bool) -> None:
        checks.in_interval(0, 1, label_smoothing=self.smoothing)
        if soft and self.ignore_index is not None:
            raise ValueError(
                f"ignore_index is for class indices, got {self.ignore_index} with distributions"
            )
        if self.weight is not None and self.weight.shape != (classes,):
            raise ValueError(f"weight must be ({classes},), got {tuple(self.weight.shape)}")


@checked
def by_sample(
    logits: Outputs, targets: Targets, *, ignore_index: int | None = None
) -> tuple[Float[Tensor, "sample batch *position class"], Targets]:
    """Return logits with a sample axis of their own, and targets that fit them.

    Whether the logits have that axis or are sample x batch rows follows from the number of axes of
    the targets. Integer targets come back as int64.

    Raises
    ------
    TypeError, ValueError
        As ``mean_of_losses``.
    """
    classes = logits.shape[-1] if logits.ndim > 1 else 0
    dtype = targets.dtype
    if dtype is torch.bool or targets.is_complex():
        raise TypeError(f"targets must be class indices or distributions, got {dtype}")
    soft = targets.is_floating_point()
    expected = targets.shape if soft else (*targets.shape, classes)
    told = f"{dtype} targets {tuple(targets.shape)}"
    samples = unfolded(logits, expected, told if soft else f"{told}, classes being the last axis")
    if not tensor_checks.readable(targets):
        return samples, targets if soft else targets.to(torch.int64)
    if soft:
        _check_distributions(targets.detach())
        return samples, targets
    kept = targets if ignore_index is None else targets[targets != ignore_index]
    name = "without ignore_index, labels" if ignore_index is None else "labels"
    checks.labels_below(kept.flatten(), classes, name=name)
    return samples, targets.to(torch.int64)


@checked
def unfolded(outputs: Outputs, expected: tuple[int, ...], told: str) -> Tensor:
    """Return outputs as (sample, *expected); ``told`` is what asks for that shape."""
    shape = tuple(outputs.shape)
    batch, *rest = expected or (0,)
    folded = len(shape) == len(expected)
    fits = shape[1:] == (*rest,) if folded else shape[1:] == (batch, *rest)
    if not fits or batch == 0 or shape[0] == 0 or (folded and shape[0] % batch):
        raise ValueError(
            f"outputs of shape {shape} do not fit {told}: expected (sample, {_axes(expected)}) or "
            f"(sample x {_axes(expected)})"
        )
    return outputs.unflatten(0, (-1, batch)) if folded else outputs


def _axes(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))


def _check_distributions(targets: Tensor) -> None:
    least, sums = targets.min(), targets.sum(-1, dtype=torch.float64)
    if not bool(((sums - 1).abs() <= _SUM_ERROR).all() & (least >= 0)):
        raise ValueError("float targets must be distributions over the classes, got others")
