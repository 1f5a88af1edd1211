"""Paired differences over seeds, against the same subtraction by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import sqrt
from typing import Any

import pytest

from runtheory import records
from runtheory.comparison import differences, table
from runtheory.records import Record
from runtheory.runs.__main__ import main

SHIFT = {"plain": 0.0, "mixed": 0.5, "cut": -0.25}


def accuracy(method: str, width: int, seed: int) -> float:
    return width + seed * 10 + SHIFT[method] * (1 + seed)


@pytest.fixture
def record() -> Record:
    """Three methods, each with a batch size of its own, two widths, three seeds, two steps."""
    rows = [
        {
            "method": method, "width": width, "batch_size": size, "seed": seed, "step": step,
            "accuracy": accuracy(method, width, seed) if step == 20 else -1.0,
        }
        for seed in (0, 1, 2)
        for size, method in enumerate(SHIFT)
        for width in (8, 16)
        for step in (20, 10)
    ]  # fmt: skip
    axes = {"method": [*SHIFT], "width": [8, 16], "batch_size": [0, 1, 2]}
    return Record(
        "00_toys", "made", "full", {"grid": {"axes": axes, "fixed": {}}}, (0, 1, 2), tuple(rows),
        "unknown", "none", {}, 0.0, "2026-01-01",
    )  # fmt: skip


def test_rows_without_steps_are_one_a_cell(record) -> None:
    rows = tuple({k: v for k, v in row.items() if k != "step"} for row in record.rows[::2])
    found = differences(replace(record, rows=rows), "accuracy", axis="method", baseline="plain")
    assert found == differences(record, "accuracy", axis="method", baseline="plain")
    twice = replace(record, rows=(*rows, rows[0]))
    with pytest.raises(ValueError, match="several rows have method=plain, seed=0 and the same"):
        differences(twice, "accuracy", axis="method", baseline="plain")


def test_a_cell_that_diverged_is_compared_with_nothing(record) -> None:
    nothing = {**record.rows[0], "step": None, "accuracy": None, "diverged": "the loss is nan"}
    diverged = replace(record, rows=(*record.rows, nothing))
    told = r"the cell \{'method': 'plain', 'seed': 0\} diverged \(the loss is nan\)"
    with pytest.raises(ValueError, match=told):
        differences(diverged, "accuracy", axis="method", baseline="plain")
    found = differences(diverged, "accuracy", axis="method", baseline="plain", where=["width=16"])
    assert len(found) == 2


def test_differences_are_paired_by_seed_in_each_configuration(record) -> None:
    found = differences(record, "accuracy", axis="method", baseline="plain")
    assert [(part.configuration, part.value) for part in found] == [
        ({"width": width}, method) for width in (8, 16) for method in ("mixed", "cut")
    ]
    for part in found:
        shift = SHIFT[part.value]
        assert part.difference.mean == pytest.approx(2 * shift)  # of shift · (1, 2, 3)
        reach = 4.302652729749464 * abs(shift) / sqrt(3)  # t at .975 with two degrees of freedom
        assert part.difference.high - part.difference.mean == pytest.approx(reach)
        assert part.difference.count == 3


def test_conditions_choose_rows_and_seeds_without_a_partner_are_left_out(record) -> None:
    rows = tuple(row for row in record.rows if (row["method"], row["seed"]) != ("cut", 1))
    found = differences(
        replace(record, rows=rows), "accuracy", axis="method", baseline="plain", where=["width=16"]
    )
    assert [(part.value, part.configuration, part.difference.count) for part in found] == [
        ("mixed", {}, 3), ("cut", {}, 2)
    ]  # fmt: skip
    assert found[1].difference.mean == pytest.approx(-0.25 * (1 + 3) / 2)
    widths = differences(
        record, "accuracy", axis="width", baseline="8", where=["method=cut", "step=20"]
    )
    assert [(part.value, part.difference.mean) for part in widths] == [(16, 8.0)]


def test_a_configured_list_tells_rows_apart(record) -> None:
    grid = record.config["grid"]
    grid = {**grid, "fixed": {"places": [1, 2]}}
    rows = [{**row, "places": [1, row["width"]]} for row in record.rows]
    listed = replace(record, config={"grid": grid}, rows=tuple(rows))
    compared = differences(listed, "accuracy", axis="method", baseline="plain")
    assert [part.configuration["places"] for part in compared] == [(1, 8), (1, 8), (1, 16), (1, 16)]


def test_the_table_shows_what_varies(record) -> None:
    found = differences(record, "accuracy", axis="method", baseline="plain")
    lines = table(found, "accuracy", axis="method", baseline="plain").splitlines()
    assert lines[0] == "accuracy: paired difference from method=plain, 95 % t-interval over seeds"
    assert lines[1].split() == ["width", "method", "difference", "low", "high", "seeds"]
    assert lines[2].split()[:3] == ["8", "mixed", "+1"]
    assert lines[5].split()[:3] == ["16", "cut", "-0.5"]
    assert len({len(line) for line in lines[1:]}) == 1


def test_the_table_takes_the_baseline_that_was_asked_for(record) -> None:
    asked: dict[str, Any] = {"axis": "width", "baseline": 8}
    heading, *_ = table(differences(record, "accuracy", **asked), "accuracy", **asked).split(",")
    assert heading == "accuracy: paired difference from width=8"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"measure": "error"}, "no column 'error'; there are: method, width"),
        ({"measure": "method"}, "method must be a number to be compared, got 'plain'"),
        ({"axis": "rate"}, "no column 'rate'"),
        ({"baseline": "other"}, "method is never 'other' in these rows; it is: plain, mixed, cut"),
        ({"where": ["width=9"]}, "width is never '9' in these rows; it is: 8, 16"),
        ({"where": ["depth=9"]}, "no column 'depth'"),
        ({"where": ["width"]}, "a condition looks like column=value, got 'width'"),
        ({"where": ["seed=1"]}, "at least two seeds with a pair, got 1"),
        ({"where": ["method=plain"]}, "no configuration has method=plain and another value"),
    ],
)
def test_what_cannot_be_compared_is_refused(record, change, message: str) -> None:
    asked = {"measure": "accuracy", "axis": "method", "baseline": "plain", **change}
    with pytest.raises(ValueError, match=message):
        differences(record, asked.pop("measure"), **asked)


def test_a_baseline_may_be_a_number_or_its_text(record) -> None:
    asked = partial(differences, record, "accuracy", axis="width", where=("method=plain",))
    told = [asked(baseline=base) for base in (8, "8", 8.0)]
    assert told[0] == told[1] == told[2]


def test_rows_that_nothing_tells_apart_are_refused(record) -> None:
    rows = tuple({**row, "step": 10} for row in record.rows)
    with pytest.raises(ValueError, match=r"several rows have method=plain, seed=0 .*--where"):
        differences(replace(record, rows=rows), "accuracy", axis="method", baseline="plain")


def test_the_command_line_compares(record, tmp_path, capsys, monkeypatch) -> None:
    records.write(record, tmp_path / "results")
    call = ["compare", "00_toys/made", "--measure", "accuracy", "--axis", "width"]
    more = ["--baseline", "8", "--where", "method=plain", "--out", str(tmp_path)]
    assert main([*call, *more]) == 0
    assert capsys.readouterr().out.splitlines()[2].split() == ["16", "+8", "+8", "+8", "3"]
    monkeypatch.chdir(tmp_path)  # without --out: here, where it is here, else the book's
    assert main([*call, *more[:-2]]) == 0
    assert main(["compare", "multi_sample_dropout/grid", *call[2:], *more[:-2]]) == 1
    assert "no column 'method'; there are: samples, rate" in capsys.readouterr().err
    assert main(["compare", "00_toys/none", *call[2:], *more]) == 1
    place = tmp_path / "results"
    told = f"no record '00_toys/none' in {place}; there are: 00_toys/made"
    assert told in capsys.readouterr().err
