"""Two processes that train together against one, and against themselves when they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

from runtheory.collapse.ranks import merge_across_ranks
from runtheory.collapse.statistics import class_statistics
from runtheory.randomness import Streams, stream
from runtheory.training import Settings, classification
from runtheory.training.examples import NormalisedImages
from runtheory.training.ranks import Ranks, RankStreams, Share, on_ranks, started_by_torchrun
from runtheory.training.run import Run

SCRIPT = Path(__file__).with_name("ranked_run.py")
SPECIFICATION = spec_from_file_location("ranked_run", SCRIPT)
assert SPECIFICATION is not None
ranked_run = module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(ranked_run)


def start(what: str, folder: Path, *, delay: float = 0.0) -> subprocess.Popen:
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "RANKED_DELAY": str(delay), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*launch, str(SCRIPT), what, str(folder)],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def results(what: str, folder: Path) -> list[dict]:
    process = start(what, folder)
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return [torch.load(folder / f"{what}-{rank}.pt") for rank in range(2)]


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> list[dict]:
    return results("all", tmp_path_factory.mktemp("ranks"))


def assert_equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_two_ranks_give_the_losses_of_one_process(together, one_thread) -> None:
    alone = ranked_run.train()
    assert len(alone["losses"]) == 30
    assert alone["losses"][-1] < 0.8 * alone["losses"][0]
    assert_equal(together[0]["plain"], together[1]["plain"])
    for name, value in together[0]["plain"].items():
        torch.testing.assert_close(value, alone[name], rtol=1e-4, atol=1e-6)


def test_without_the_wrapper_a_rank_trains_alone(together, one_thread) -> None:
    alone = ranked_run.train()
    for part in together:
        assert_equal(part["alone"], alone)


def test_pairs_under_adam_are_those_of_one_process(together, one_thread) -> None:
    alone = ranked_run.fit_pairs()
    assert_equal(together[0]["pairs"], together[1]["pairs"])
    for name, value in together[0]["pairs"].items():
        torch.testing.assert_close(value, alone[name], rtol=1e-4, atol=1e-5)


def test_each_rank_draws_its_own_masks_and_rank_0_those_of_one_process(
    together, one_thread
) -> None:
    thinned = ranked_run.Thinned()
    ranked_run.train(thinned)
    first, second = (part["masks"] for part in together)
    assert first.shape == second.shape == (30, 16, 1, 8, 8)
    assert torch.equal(first[0], thinned.masks[0][:16])
    agreement = (first == second).double().mean().item()  # of independent masks: .8² + .2²
    error = (0.68 * 0.32 / first.numel()) ** 0.5
    assert abs(agreement - 0.68) < 5 * error
    assert torch.equal(together[0]["thinned"]["losses"], together[1]["thinned"]["losses"])


def test_what_cannot_be_shared_is_refused(together) -> None:
    for part in together:
        assert part["odd batch"] == "batch_size must divide by the 2 ranks, got 31"
        assert part["normalised"].startswith("batch normalisation shares its statistics over 2")
        assert part["other folders"].startswith("the ranks would go on from the steps [30, 0]")


def test_statistics_merge_across_ranks(together) -> None:
    whole = class_statistics(*ranked_run.features(), classes=3)
    assert_equal(together[0]["merged"], together[1]["merged"])
    for name, value in whole.tensors().items():
        torch.testing.assert_close(together[0]["merged"][name], value, rtol=1e-12, atol=1e-12)
    assert merge_across_ranks(whole) is whole  # one process


def test_two_ranks_that_are_killed_go_on(together, tmp_path) -> None:
    process = start("kill", tmp_path, delay=0.05)
    while not (tmp_path / "run.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)
    for rank in range(2):  # torchrun gives each a session of its own
        os.kill(int((tmp_path / f"pid-{rank}").read_text()), signal.SIGKILL)
    process.communicate()
    assert process.returncode != 0
    assert not list(tmp_path.glob("*.pt"))
    for rank, again in enumerate(results("kill", tmp_path)):
        assert 0 < again["calls"] < 30
        assert_equal(
            {name: again["thinned"][name] for name in again["thinned"] if "stream" not in name},
            {
                name: value
                for name, value in together[rank]["thinned"].items()
                if "stream" not in name
            },
        )
        own = "stream masks" + (" on rank 1" if rank else "")
        assert torch.equal(again["thinned"][own], together[rank]["thinned"][own])


def test_one_rank_is_the_run_itself(image_set) -> None:
    settings = Settings(steps=1, batch_size=6, learning_rate=0.1)
    run = Run(
        torch.nn.Linear(1, 1), NormalisedImages(image_set), classification, settings, Streams(0)
    )
    assert on_ranks(run, Ranks(0, 1)) is run


def test_shares_are_the_batch_in_order(image_set) -> None:
    data, index = NormalisedImages(image_set), torch.tensor([7, 3, 11, 0, 5, 9])
    shares = [Share(data, Ranks(rank, 3)).batch(index) for rank in range(3)]
    for whole, parts in zip(data.batch(index), zip(*shares, strict=True), strict=True):
        assert torch.equal(torch.cat(parts), whole)
    share = Share(data, Ranks(1, 3))
    assert (len(share), share.device, share.identity()) == (48, data.device, data.identity())


def test_every_rank_has_streams_of_its_own_but_one_order_of_batches() -> None:
    draws = {}
    for rank in range(3):
        streams = RankStreams(Streams(4), Ranks(rank, 3))
        draws[rank] = [torch.rand(8, generator=streams[name]) for name in ("batches", "masks")]
    alone = Streams(4)
    for place, name in enumerate(("batches", "masks")):
        assert torch.equal(draws[0][place], torch.rand(8, generator=alone[name]))
    assert torch.equal(draws[1][0], draws[0][0])
    assert len({tuple(draw[1].tolist()) for draw in draws.values()}) == 3
    expected = torch.rand(8, generator=stream(4, "masks on rank 2"))
    assert torch.equal(draws[2][1], expected)


def test_a_process_that_torchrun_did_not_start_is_refused() -> None:
    with pytest.raises(RuntimeError, match="was not started by torchrun"), started_by_torchrun():
        pass
