"""The same record from any number of processes, killed or interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from runtheory import records
from runtheory.runs import RunPlan, run
from runtheory.runs.__main__ import main


def command(out: str, *more: str) -> list[str]:
    start = [sys.executable, "-m", "runtheory.runs", "--module", "toy_recipes"]
    return [*start, "run", "toy", "--device", "cpu", "--out", out, *more]


def test_workers_do_not_change_the_record(toys, tmp_path, timeless) -> None:
    plan = RunPlan(toys["toy"], "tiny", (0, 1))
    for workers in (1, 2):
        run(plan, tmp_path / str(workers), workers=workers)
    one, two = (records.read("toy_recipes/toy_tiny", tmp_path / n / "results") for n in "12")
    assert timeless(one) == timeless(two)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_is_killed_goes_on(toys, tmp_path, monkeypatch, workers: str, timeless) -> None:
    run(RunPlan(toys["toy"], "full", (0,)), tmp_path / "whole")
    more = ("--preset", "full", "--workers", workers)
    folder = tmp_path / "killed" / "runs" / "toy_recipes" / "toy" / "full"
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
    one, two = (
        records.read("toy_recipes/toy", tmp_path / n / "results") for n in ("whole", "killed")
    )
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
    folder = tmp_path / "out" / "runs" / "toy_recipes" / "toy" / "full"
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
