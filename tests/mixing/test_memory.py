"""A buffer and a change in place allocate no second batch: peak resident size, in a child."""

from __future__ import annotations

import pytest

from tests.peak import peak_megabytes

SCRIPT = """
import sys

import torch

from runtheory.mixing import apply, apply_, draw_cutmix

torch.set_num_threads(1)
shape = (128, 3, 224, 224)  # 74 MiB
images, labels = torch.ones(shape), torch.zeros(128, dtype=torch.int64)
buffer = torch.ones(shape)
source = torch.Generator().manual_seed(0)
apply(draw_cutmix((8, 3, 8, 8), generator=source), images[:8, :, :8, :8], labels[:8], classes=2)
start()
plan = draw_cutmix(shape, generator=source)
if sys.argv[1] == "new":
    apply(plan, images, labels, classes=2)
elif sys.argv[1] == "out":
    apply(plan, images, labels, classes=2, out=buffer)
else:
    apply_(plan, images, labels, classes=2)
"""
BATCH = 128 * 3 * 224 * 224 * 4 / 2**20  # MiB


@pytest.mark.parametrize(("way", "batches"), [("new", 1.1), ("out", 0.1), ("in place", 0.1)])
def test_no_more_memory_is_taken_than_the_way_needs(way: str, batches: float) -> None:
    grown = peak_megabytes(SCRIPT, way)
    assert grown < batches * BATCH
    if way == "new":
        assert grown > 0.9 * BATCH  # what is measured is seen
