"""How times grow: a row a size, from inputs made one size at a time; nothing here is timed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import torch

from benchmarks import harness, scaling, table
from benchmarks.scaling import FACTORS, Question, Size
from runtheory import records
from tests.book.test_benchmarks import Clock


def growing(clock: Clock, *, peer: bool = True) -> Question:
    """Return a question whose own way takes as many seconds as the factor, a peer twice that."""

    def at(factor: float) -> Size:
        ours, theirs = clock.way("ours", factor).step, clock.way("peer", 2 * factor).step
        assert ours is not None
        return Size(f"{16 * factor:g} things", ours, theirs if peer else None, rounds=2)

    return Question("things", "a growing toy", "a peer", at)


def test_a_question_gives_a_row_a_size() -> None:
    clock = Clock()
    rows = scaling.rows(growing(clock), clock=clock)
    assert [row["factor"] for row in rows] == list(FACTORS)
    assert [row["size"] for row in rows] == [f"{n} things" for n in (1, 4, 16, 64, 256)]
    assert [row["ours_ms"] for row in rows] == [1e3 * factor for factor in FACTORS]
    assert [row["peer_ms"] for row in rows] == [2e3 * factor for factor in FACTORS]
    assert {row["ratio"] for row in rows} == {2.0}
    assert {(row["question"], row["peer"]) for row in rows} == {("things", "a peer")}


def test_a_peer_that_is_not_there_leaves_its_numbers_empty() -> None:
    clock = Clock()
    rows = scaling.rows(growing(clock, peer=False), clock=clock)
    assert {(row["peer_ms"], row["ratio"]) for row in rows} == {(None, None)}
    assert table.scaling_cells(rows[0])[2:] == ("62.5", "a peer", "–", "–")


def test_the_harness_asks_the_parts_that_have_a_question(tmp_path: Path) -> None:
    clock, device = Clock(), torch.device("cpu")
    asking = SimpleNamespace(scaling=lambda device: [growing(clock)])
    rows = harness.grown_rows([SimpleNamespace(), asking], device=device, clock=clock)
    assert len(rows) == len(FACTORS)
    record = harness.described(rows, device, threads=1, seconds=1.0, name=scaling.NAME)
    records.write(record, tmp_path)
    assert records.read("benchmarks/scaling", tmp_path).rows == tuple(rows)
