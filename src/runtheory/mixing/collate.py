"""Batches of a ``DataLoader``, mixed as they are collated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import default_collate

from runtheory import checks
from runtheory.mixing.apply import apply, apply_, check_batch
from runtheory.mixing.draw import draw_cutmix, draw_mixup
from runtheory.mixing.placement import CLIPPED, IntervalRule
from runtheory.mixing.plans import Plan
from runtheory.mixing.targets import smooth_targets, soft_targets
from runtheory.randomness import LoaderStreams

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True, kw_only=True)
class Collate:
    """Collate examples to a batch, mix it by CutMix or mixup, and return images and soft targets.

    Give it to a ``DataLoader`` as its ``collate_fn``. ``cutmix_alpha`` and ``mixup_alpha`` are the
    parameters of Beta(alpha, alpha), and 0 turns the kind off; where both are on, a batch is mixed
    by CutMix with probability ``switch`` and by mixup else. ``probability`` is that of an image to
    be mixed at all, or with ``per_image`` False that of the batch, which then has one box or one
    weight. Labels are integers of ``classes`` classes, or soft rows; ``smoothing`` moves the mixed
    rows that far towards the uniform distribution. Mixup takes examples of any shape.

    ``collate`` makes the pair of images and targets. The batch of PyTorch's own is mixed in place.

    The numbers drawn are another's in every worker, epoch and rank (see
    :class:`runtheory.randomness.LoaderStreams`). Call :meth:`set_epoch` before each epoch, as of a
    ``DistributedSampler``, for numbers that ``seed``, ``rank``, worker and epoch alone determine: a
    run resumed at an epoch then draws what it would have drawn. An object can be pickled.

    Raises
    ------
    ValueError
        If a parameter is out of range; and of a batch, if ``collate`` returns no pair, or as
        :func:`runtheory.mixing.apply` does.
    TypeError
        As :func:`runtheory.mixing.apply`.

    Examples
    --------
    >>> import torch
    >>> from torch.utils.data import DataLoader, TensorDataset
    >>> from runtheory.mixing import Collate
    >>> examples = TensorDataset(torch.rand(16, 3, 8, 8), torch.arange(16) % 4)
    >>> mixing = Collate(classes=4, seed=0, mixup_alpha=0.2, smoothing=0.1)
    >>> loader = DataLoader(examples, batch_size=8, collate_fn=mixing)
    >>> for epoch in range(2):
    ...     mixing.set_epoch(epoch)
    ...     for images, targets in loader:
    ...         assert images.shape == (8, 3, 8, 8) and targets.shape == (8, 4)
    """

    classes: int
    seed: int
    cutmix_alpha: float = 1.0
    mixup_alpha: float = 0.0
    switch: float = 0.5
    probability: float = 1.0
    smoothing: float = 0.0
    per_image: bool = True
    placement: IntervalRule = CLIPPED
    rank: int | None = None
    collate: Callable[[list[Any]], Any] = default_collate
    streams: LoaderStreams = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.at_least(1, classes=self.classes)
        for name in ("cutmix_alpha", "mixup_alpha"):
            checks.in_interval(0, float("inf"), ends="[)", **{name: getattr(self, name)})
        for name in ("switch", "probability", "smoothing"):
            checks.in_interval(0, 1, **{name: getattr(self, name)})
        object.__setattr__(self, "streams", LoaderStreams(self.seed, rank=self.rank))

    def set_epoch(self, epoch: int) -> None:
        """Draw the numbers of ``epoch`` from here on; call it before the loader is iterated."""
        self.streams.set_epoch(epoch)

    def __call__(self, examples: list[Any]) -> Batch:
        """Return the mixed images and soft targets (batch, class) of the examples."""
        images, targets = _pair(self.collate(examples))
        plan = self.plan(images.shape)
        if plan is None:
            rows = soft_targets(targets, self.classes)
        else:
            # What PyTorch has just collated is nobody else's.
            mix = apply_ if self.collate is default_collate else apply
            images, rows = mix(plan, images, targets, classes=self.classes)
        return images, smooth_targets(rows, self.smoothing) if self.smoothing else rows

    def plan(self, shape: torch.Size | tuple[int, ...]) -> Plan | None:
        """Draw the plan of the next batch, or None where both kinds are off."""
        if not (self.cutmix_alpha or self.mixup_alpha):
            return None
        uniform = float(torch.rand((), generator=self.streams["switch"]))
        if self.mixup_alpha and (not self.cutmix_alpha or uniform >= self.switch):
            return draw_mixup(
                shape,
                alpha=self.mixup_alpha,
                per_image=self.per_image,
                probability=self.probability,
                generator=self.streams["mixing"],
            )
        return draw_cutmix(
            shape,
            alpha=self.cutmix_alpha,
            placement=self.placement,
            per_image=self.per_image,
            probability=self.probability,
            generator=self.streams["mixing"],
        )


def _pair(batch: Any) -> Batch:
    """Return the two parts of a batch of images and targets, after a look at what they are."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        told = f"{type(batch).__name__} of {len(batch)}" if hasattr(batch, "__len__") else batch
        raise ValueError(f"a batch must be a pair (images, targets), got {told}")
    images, targets = batch
    check_batch(images, targets)
    return images, targets
