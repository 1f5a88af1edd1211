"""Streams inside a ``DataLoader``: no worker, epoch or rank repeats another's numbers."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed

from runtheory.randomness import LoaderStreams, Streams, process_rank
from tests.loaders import Drawing, epochs

ROOT = Path(__file__).resolve().parents[1]

# Spawned workers import what they are given: so a script in a process of its own.
SCRIPT = """
import sys
from tests.loaders import Drawing, epochs
if __name__ == "__main__":
    spawned = epochs(Drawing(rank=1), workers=1, numbers=(0, 1), multiprocessing_context="spawn")
    forked = epochs(Drawing(rank=1), workers=1, numbers=(0, 1), multiprocessing_context="fork")
    assert spawned == forked, (spawned, forked)
    flat = sum(spawned, [])
    assert len(set(flat)) == len(flat) == 8, flat
    kept = epochs(Drawing(rank=1), workers=1, numbers=(0, 1), multiprocessing_context="spawn",
                  persistent_workers=True)
    assert kept == forked, (kept, forked)
"""


def distinct(*runs: list[list[float]]) -> bool:
    """Return whether no number of the runs occurs twice."""
    flat = [number for run in runs for epoch in run for number in epoch]
    return len(set(flat)) == len(flat) > 0


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("numbers", [(None, None), (0, 1)])
def test_no_batch_repeats_another(workers: int, numbers: tuple[int | None, ...]) -> None:
    first = epochs(Drawing(), workers=workers, numbers=numbers)
    other = epochs(Drawing(rank=1), workers=workers, numbers=numbers)
    assert distinct(first, other)
    assert epochs(Drawing(), workers=workers, numbers=numbers) == first


def test_workers_that_persist_hear_of_the_new_epoch() -> None:
    anew = epochs(Drawing(), workers=2, numbers=(0, 1))
    assert epochs(Drawing(), workers=2, numbers=(0, 1), persistent_workers=True) == anew
    assert distinct(epochs(Drawing(), workers=2, persistent_workers=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_draws_what_it_would_have_drawn(workers: int) -> None:
    whole = epochs(Drawing(), workers=workers, numbers=(0, 1, 2))
    # Another global seed: where an epoch is set, nothing depends on it.
    assert epochs(Drawing(), workers=workers, numbers=(1, 2), seed=9) == whole[1:]


def test_a_forgotten_epoch_is_told_once() -> None:
    # A loop in which only the first epoch is set: the workers of the second repeat its numbers.
    drawing = Drawing()
    with pytest.raises(RuntimeWarning, match=r"began again in epoch 0 .* call set_epoch before"):
        epochs(drawing, workers=2, numbers=(0, None))
    first, second = epochs(drawing, workers=2, numbers=(0, None))  # told already
    assert first == second
    for numbers in ((None, None), (0, 0), (0, 1)):
        epochs(Drawing(), workers=2, numbers=numbers)


def test_workers_that_persist_repeat_nothing_and_are_told_nothing() -> None:
    assert distinct(epochs(Drawing(), workers=2, numbers=(0, None), persistent_workers=True))


def test_workers_without_an_epoch_take_the_seed_of_their_loader() -> None:
    first = epochs(Drawing(), workers=1)
    assert epochs(Drawing(), workers=1) == first
    assert distinct(first, epochs(Drawing(), workers=1, seed=1))


def test_spawned_workers_draw_what_forked_ones_do() -> None:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "src")))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr


def test_a_copy_begins_anew_and_keeps_seed_rank_and_epoch() -> None:
    streams = LoaderStreams(3, rank=2)
    streams.set_epoch(4)
    first = torch.rand(3, generator=streams["masks"])
    again = copy.deepcopy(streams)
    assert torch.equal(torch.rand(3, generator=again["masks"]), first)
    assert not torch.equal(torch.rand(3, generator=streams["masks"]), first)
    again.set_epoch(5)
    assert not torch.equal(torch.rand(3, generator=again["masks"]), first)


def test_the_rank_is_that_of_the_process_group(tmp_path: Path) -> None:
    assert process_rank() == 0
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1
    )
    try:
        assert (process_rank(), LoaderStreams(0).rank, LoaderStreams(0, rank=3).rank) == (0, 0, 3)
    finally:
        distributed.destroy_process_group()


def test_what_is_pickled_before_the_ranks_meet_has_no_rank_yet(tmp_path: Path) -> None:
    handed = pickle.dumps(LoaderStreams(0))  # as to processes that will be ranks
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1
    )
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(distributed, "get_rank", lambda: 1)
            found = pickle.loads(handed)
            assert found.rank == 1
            for_workers = pickle.dumps(found)
    finally:
        distributed.destroy_process_group()
    assert pickle.loads(for_workers).rank == 1  # a spawned worker knows of no others
    assert pickle.loads(pickle.dumps(LoaderStreams(0, rank=3))).rank == 3


def test_ranks_have_streams_of_their_own() -> None:
    def drawn(streams: Streams) -> list[float]:
        return torch.rand(4, generator=streams["masks"]).tolist()

    assert drawn(Streams(0, rank=0)) == drawn(Streams(0))
    assert len({tuple(drawn(Streams(0, rank=rank))) for rank in range(4)}) == 4
    resumed = Streams(0, rank=1)
    drawn(resumed)
    state, expected = resumed.state_dict(), drawn(resumed)
    again = Streams(0, rank=1)
    again.load_state_dict(state)
    assert drawn(again) == expected


def test_what_is_no_rank_epoch_or_purpose_is_refused() -> None:
    for make in (Streams, LoaderStreams):
        with pytest.raises(ValueError, match="rank must be at least 0, got -1"):
            make(0, rank=-1)
        with pytest.raises(ValueError, match="a random stream needs a purpose"):
            make(0, rank=1)[""]
    with pytest.raises(ValueError, match="epoch must be at least 0, got -1"):
        LoaderStreams(0).set_epoch(-1)
