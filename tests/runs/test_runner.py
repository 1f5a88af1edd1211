"""A run is one record, whatever was finished before and whatever fails."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from runtheory import durable, records
from runtheory.runs import RunPlan, live, run
from runtheory.runs.cells import opened, store_result
from runtheory.runs.runner import RunError, folder_lock, resolve_device


def test_a_run_is_recorded(toys, tmp_path) -> None:
    path = run(RunPlan(toys["toy"], "tiny", (0, 1)), tmp_path)
    assert path == tmp_path / "results" / "toy_recipes" / "toy_tiny.json"
    record = records.read("toy_recipes/toy_tiny", tmp_path / "results")
    assert record.seeds == (0, 1)
    assert record.config["grid"]["axes"] == {"rate": [0.0, 0.5]}
    assert (record.config["device"], record.config["threads"]) == ("cpu", 1)
    assert "ranks" not in record.config
    assert [(row["seed"], row["rate"], row["step"]) for row in record.rows] == [
        (seed, rate, step) for seed in (0, 1) for rate in (0.0, 0.5) for step in (10, 20, 30)
    ]
    assert record.hardware.endswith(", 1 thread")
    assert record.versions["torch"] == torch.__version__
    assert record.wall_seconds > 0
    kept = sorted(file.suffix for file in (tmp_path / "runs/toy_recipes/toy/tiny").iterdir())
    assert kept == ["", ".json", ".json", ".json", ".json"]  # results and the lock, no checkpoint


def test_live_rows_are_those_of_the_record(toys, tmp_path, timeless) -> None:
    run(RunPlan(toys["toy"], "tiny", (0, 1), threads=torch.get_num_threads()), tmp_path)
    record = timeless(records.read("toy_recipes/toy_tiny", tmp_path / "results"))
    rows = live(toys["toy"], "tiny", seeds=(1,), where={"rate": 0.5})
    assert [{**row, "seconds": 0.0} for row in rows] == record.select(seed=1, rate=0.5)
    with pytest.raises(ValueError, match=r"no cell of toy, preset tiny, has \{'rate': 0.7\}"):
        live(toys["toy"], "tiny", seeds=(1,), where={"rate": 0.7})


def test_finished_cells_are_not_run_again(toys, tmp_path, timeless) -> None:
    plan = RunPlan(toys["toy"], "tiny", (0,))
    path = run(plan, tmp_path)
    first = path.read_bytes()
    cells = list((tmp_path / "runs/toy_recipes/toy/tiny").glob("*.json"))
    times = [cell.stat().st_mtime_ns for cell in cells]
    assert run(plan, tmp_path).read_bytes() == first
    assert [cell.stat().st_mtime_ns for cell in cells] == times
    cells[0].unlink()
    run(plan, tmp_path)
    assert timeless(records.read("toy_recipes/toy_tiny", tmp_path / "results")).rows == tuple(
        {**row, "seconds": 0.0} for row in json.loads(first)["rows"]
    )


def test_a_failing_cell_does_not_stop_the_others(toys, tmp_path, capsys) -> None:
    plan = RunPlan(toys["failing"], "tiny", (0,))
    with pytest.raises(
        RunError, match=r"1 of 3 cells failed .*_partial.json was.*'value': 2.*LookupError.*class 3"
    ):
        run(plan, tmp_path)
    assert len(list((tmp_path / "runs/toy_recipes/failing/tiny").glob("*.json"))) == 2
    assert records.names(tmp_path / "results") == ["toy_recipes/failing_tiny_partial"]
    partial = records.read("toy_recipes/failing_tiny_partial", tmp_path / "results")
    assert partial.column("square") == [1, 9]
    (told,) = partial.config["failed"]
    assert told == "{'value': 2, 'seed': 0}: LookupError: there are no images of class 3"
    assert "failed: {'value': 2, 'seed': 0}" in capsys.readouterr().err
    (tmp_path / "mended").touch()
    run(plan, tmp_path)
    record = records.read("toy_recipes/failing_tiny", tmp_path / "results")
    assert record.column("square") == [1, 4, 9]
    assert records.names(tmp_path / "results") == ["toy_recipes/failing_tiny"]


def test_a_run_of_which_nothing_finished_writes_no_record(toys, tmp_path) -> None:
    recipe = replace(toys["failing"], run=lambda *_: [])
    with pytest.raises(RunError, match="3 of 3 cells failed and no record was written"):
        run(RunPlan(recipe, "tiny", (0,)), tmp_path)
    assert not (tmp_path / "results").exists()


def test_what_a_killed_run_left_beside_a_result_goes(toys, tmp_path) -> None:
    plan = RunPlan(toys["toy"], "tiny", (0,))
    run(plan, tmp_path)
    task = plan.tasks(tmp_path)[0]
    task.checkpoint().write_bytes(b"killed between the result and the removal of this")
    old = task.folder / f".{task.path.name}.0123abcd{durable.TEMPORARY}"
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    run(plan, tmp_path)
    assert {path.suffix for path in task.folder.iterdir()} == {"", ".json"}


def test_the_record_joins_versions_that_only_some_cells_have(toys, tmp_path) -> None:
    (tmp_path / "mended").touch()
    plan = RunPlan(toys["failing"], "tiny", (0,))
    run(plan, tmp_path)
    first = plan.tasks(tmp_path)[0]
    result = opened(first.path.read_bytes())
    result["versions"]["numpy"] = "0.1"
    result["versions"]["older"] = "7"
    store_result(first, result)
    run(plan, tmp_path)
    versions = records.read("toy_recipes/failing_tiny", tmp_path / "results").versions
    assert versions["older"] == "7, unknown"
    assert versions["numpy"] == ", ".join(sorted(("0.1", np.__version__)))


def test_two_runs_in_one_folder_are_refused(toys, tmp_path) -> None:
    folder = tmp_path / "runs" / "toy_recipes" / "toy" / "tiny"
    folder.mkdir(parents=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="another run is under way in"):
            run(RunPlan(toys["toy"], "tiny", (0,)), tmp_path)


def test_devices() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="cuda was asked for, but PyTorch finds no GPU"):
            resolve_device("cuda")


def test_a_lock_is_free_again_afterwards(tmp_path) -> None:
    for _ in range(2):
        with folder_lock(tmp_path), pytest.raises(RunError, match="another run"):
            folder_lock(tmp_path).__enter__()
