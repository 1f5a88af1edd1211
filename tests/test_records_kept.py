"""What was recorded stays, bit for bit: a later run may add columns to a record, but change none.

``golden/records.json`` holds a digest of each column of each record as it was first recorded. One
that is meant to change is taken out of that file in the commit that records it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runtheory import records
from runtheory.records import Row

GOLDEN: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "golden" / "records.json").read_text(encoding="utf-8")
)


def digest(rows: Sequence[Row], column: str) -> str:
    """Return the digest of one column, in the order of the rows; a row may lack it."""
    values = json.dumps([row.get(column, "<none>") for row in rows])
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def changed(rows: Sequence[Row], kept: dict[str, str]) -> list[str]:
    """Return the columns of which another digest was kept."""
    return [column for column, old in kept.items() if digest(rows, column) != old]


@pytest.mark.parametrize("name", GOLDEN)
def test_every_old_column_keeps_its_values(name: str) -> None:
    assert changed(records.read(name).rows, GOLDEN[name]) == []


def test_a_change_in_the_last_digit_is_seen_and_a_new_column_is_not() -> None:
    name = "multi_sample_dropout/grid"
    record, kept = records.read(name), GOLDEN[name]
    more = [{**row, "added": 1} for row in record.rows]
    assert changed(more, kept) == []
    *others, last = record.rows
    nudged = {**last, "test_loss": last["test_loss"] * (1 + 2**-52)}
    assert changed([*others, nudged], kept) == ["test_loss"]
    assert changed(others, kept) == list(kept)
    gone = [{key: value for key, value in row.items() if key != "step"} for row in record.rows]
    assert changed(gone, kept) == ["step"]
    mixed = replace(record, rows=(last, *others))
    assert "test_loss" in changed(mixed.rows, kept)
