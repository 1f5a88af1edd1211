"""A recipe on two processes that torchrun starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runtheory import records
from runtheory.runs import RunPlan, run


def launch(name: str, *more: str) -> subprocess.CompletedProcess:
    call = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    recipe = ["-m", "runtheory.runs", "--module", "toy_recipes", "run", name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*call, *recipe, "--device", "cpu", *more],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_two_ranks_run_a_recipe_and_one_of_them_records_it(toys, tmp_path) -> None:
    ended = launch("toy")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "results/toy_recipes/toy_tiny_2_ranks.json\n"
    assert not list(tmp_path.rglob("*.safetensors*"))
    record = records.read("toy_recipes/toy_tiny_2_ranks", tmp_path / "results")
    assert record.config["ranks"] == 2
    run(RunPlan(toys["toy"], "tiny", (0,)), tmp_path)
    alone = records.read("toy_recipes/toy_tiny", tmp_path / "results")
    # Rate 0 keeps every pixel whatever is drawn, so nothing differs but the order of sums.
    assert record.column("step") == alone.column("step")
    assert record.column("loss", rate=0.0) == pytest.approx(
        alone.column("loss", rate=0.0), rel=1e-4
    )
    assert record.column("loss", rate=0.5) != pytest.approx(
        alone.column("loss", rate=0.5), rel=1e-3
    )


def test_a_cell_that_fails_on_ranks_ends_the_run(toys, tmp_path) -> None:
    ended = launch("failing")
    assert ended.returncode != 0
    assert "LookupError: there are no images of class 3" in ended.stderr
    assert len(list((tmp_path / "runs/toy_recipes/failing/tiny").glob("*.json"))) == 1
    assert not (tmp_path / "results").exists()
