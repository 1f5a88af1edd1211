"""The time of a step for each number of masks."""

from __future__ import annotations

import pytest

from runtheory import runs
from runtheory.recipes.multi_sample_dropout.step_time import step_time


def test_the_line_is_the_body_and_a_head_for_each_mask() -> None:
    rows = runs.live(step_time, "tiny", seeds=[0])
    assert [row["samples"] for row in rows] == rows[0]["timed_samples"] == [1, 2, 4, 8, 16, 32]
    for row in rows:
        line = row["body_cost"] + row["samples"] * row["head_cost"]
        assert row["predicted"] == pytest.approx(line)
        assert row["milliseconds"] > 0
