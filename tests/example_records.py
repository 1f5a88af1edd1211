"""Two small records: one of single rows, one of several arms, steps and seeds."""

from __future__ import annotations

from dataclasses import replace

from runtheory.records import Record

RECORD = Record(
    chapter="first",
    name="grid",
    preset="tiny",
    config={"axes": {"rate": [0.1, 0.5]}, "threads": 1},
    seeds=(0, 1),
    rows=(
        {"rate": 0.1, "seed": 0, "step": 10, "loss": 0.1 + 0.2},
        {"rate": 0.1, "seed": 1, "step": 10, "loss": 2.0},
        {"rate": 0.5, "seed": 0, "step": 10, "loss": 1e-300, "note": None},
    ),
    commit="unknown",
    hardware="a processor, 1 thread",
    versions={"torch": "2.13.0"},
    wall_seconds=1.5,
    date="2026-01-31",
)

# Seeds with a gap, in the order of the run; arms of two steps; the arm without a mask has no rate,
# and its notes are text.
ARMS = {
    (1, 0.5): {0: (1.0, 2.0), 2: (3.0, 2.0), 5: (5.0, 5.0)},
    (8, 0.5): {0: (4.0, 9.0), 2: (4.0, 10.0), 5: (7.0, 14.0)},
    (8, 0.8): {0: (0.5, 0.0), 2: (0.5, 1.0), 5: (0.5, 8.0)},
}
RUNS = replace(
    RECORD,
    seeds=(0, 2, 5),
    rows=tuple(
        {"masks": masks, "rate": rate, "seed": seed, "step": step, "loss": loss, "twice": 2 * loss}
        for (masks, rate), runs in ARMS.items()
        for seed, losses in runs.items()
        for step, loss in zip((10, 20), losses, strict=True)
    )
    + tuple({"masks": 0, "seed": seed, "step": 10, "note": "none"} for seed in (0, 2, 5)),
)
EIGHT = {"masks": 8, "rate": 0.5}


def without(record: Record, **values: object) -> Record:
    """Return the record without the rows that have all these values."""
    rows = (row for row in record.rows if not values.items() <= row.items())
    return replace(record, rows=tuple(rows))
