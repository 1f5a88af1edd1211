"""Alone; what two processes merge is tested beside their training."""

from __future__ import annotations

from runtheory.collapse.ranks import merge_across_ranks
from runtheory.collapse.statistics import class_statistics
from tests.collapse.examples import clouds


def test_one_process_keeps_its_own_state() -> None:
    features, labels = clouds([3, 4], 2)
    alone = class_statistics(features, labels, classes=2)
    assert merge_across_ranks(alone) is alone
