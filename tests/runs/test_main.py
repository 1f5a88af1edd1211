"""The command line: it lists, runs, counts, and says what is wrong."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory import records
from runtheory.runs import RunPlan, run
from runtheory.runs.__main__ import main, parse_seeds


def test_the_command_line_lists_and_refuses(capsys) -> None:
    assert main(["--module", "toy_recipes", "list"]) == 0
    listing = capsys.readouterr().out
    assert "toy_recipes/toy (full 3 cells a seed, tiny 2 cells a seed)" in listing
    assert "  Source: none. Cost: a second. Expected: the loss falls." in listing
    assert main(["--module", "toy_recipes", "run", "other"]) == 1
    error = capsys.readouterr().err
    assert "no recipe 'other'; there are: " in error
    assert "toy, failing" in error
    assert main(["--module", "toy_recipes", "run", "toy", "--device", "tpu"]) == 1
    assert "device must be auto, cpu or cuda, got 'tpu'" in capsys.readouterr().err
    assert main(["--module", "toy_recipes", "run", "toy", "--preset", "huge"]) == 1
    assert "presets ['full', 'tiny'], got 'huge'" in capsys.readouterr().err
    assert main(["--module", "toy_recipes", "run", "toy", "--workers", "0"]) == 1
    assert "workers and threads start at 1, got 0 and 1" in capsys.readouterr().err
    assert main(["--module", "nowhere", "list"]) == 1
    assert "No module named 'nowhere'" in capsys.readouterr().err


def test_the_command_line_runs(capsys, tmp_path) -> None:
    arguments = ["--module", "toy_recipes", "run", "toy", "--device", "cpu", "--seeds", "0,2"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() == "results/toy_recipes/toy_tiny.json"
    assert records.read("toy_recipes/toy_tiny", tmp_path / "results").seeds == (0, 2)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5))
def test_seeds_are_listed(seeds) -> None:
    assert parse_seeds(",".join(map(str, seeds))) == tuple(seeds)


@given(st.integers(0, 50), st.integers(0, 20))
def test_seeds_are_ranges(first: int, more: int) -> None:
    assert parse_seeds(f"{first}-{first + more}") == tuple(range(first, first + more + 1))


@pytest.mark.parametrize("text", ["0-99999999999", "0-60000,0-60000"])
def test_more_seeds_than_any_run_has_are_not_counted_out(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="at most 100000 seeds, got"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "-1", "1,,2", "0..4", "\u0664", "9" * 30])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"seeds look like 0-4 or 0,2,5, got"):
        parse_seeds(text)


def test_status_counts_and_touches_nothing(toys, tmp_path, capsys) -> None:
    status = ["--module", "toy_recipes", "status", "toy", "--device", "cpu", "--seeds", "0,1"]
    assert main(status) == 0
    assert capsys.readouterr().out == "toy_tiny: 4 cells, 0 finished, 0 half-done, 4 untouched\n"
    assert not list(tmp_path.iterdir())
    run(RunPlan(toys["toy"], "tiny", (0,)), tmp_path)
    tasks = RunPlan(toys["toy"], "tiny", (0, 1)).tasks(tmp_path)
    tasks[3].checkpoint("attempt").touch()
    assert main(status) == 0
    assert capsys.readouterr().out == "toy_tiny: 4 cells, 2 finished, 1 half-done, 1 untouched\n"


def spoilt(place: str, folder: Path) -> Path:
    """Return a folder in which nothing can be kept, for one reason or another."""
    (folder / "file").write_text("no folder")
    (folder / "blocked" / "runs" / "toy_recipes").mkdir(parents=True)
    (folder / "blocked" / "runs" / "toy_recipes" / "failing").write_text("no folder")
    (folder / "results_file").mkdir()
    (folder / "results_file" / "results").write_text("no folder")
    return folder / ("long" * 100 if place == "long" else place)


@pytest.mark.parametrize("place", ["file", "long", "blocked", "results_file"])
def test_a_fault_of_a_folder_ends_in_one_sentence(place: str, tmp_path, capsys) -> None:
    (tmp_path / "mended").touch()
    out = spoilt(place, tmp_path)
    call = ["--module", "toy_recipes", "run", "failing", "--device", "cpu", "--out", str(out)]
    assert main(call) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: [Errno ")
    assert error.endswith("choose a folder that can be written by --out, or make this one so")
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("at", ["failing_tiny.json", ""])
def test_a_fault_of_a_disk_names_the_file_and_the_way_out(
    number: int, at: str, toys, tmp_path, monkeypatch, capsys
) -> None:
    (tmp_path / "mended").touch()
    flush = os.fsync

    def fail(descriptor: int) -> None:
        if at in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(number, os.strerror(number))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    call = ["--module", "toy_recipes", "run", "failing", "--device", "cpu"]
    assert main(call) == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert os.strerror(number) in error
    assert ("free some space" if number == errno.ENOSPC else "by --out") in error or not at
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("results/**/*.json"))
    monkeypatch.setattr(os, "fsync", flush)
    assert main(call) == 0


def test_a_second_interrupt_ends_quietly(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TOY_DELAY", "0.05")
    call = [sys.executable, "-m", "runtheory.runs", "--module", "toy_recipes", "run", "toy"]
    process = subprocess.Popen(
        [*call, "--preset", "full", "--device", "cpu", "--workers", "2"],
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.rglob("*.safetensors")):
        assert process.poll() is None
        time.sleep(0.01)
    for _ in range(20):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.005)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in error.decode()
    assert error.decode().splitlines()[-1].startswith("interrupted with 0 of 3 cells finished")
