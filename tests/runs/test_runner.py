"""The same record, whatever the workers and the interruptions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from runtheory import records
from runtheory.recipes import recipes
from runtheory.runs import Plan, live, provenance, run
from runtheory.runs.__main__ import main
from runtheory.runs.runner import RunError, resolve_device

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.chdir(tmp_path)
    return recipes(("toy_recipes",))


def timeless(record: records.Record) -> records.Record:
    rows = tuple({**row, "seconds": 0.0} for row in record.rows)
    return replace(record, rows=rows, wall_seconds=0.0, date="", commit="")


def command(out: str, *more: str) -> list[str]:
    start = [sys.executable, "-m", "runtheory.runs", "--module", "toy_recipes"]
    return [*start, "run", "toy", "--device", "cpu", "--out", out, *more]


def test_a_run_is_recorded(toys, tmp_path) -> None:
    path = run(Plan(toys["toy"], "tiny", (0, 1)), tmp_path)
    assert path == tmp_path / "results" / "00_toys" / "toy_tiny.json"
    record = records.read("00_toys/toy_tiny", tmp_path / "results")
    assert record.seeds == (0, 1)
    assert record.config["grid"]["axes"] == {"rate": [0.0, 0.5]}
    assert (record.config["device"], record.config["threads"]) == ("cpu", 1)
    assert [(row["seed"], row["rate"], row["step"]) for row in record.rows] == [
        (seed, rate, step) for seed in (0, 1) for rate in (0.0, 0.5) for step in (10, 20, 30)
    ]
    assert record.hardware.endswith(", 1 thread")
    assert record.versions["torch"] == torch.__version__
    assert record.wall_seconds > 0
    kept = sorted(file.suffix for file in (tmp_path / "runs/00_toys/toy/tiny").iterdir())
    assert kept == ["", ".json", ".json", ".json", ".json"]  # results and the lock, no checkpoint


def test_live_rows_are_those_of_the_record(toys, tmp_path) -> None:
    run(Plan(toys["toy"], "tiny", (0, 1), threads=torch.get_num_threads()), tmp_path)
    record = timeless(records.read("00_toys/toy_tiny", tmp_path / "results"))
    rows = live(toys["toy"], "tiny", seeds=(1,), where={"rate": 0.5})
    assert [{**row, "seconds": 0.0} for row in rows] == record.select(seed=1, rate=0.5)
    with pytest.raises(ValueError, match=r"no cell of toy, preset tiny, has \{'rate': 0.7\}"):
        live(toys["toy"], "tiny", seeds=(1,), where={"rate": 0.7})


def test_finished_cells_are_not_run_again(toys, tmp_path) -> None:
    plan = Plan(toys["toy"], "tiny", (0,))
    path = run(plan, tmp_path)
    first = path.read_bytes()
    cells = list((tmp_path / "runs/00_toys/toy/tiny").glob("*.json"))
    times = [cell.stat().st_mtime_ns for cell in cells]
    assert run(plan, tmp_path).read_bytes() == first
    assert [cell.stat().st_mtime_ns for cell in cells] == times
    cells[0].unlink()
    run(plan, tmp_path)
    assert timeless(records.read("00_toys/toy_tiny", tmp_path / "results")).rows == tuple(
        {**row, "seconds": 0.0} for row in json.loads(first)["rows"]
    )


def test_a_damaged_cell_is_run_again(toys, tmp_path) -> None:
    plan = Plan(toys["toy"], "tiny", (0,))
    whole = timeless(records.read("00_toys/toy_tiny", run(plan, tmp_path).parents[1]))
    for damage in ("", '{"cell": {}}', "[]"):
        cell = next((tmp_path / "runs/00_toys/toy/tiny").glob("*.json"))
        cell.write_text(damage)
        with pytest.warns(RuntimeWarning, match=f"{cell.name} is damaged .* run again"):
            run(plan, tmp_path)
        assert timeless(records.read("00_toys/toy_tiny", tmp_path / "results")) == whole


def test_workers_do_not_change_the_record(toys, tmp_path) -> None:
    plan = Plan(toys["toy"], "tiny", (0, 1))
    for workers in (1, 2):
        run(plan, tmp_path / str(workers), workers=workers)
    one, two = (records.read("00_toys/toy_tiny", tmp_path / n / "results") for n in "12")
    assert timeless(one) == timeless(two)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_is_killed_goes_on(toys, tmp_path, monkeypatch, workers: str) -> None:
    run(Plan(toys["toy"], "full", (0,)), tmp_path / "whole")
    more = ("--preset", "full", "--workers", workers)
    folder = tmp_path / "killed" / "runs" / "00_toys" / "toy" / "full"
    monkeypatch.setenv("TOY_DELAY", "0.01")
    process = subprocess.Popen(command("killed", *more), stderr=subprocess.DEVNULL)
    while not list(folder.glob("*.safetensors")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.3)
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    time.sleep(0.5)  # workers must have ended with the process that started them
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    half_done = list(folder.glob("*.safetensors"))
    assert half_done
    monkeypatch.setenv("TOY_DELAY", "0")
    assert main([*command("killed", *more)[3:], "--workers", "1"]) == 0
    assert not list(folder.glob("*.safetensors"))
    one, two = (records.read("00_toys/toy", tmp_path / n / "results") for n in ("whole", "killed"))
    assert timeless(one) == timeless(two)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch, workers: str) -> None:
    monkeypatch.setenv("TOY_DELAY", "0.05")
    more = ("--preset", "full", "--workers", workers)
    process = subprocess.Popen(
        command("out", *more),
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A test run in the background of a shell would hand down deaf ears.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    folder = tmp_path / "out" / "runs" / "00_toys" / "toy" / "full"
    while not list(folder.glob("*.safetensors")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does: the whole group gets it
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    last = error.decode().strip().splitlines()[-1]
    assert last == "interrupted with 0 of 3 cells finished; the same command goes on from there"
    assert "Traceback" not in error.decode()
    assert list(folder.glob("*.safetensors"))


def test_a_failing_cell_does_not_stop_the_others(toys, tmp_path, capsys) -> None:
    plan = Plan(toys["failing"], "tiny", (0,))
    with pytest.raises(
        RunError, match=r"1 of 3 cells failed .*'value': 2.*FloatingPointError.*nan"
    ):
        run(plan, tmp_path)
    assert len(list((tmp_path / "runs/00_toys/failing/tiny").glob("*.json"))) == 2
    assert not (tmp_path / "results").exists()
    assert "failed: {'value': 2, 'seed': 0}" in capsys.readouterr().err
    (tmp_path / "mended").touch()
    run(plan, tmp_path)
    record = records.read("00_toys/failing_tiny", tmp_path / "results")
    assert record.column("square") == [1, 4, 9]


def test_rows_that_no_record_could_keep_fail_their_cell(toys, tmp_path, monkeypatch) -> None:
    import toy_recipes

    for row, message in (
        ({"loss": float("nan")}, "must be finite"),
        ({"loss": torch.tensor(1.0)}, "must be text, a number"),
        ({"value": 7}, "may not change what its cell says"),
    ):
        monkeypatch.setattr(toy_recipes, "run_failing", lambda *_, row=row: [row])
        recipe = replace(toys["failing"], run_cell=toy_recipes.run_failing)
        with pytest.raises(RunError, match=message):
            run(Plan(recipe, "tiny", (0,)), tmp_path)


def test_two_runs_in_one_folder_are_refused(toys, tmp_path) -> None:
    import fcntl

    folder = tmp_path / "runs" / "00_toys" / "toy" / "tiny"
    folder.mkdir(parents=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RunError, match="another run is under way in"):
            run(Plan(toys["toy"], "tiny", (0,)), tmp_path)


def test_the_command_line_lists_and_refuses(capsys) -> None:
    assert main(["--module", "toy_recipes", "list"]) == 0
    listing = capsys.readouterr().out
    assert "00_toys/toy (tiny 2 cells a seed, full 3 cells a seed)" in listing
    assert "  Source: none. Cost: a second. Expected: the loss falls." in listing
    assert main(["--module", "toy_recipes", "run", "other"]) == 1
    error = capsys.readouterr().err
    assert "no recipe 'other'; there are: " in error
    assert "toy, failing" in error
    assert main(["--module", "toy_recipes", "run", "toy", "--preset", "huge"]) == 1
    assert "presets ['full', 'tiny'], got 'huge'" in capsys.readouterr().err
    assert main(["--module", "toy_recipes", "run", "toy", "--workers", "0"]) == 1
    assert "workers and threads start at 1, got 0 and 1" in capsys.readouterr().err
    assert main(["--module", "nowhere", "list"]) == 1
    assert "No module named 'nowhere'" in capsys.readouterr().err


def test_the_command_line_runs(capsys, tmp_path) -> None:
    arguments = ["--module", "toy_recipes", "run", "toy", "--device", "cpu", "--seeds", "0,2"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() == "results/00_toys/toy_tiny.json"
    assert records.read("00_toys/toy_tiny", tmp_path / "results").seeds == (0, 2)


def test_devices() -> None:
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="cuda was asked for, but PyTorch finds no GPU"):
            resolve_device("cuda")


def test_provenance_names_the_processor_and_no_machine() -> None:
    text = provenance.hardware("cpu", 2)
    assert text.endswith(", 2 threads")
    assert os.uname().nodename not in text
    assert sorted(provenance.versions()) == ["numpy", "python", "runtheory", "torch"]


def test_the_commit_follows_the_state_of_the_sources(tmp_path, monkeypatch) -> None:
    source = tmp_path / "checkout" / "src" / "runtheory"
    source.mkdir(parents=True)
    code = source / "__init__.py"
    code.touch()
    monkeypatch.setattr(provenance.runtheory, "__file__", str(code))
    assert provenance.commit() == "unknown"  # no checkout
    (tmp_path / "checkout" / "pyproject.toml").touch()

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        call = ["git", "-C", str(tmp_path / "checkout"), *who, *arguments]
        return subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()

    git("init")
    assert provenance.commit() == "uncommitted"
    git("add", ".")
    git("commit", "-m", "first")
    assert provenance.commit() == git("rev-parse", "--short=10", "HEAD")
    (tmp_path / "checkout" / "results").mkdir()
    (tmp_path / "checkout" / "results" / "new").touch()
    assert provenance.commit() != "uncommitted"  # what is recorded is no code
    code.write_text("changed = True")
    assert provenance.commit() == "uncommitted"
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == "unknown"  # no git
