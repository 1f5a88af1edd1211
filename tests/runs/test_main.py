"""The command line: it lists, runs, counts, and says what is wrong."""

from __future__ import annotations

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


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "-1", "1,,2", "0..4"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(Exception, match=r"seeds look like 0-4 or 0,2,5, got"):
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
