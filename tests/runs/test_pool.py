"""The same record from any number of processes, killed or interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from runtheory import records
from runtheory.runs import RunPlan, pool, run
from runtheory.runs.__main__ import main
from runtheory.runs.cells import Task
from runtheory.runs.runner import RunError


def command(out: str, *more: str) -> list[str]:
    start = [sys.executable, "-m", "runtheory.runs", "--module", "toy_recipes"]
    return [*start, "run", "toy", "--device", "cpu", "--out", out, *more]


def test_workers_do_not_change_the_record(toys, tmp_path, timeless) -> None:
    plan = RunPlan(toys["toy"], "tiny", (0, 1))
    for workers in (1, 2):
        run(plan, tmp_path / str(workers), workers=workers)
    one, two = (records.read("toy_recipes/toy_tiny", tmp_path / n / "results") for n in "12")
    assert timeless(one) == timeless(two)


def test_a_killed_process_costs_its_own_cell_alone(toys, tmp_path) -> None:
    plan = RunPlan(toys["killed"], "tiny", (0, 1, 2))
    told = "3 of 9 cells failed .*WorkerDied: its process was ended from outside twice"
    with pytest.raises(RunError, match=told):
        run(plan, tmp_path, workers=2)
    partial = records.read("toy_recipes/killed_tiny_partial", tmp_path / "results")
    assert partial.column("square") == [1, 9] * 3
    attempts = Counter((tmp_path / "processes").read_text().split())
    assert attempts == {"1": 3, "2": 6, "3": 3}  # only the killed were tried again
    (tmp_path / "mended").touch()
    run(plan, tmp_path, workers=2)
    record = records.read("toy_recipes/killed_tiny", tmp_path / "results")
    assert record.column("square") == [1, 4, 9] * 3


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


class TwoParts(Exception):
    """An error that no pickle takes, whatever other packages have taught it."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")
        self.lock = threading.Lock()


def test_an_error_that_does_not_travel_is_told_in_words(toys, tmp_path, monkeypatch) -> None:
    first, second, _ = RunPlan(toys["failing"], "tiny", (0,)).tasks(tmp_path)

    def failing(task: Task) -> None:
        raise TwoParts("left", "right") if task == first else LookupError("class 3")

    monkeypatch.setattr(pool, "run_cell", failing)
    with pytest.raises(RuntimeError, match="TwoParts: left and right"):
        pool._run(first)
    with pytest.raises(LookupError, match="class 3"):
        pool._run(second)


def test_a_process_that_ended_without_a_cell_is_replaced(toys, tmp_path) -> None:
    task = RunPlan(toys["failing"], "tiny", (0,)).tasks(tmp_path)[0]
    process = pool._process()
    os.kill(process.submit(os.getpid).result(), signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        process.submit(time.sleep, 600).result()
    future, fresh = pool._handed_out(task, process)
    assert future.result() is None
    assert fresh is not process
    assert task.path.exists()
    fresh.shutdown()
