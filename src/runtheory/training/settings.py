"""Settings name the length, batch, learning rate and schedule of one run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtheory import checks
from runtheory.boundary import checked
from runtheory.training.schedules import _share_of_peak


@dataclass(frozen=True)
class Settings:
    """Length, batch, optimiser and schedule of one run.

    ``learning_rate`` is the peak; ``warmup`` (share of the steps) and ``floor`` (share of the
    peak) shape it as in :func:`warmup_cosine`. ``momentum`` and ``weight_decay`` are for the
    optimiser: :func:`runtheory.training.nesterov` reads both. A row is due every ``evaluate_every``
    steps (0: never) and after the last step, a checkpoint every ``checkpoint_every`` steps (0: with
    each row) and after the last. ``mixed_precision`` runs the objective under bfloat16 autocast on
    CUDA; elsewhere it has no effect.

    Raises
    ------
    ValueError
        If a value lies outside its range.
    """

    steps: int
    batch_size: int
    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup: float = 0.2
    floor: float = 0.0
    evaluate_every: int = 0
    checkpoint_every: int = 0
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        checks.at_least(1, steps=self.steps, batch_size=self.batch_size)
        checks.not_negative(
            evaluate_every=self.evaluate_every, checkpoint_every=self.checkpoint_every
        )
        checks.positive_finite(learning_rate=self.learning_rate)
        checks.in_interval(0, 1, ends="[)", momentum=self.momentum)
        checks.in_interval(0, math.inf, ends="[)", weight_decay=self.weight_decay)
        checks.in_interval(0, 1, warmup=self.warmup, floor=self.floor)

    def share(self, step: int) -> float:
        """Return the share of the peak learning rate that step ``step``, counted from 0, uses."""
        if not 0 <= step < self.steps:
            raise ValueError(f"step must lie in [0, {self.steps}), got {step}")
        return _share_of_peak(step, steps=self.steps, warmup=self.warmup, floor=self.floor)

    def rate(self, step: int) -> float:
        """Return the learning rate of step ``step``, counted from 0."""
        return self.learning_rate * self.share(step)


@checked
def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Return how many whole batches one pass holds; the remainder sits out that pass.

    Raises
    ------
    ValueError
        If not even one batch can be filled.
    """
    if not 1 <= batch_size <= examples:
        raise ValueError(f"batch_size must lie in [1, {examples}], got {batch_size}")
    return examples // batch_size
