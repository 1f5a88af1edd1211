"""What the training loop yields."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Row:
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
