"""Settings refuse what no run could use, and share the schedule's peak."""

from __future__ import annotations

import math

import pytest

from runtheory.training import Settings, steps_per_epoch, warmup_cosine


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"learning_rate": math.nan}, "got nan"),
        ({"momentum": 1.0}, r"momentum must lie in \[0, 1\), got 1.0"),
        ({"weight_decay": -0.1}, r"weight_decay must lie in \[0, inf\), got -0.1"),
        ({"warmup": 1.2}, r"warmup must lie in \[0, 1\], got 1.2"),
        ({"floor": -1.0}, r"floor must lie in \[0, 1\], got -1.0"),
        ({"evaluate_every": -1}, "evaluate_every must not be negative, got -1"),
        ({"checkpoint_every": -1}, "checkpoint_every must not be negative"),
    ],
)
def test_settings_outside_their_range_are_refused(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**{"steps": 5, "batch_size": 2, "learning_rate": 0.1, **change})


def test_the_rate_is_the_share_of_the_peak() -> None:
    settings = Settings(steps=10, batch_size=1, learning_rate=0.3, warmup=0.4, floor=0.1)
    for step in range(10):
        share = warmup_cosine(step, steps=10, warmup=0.4, floor=0.1)
        assert settings.share(step) == share
        assert settings.rate(step) == 0.3 * share


def test_an_epoch_holds_whole_batches() -> None:
    assert [steps_per_epoch(10, size) for size in (1, 3, 5, 10)] == [10, 3, 2, 1]
    with pytest.raises(ValueError, match=r"batch_size must lie in \[1, 10\], got 11"):
        steps_per_epoch(10, 11)
