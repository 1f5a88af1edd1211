"""A run's state has one owner, and its rows tell what was measured on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import nn

from runtheory.randomness import Streams
from runtheory.shapes import Indices


@dataclass(frozen=True)
class TrainingRow:
    """The state of a run after ``step`` steps.

    ``epoch`` is the number of passes so far (fractional), ``seconds`` the time spent training,
    evaluation and checkpoints excluded, ``loss`` the mean objective over the steps since the row
    before, ``learning_rate`` that of the last step, ``measures`` what ``evaluate`` returned.
    """

    step: int
    epoch: float
    seconds: float
    loss: float
    learning_rate: float
    measures: dict[str, float] = field(default_factory=dict)

    def flat(self) -> dict[str, int | float]:
        """Return all columns in one dictionary, as a record keeps them.

        Raises
        ------
        ValueError
            If a measure bears the name of another column.
        """
        columns = asdict(self)
        measures = columns.pop("measures")
        shared = sorted(columns.keys() & measures.keys())
        if shared:
            raise ValueError(f"measures may not be called like a column of the row, got {shared}")
        return {**columns, **measures}


@dataclass
class RunState:
    """All that changes while a run goes on, and so all that a checkpoint keeps.

    ``step`` counts finished steps, ``order`` is the permutation of the current epoch on the device
    of the data (the position inside it follows from ``step``), ``losses`` are the losses since the
    last row, ``rows`` all rows so far and ``seconds`` the training time.
    """

    net: nn.Module
    optimiser: torch.optim.Optimizer
    streams: Streams
    step: int = 0
    # Empty before the first epoch, which draws it.
    order: Indices = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    losses: list[float] = field(default_factory=list)
    rows: list[TrainingRow] = field(default_factory=list)
    seconds: float = 0.0

    def shapes(self) -> dict[str, list[int] | None]:
        """Return the shapes of what the state dict of the network holds, None for extra states.

        These may grow as a run goes on: that of a head which draws its own masks does.
        """
        return {
            name: None if name.endswith("_extra_state") else list(value.shape)
            for name, value in self.net.state_dict().items()
        }
