"""What a run of the training loop is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from runtheory.training.schedule import factor


@dataclass(frozen=True)
class Settings:
    """Length, batch, optimiser and schedule of one run.

    ``learning_rate`` is the peak; ``warmup`` (share of the steps) and ``floor`` (share of the
    peak) shape it as in :func:`runtheory.training.factor`. ``weight_decay`` acts on weights (at
    least two axes), not on biases and normalisation. A row is due every ``evaluate_every`` steps
    (0: never) and after the last step, a checkpoint every ``checkpoint_every`` steps (0: with each
    row) and after the last. ``mixed_precision`` runs the objective under bfloat16 autocast on
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
        for name in ("steps", "batch_size"):
            _require(getattr(self, name) >= 1, name, "be at least 1", getattr(self, name))
        for name in ("evaluate_every", "checkpoint_every"):
            _require(getattr(self, name) >= 0, name, "not be negative", getattr(self, name))
        _require(
            0 < self.learning_rate < float("inf"),
            "learning_rate",
            "be positive and finite",
            self.learning_rate,
        )
        _require(0 <= self.momentum < 1, "momentum", "lie in [0, 1)", self.momentum)
        _require(
            0 <= self.weight_decay < float("inf"),
            "weight_decay",
            "be finite and not negative",
            self.weight_decay,
        )
        for name in ("warmup", "floor"):
            _require(0 <= getattr(self, name) <= 1, name, "lie in [0, 1]", getattr(self, name))

    def rate(self, step: int) -> float:
        """Return the learning rate of step ``step``, counted from 0."""
        share = factor(step, steps=self.steps, warmup=self.warmup, floor=self.floor)
        return self.learning_rate * share


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


def _require(holds: bool, name: str, rule: str, value: int | float) -> None:
    if not holds:
        raise ValueError(f"{name} must {rule}, got {value}")
