"""Batches cover a random permutation, whole and once, on the generator's device."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.data import batches
from runtheory.randomness import stream


@given(count=st.integers(1, 200), batch_size=st.integers(1, 230), seed=st.integers(0, 5))
def test_one_epoch_is_a_permutation_in_full_batches(count, batch_size, seed) -> None:
    parts = list(batches(count, batch_size, generator=stream(seed, "batches")))
    assert sorted(torch.cat(parts).tolist()) == list(range(count))
    assert all(len(part) == batch_size for part in parts[:-1])
    assert 1 <= len(parts[-1]) <= batch_size
    assert all(part.dtype == torch.int64 for part in parts)


@given(count=st.integers(1, 200), batch_size=st.integers(1, 200))
def test_drop_last_leaves_out_only_the_short_batch(count, batch_size) -> None:
    if batch_size > count:
        return
    whole = list(batches(count, batch_size, generator=stream(0, "batches")))
    kept = list(batches(count, batch_size, generator=stream(0, "batches"), drop_last=True))
    assert len(kept) == count // batch_size
    assert all(torch.equal(a, b) for a, b in zip(whole, kept, strict=False))
    assert {len(part) for part in kept} == {batch_size}


def test_the_order_is_random_and_follows_the_generator() -> None:
    first, second = (next(batches(50, 50, generator=stream(s, "batches"))) for s in (0, 1))
    again = next(batches(50, 50, generator=stream(0, "batches")))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first, torch.arange(50))


def test_the_stream_advances_once_an_epoch_however_far_it_is_read() -> None:
    read, unread = stream(3, "batches"), stream(3, "batches")
    list(batches(20, 3, generator=read))
    batches(20, 3, generator=unread)
    assert torch.equal(read.get_state(), unread.get_state())
    second = torch.cat(list(batches(20, 3, generator=read)))
    assert torch.equal(second, torch.cat(list(batches(20, 3, generator=unread))))


@pytest.mark.parametrize(
    ("count", "batch_size", "drop_last", "message"),
    [
        (0, 4, False, "count must be at least 1, got 0"),
        (4, 0, False, "batch_size must be at least 1, got 0"),
        (4, -2, False, "batch_size must be at least 1, got -2"),
        (4, 5, True, "batch_size 5 exceeds the 4 examples"),
    ],
)
def test_wrong_sizes_are_refused_at_the_call(count, batch_size, drop_last, message) -> None:
    with pytest.raises(ValueError, match=message):
        batches(count, batch_size, generator=stream(0, "batches"), drop_last=drop_last)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_batches_on_the_device_do_not_wait_for_it() -> None:
    generator = stream(0, "batches", device="cuda")
    torch.cuda.set_sync_debug_mode("error")
    try:
        parts = list(batches(1000, 64, generator=generator))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert {part.device.type for part in parts} == {"cuda"}
    assert sorted(torch.cat(parts).tolist()) == list(range(1000))
