"""One claim, and a record of three arms against which a live slice is held."""

from __future__ import annotations

from runtheory.ledger import Claim
from runtheory.records import Record

ID = "masks/some"
SLIP = "The nearest slip."
CLAIM = Claim(ID, "Something is so.", "thm-some", "identity")

# Accuracies at the last of two steps: the seeds of an arm spread around its level in the same way.
SPREAD = {0: -0.1, 1: 0.0, 2: 0.1}  # a seed moves all arms alike
LEVELS = {1: 30.0, 7: 50.5, 8: 50.0}
RECORD = Record(
    chapter="masks",
    name="grid",
    preset="full",
    config={},
    seeds=tuple(SPREAD),
    rows=tuple(
        {"masks": masks, "seed": seed, "step": step, "accuracy": level + off + 2 * (step - 20)}
        for masks, level in LEVELS.items()
        for seed, off in SPREAD.items()
        for step in (10, 20)
    ),
    commit="unknown",
    hardware="a processor, 1 thread",
    versions={},
    wall_seconds=1.0,
    date="2026-01-31",
)
