"""The one training loop, its settings, its schedule and its checkpoints."""

from runtheory.training.checkpoint import CheckpointMismatch
from runtheory.training.loop import Objective, classification, train
from runtheory.training.rows import Row
from runtheory.training.schedule import factor
from runtheory.training.settings import Settings, steps_per_epoch

__all__ = [
    "CheckpointMismatch",
    "Objective",
    "Row",
    "Settings",
    "classification",
    "factor",
    "steps_per_epoch",
    "train",
]
