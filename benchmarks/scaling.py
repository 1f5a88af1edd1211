"""How the time of our way, and of a peer, grows with the size of a task.

A part that has something to say here offers ``scaling(device) -> list[Question]`` beside its
``comparisons``. Every question is measured at ``FACTORS`` of the size that the table of benchmarks
has, from a sixteenth to sixteen times, and gives one flat row a size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.timing import Comparison, Row, Step, Way, take_turns
from benchmarks.timing import rows as compared

FACTORS = (1 / 16, 1 / 4, 1.0, 4.0, 16.0)
NAME = "scaling"  # of the record, beside that of the table


@dataclass(frozen=True)
class Size:
    """One size of a task, made ready: ``label`` names it, a ``peer`` of None is not there."""

    label: str
    ours: Step
    peer: Step | None
    rounds: int = 5
    repeats: int = 1


@dataclass(frozen=True)
class Question:
    """How the times grow: ``at(factor)`` makes the inputs of one size, and only of that one."""

    key: str
    what: str
    peer: str
    at: Callable[[float], Size]


def rows(
    question: Question, *, clock: Callable[[], float], settle: Step | None = None
) -> list[Row]:
    """Return the question's rows, one a size: medians of our time and the peer's, and the ratio."""
    return [_row(question, factor, clock, settle) for factor in FACTORS]


def _row(question: Question, factor: float, clock: Callable[[], float], settle: Step | None) -> Row:
    size = question.at(factor)
    comparison = Comparison(
        question.key,
        question.what,
        Way("ours", size.ours),
        (Way(question.peer, size.peer),),
        rounds=size.rounds,
        repeats=size.repeats,
    )
    (row,) = compared(comparison, take_turns(comparison, clock=clock, settle=settle))
    kept = ("what", "ours_ms", "peer", "peer_ms", "ratio", "rounds")
    named: Row = {"question": question.key, "size": size.label, "factor": factor}
    return named | {column: row[column] for column in kept}
