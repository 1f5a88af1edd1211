"""One training loop serves all networks of the book, with its data, settings and checkpoints."""

from runtheory.training.examples import Data, Examples
from runtheory.training.loop import classification, train
from runtheory.training.optimisers import decay_groups, nesterov
from runtheory.training.run import Objective
from runtheory.training.schedules import warmup_cosine
from runtheory.training.settings import Settings, steps_per_epoch
from runtheory.training.state import RunState, TrainingRow
from runtheory.training.stored import CheckpointMismatch

__all__ = [
    "CheckpointMismatch",
    "Data",
    "Examples",
    "Objective",
    "RunState",
    "Settings",
    "TrainingRow",
    "classification",
    "decay_groups",
    "nesterov",
    "steps_per_epoch",
    "train",
    "warmup_cosine",
]
