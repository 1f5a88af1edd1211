"""How far a run has come."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from runtheory.training.rows import Row


@dataclass
class Progress:
    """The part of a run's state that is neither network, optimiser nor random stream.

    ``step`` counts finished steps, ``order`` is the permutation of the current epoch (the position
    inside it follows from ``step``), ``losses`` are the losses since the last row, ``seconds`` the
    training time and ``rows`` all rows so far.
    """

    step: int = 0
    order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)
