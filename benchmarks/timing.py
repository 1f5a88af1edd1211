"""Ways to do one task that take turns, and the ratio of their times with its spread.

A machine that slows down slows all ways of a round alike, so a ratio is taken within each round and
the median over the rounds is reported with its quartiles; the milliseconds beside it depend on the
machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Step = Callable[[], object]
Row = dict[str, str | float | int | None]
ABSENT = "cannot be imported here"


@dataclass(frozen=True)
class Way:
    """One way to do a task.

    ``step`` does it once; it is None where the package that would do it cannot be imported.
    ``scale`` multiplies the time of a step that does a known part of the task. A way with
    ``derived`` is not run: its time follows from those of the other ways of the same round.
    """

    name: str
    step: Step | None = None
    scale: float = 1.0
    note: str = ""
    derived: Callable[[Mapping[str, float]], float] | None = None


@dataclass(frozen=True)
class Comparison:
    """Our way beside its peers; ``also`` take turns too, but have no row of their own.

    A measurement is the mean of ``repeats`` calls, and there are ``rounds`` of them for each way.
    ``keeps_memory`` False leaves it to the system whether freed memory is kept.
    """

    key: str
    what: str
    ours: Way
    peers: tuple[Way, ...]
    also: tuple[Way, ...] = ()
    rounds: int = 21
    repeats: int = 1
    keeps_memory: bool = True

    @property
    def ways(self) -> tuple[Way, ...]:
        return (self.ours, *self.peers, *self.also)


def take_turns(
    comparison: Comparison, *, clock: Callable[[], float], settle: Step | None = None
) -> dict[str, list[float]]:
    """Return the seconds of every way that is there, one number a round.

    One round goes untimed first. Every other round takes the ways in reverse, so that none always
    finds the caches as the same other one left them. ``settle`` waits for a device's queue.

    Raises
    ------
    ValueError
        If there are fewer than two rounds, which have no quartiles.
    """
    if comparison.rounds < 2:
        raise ValueError(f"quartiles need at least two rounds, got {comparison.rounds}")
    run = [way for way in comparison.ways if way.step is not None]
    seconds: dict[str, list[float]] = {way.name: [] for way in run}
    for number in range(comparison.rounds + 1):
        for way in run if number % 2 else reversed(run):
            taken = _seconds(way, repeats=comparison.repeats, clock=clock, settle=settle)
            if number:
                seconds[way.name].append(way.scale * taken)
    turns = [dict(zip(seconds, turn, strict=True)) for turn in zip(*seconds.values(), strict=True)]
    for way in comparison.ways:
        if way.derived is not None:
            seconds[way.name] = [way.derived(turn) for turn in turns]
    return seconds


def rows(comparison: Comparison, seconds: Mapping[str, Sequence[float]]) -> list[Row]:
    """Return one flat row a peer; ``ratio`` is peer / ours, above 1 where ours is faster."""
    ours = seconds[comparison.ours.name]
    low, middle, high = (1e3 * value for value in quartiles(ours))
    found: list[Row] = []
    for peer in comparison.peers:
        row: Row = {
            "comparison": comparison.key,
            "what": comparison.what,
            "ours_ms": middle,
            "ours_low_ms": low,
            "ours_high_ms": high,
            "peer": peer.name,
            **_ratio(ours, seconds.get(peer.name)),
            "rounds": comparison.rounds,
            "repeats": comparison.repeats,
            "note": peer.note if peer.name in seconds else ABSENT,
        }
        found.append(row)
    return found


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile, interpolated between the values."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def _ratio(ours: Sequence[float], peer: Sequence[float] | None) -> Row:
    if peer is None:
        return {"peer_ms": None, "ratio": None, "ratio_low": None, "ratio_high": None}
    low, middle, high = quartiles([their / our for their, our in zip(peer, ours, strict=True)])
    return {
        "peer_ms": 1e3 * statistics.median(peer),
        "ratio": middle,
        "ratio_low": low,
        "ratio_high": high,
    }


def _seconds(way: Way, *, repeats: int, clock: Callable[[], float], settle: Step | None) -> float:
    assert way.step is not None
    if settle is not None:
        settle()
    began = clock()
    for _ in range(repeats):
        way.step()
    if settle is not None:
        settle()
    return (clock() - began) / repeats
