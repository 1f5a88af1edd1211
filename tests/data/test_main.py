"""The command line of the data sets: it lists, fetches, and fails with one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runtheory import data
from runtheory.data import __main__ as command

IMAGES = "train-images-idx3-ubyte"


def test_the_command_says_where_it_looked_and_what_it_found(listed, capsys) -> None:
    assert command.main(["fetch", "tiny", "--cache", str(listed.cache.parent)]) == 0
    shown = capsys.readouterr()
    assert f"{listed.cache / IMAGES}: not there" in shown.out
    assert f"{listed.mirror}: gave 4 of 4 files" in shown.out
    assert f"tiny: complete and verified in {listed.cache}" in shown.out


def test_the_command_takes_a_source(listed, tmp_path, capsys) -> None:
    listed.fill(tmp_path / "stick")
    arguments = ["fetch", "tiny", "--from", str(tmp_path / "stick")]
    assert command.main([*arguments, "--cache", str(tmp_path / "c")]) == 0
    assert f"{tmp_path / 'stick'}: gave 4 of 4 files" in capsys.readouterr().out


def test_the_command_lists_what_is_here(listed, capsys) -> None:
    data.fetch("tiny", listed.cache.parent)
    (listed.cache / IMAGES).write_bytes(b"damage")
    assert command.main(["list", "--cache", str(listed.cache.parent)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "verified, inside runtheory" in lines["fashion-mini"]
    assert "not fetched" in lines["cifar10"]
    assert f"{IMAGES} refused: truncated, 6 bytes instead of 70" in lines["tiny"]


@pytest.mark.parametrize("asked", ["tiny", "tinny"])
def test_the_command_fails_with_one_line_and_status_one(listed, asked, capsys) -> None:
    for path in listed.mirror.iterdir():
        path.unlink()
    assert command.main(["fetch", asked, "--cache", str(listed.cache.parent)]) == 1
    shown = capsys.readouterr()
    last = shown.err.splitlines()[-1]
    assert shown.out == ""
    assert "could not obtain" in last if asked == "tiny" else "did you mean 'tiny'" in last


def test_the_command_runs_as_a_module(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runtheory.data", "fetch", "minst"],
        capture_output=True,
        text=True,
        env={**os.environ, "RUNTHEORY_DATA": str(tmp_path)},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "did you mean 'mnist'" in done.stderr
