"""The one training loop, its settings, its schedule and its checkpoints."""

from runtheory.training.checkpoint import CheckpointMismatch
from runtheory.training.loop import classification, train
from runtheory.training.ranks import Objective, Ranks, started_by_torchrun
from runtheory.training.rows import Row
from runtheory.training.schedule import factor
from runtheory.training.settings import Settings, steps_per_epoch

__all__ = [
    "CheckpointMismatch",
    "Objective",
    "Ranks",
    "Row",
    "Settings",
    "classification",
    "factor",
    "started_by_torchrun",
    "steps_per_epoch",
    "train",
]
