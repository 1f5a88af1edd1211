"""A recipe on two processes that torchrun starts, and the count of what is left of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtheory import records
from runtheory.recipes import recipes
from runtheory.runs import Plan, run
from runtheory.runs.__main__ import main

HERE = Path(__file__).parent


@pytest.fixture
def toys(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.chdir(tmp_path)
    return recipes(("toy_recipes",))


def launch(name: str, *more: str) -> subprocess.CompletedProcess:
    call = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    recipe = ["-m", "runtheory.runs", "--module", "toy_recipes", "run", name]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*call, *recipe, "--device", "cpu", *more],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_two_ranks_run_a_recipe_and_one_of_them_records_it(toys, tmp_path) -> None:
    ended = launch("toy")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "results/00_toys/toy_tiny_2_ranks.json\n"
    assert not list(tmp_path.rglob("*.safetensors*"))
    record = records.read("00_toys/toy_tiny_2_ranks", tmp_path / "results")
    assert record.config["ranks"] == 2
    run(Plan(toys["toy"], "tiny", (0,)), tmp_path)
    alone = records.read("00_toys/toy_tiny", tmp_path / "results")
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
    assert "FloatingPointError: the loss is nan at step 3" in ended.stderr
    assert len(list((tmp_path / "runs/00_toys/failing/tiny").glob("*.json"))) == 1
    assert not (tmp_path / "results").exists()


def test_status_counts_and_touches_nothing(toys, tmp_path, capsys) -> None:
    status = ["--module", "toy_recipes", "status", "toy", "--device", "cpu", "--seeds", "0,1"]
    assert main(status) == 0
    assert capsys.readouterr().out == ("toy_tiny: 4 cells, 0 finished, 0 half-done, 4 untouched\n")
    assert not list(tmp_path.iterdir())
    run(Plan(toys["toy"], "tiny", (0,)), tmp_path)
    tasks = Plan(toys["toy"], "tiny", (0, 1)).tasks(tmp_path)
    tasks[3].checkpoint("attempt").touch()
    assert main(status) == 0
    assert capsys.readouterr().out == ("toy_tiny: 4 cells, 2 finished, 1 half-done, 1 untouched\n")
