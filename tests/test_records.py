"""Records come back bit for bit, and nothing that is no record gets in."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory import durable, records
from runtheory.records import Record, names, read, write

RECORD = Record(
    chapter="01_first",
    name="grid",
    preset="tiny",
    config={"axes": {"rate": [0.1, 0.5]}, "threads": 1},
    seeds=(0, 1),
    rows=(
        {"rate": 0.1, "seed": 0, "step": 10, "loss": 0.1 + 0.2},
        {"rate": 0.1, "seed": 1, "step": 10, "loss": 2.0},
        {"rate": 0.5, "seed": 0, "step": 10, "loss": 1e-300, "note": None},
    ),
    commit="unknown",
    hardware="a processor, 1 thread",
    versions={"torch": "2.13.0"},
    wall_seconds=1.5,
    date="2026-01-31",
)

values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)


@given(st.lists(st.dictionaries(st.text(), values, max_size=5), max_size=5))
def test_rows_come_back_as_they_were(tmp_path_factory, rows) -> None:
    root = tmp_path_factory.mktemp("results")
    record = replace(RECORD, rows=tuple(rows))
    write(record, root)
    again = read("01_first/grid", root)
    assert again == record
    for mine, other in zip(again.rows, rows, strict=True):
        assert list(mine) == list(other)
        for column, value in other.items():
            assert type(mine[column]) is type(value)
            if isinstance(value, float):
                assert math.copysign(1, mine[column]) == math.copysign(1, value)


def test_a_record_is_one_file_with_one_row_a_line(tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    assert path == tmp_path / "01_first" / "grid.json"
    lines = path.read_text().splitlines()
    assert '  {"rate": 0.1, "seed": 1, "step": 10, "loss": 2.0},' in lines
    assert json.loads(path.read_text())["seeds"] == [0, 1]
    assert names(tmp_path) == ["01_first/grid"]


def test_tuples_in_the_configuration_come_back_equal(tmp_path: Path) -> None:
    record = replace(RECORD, config={"rates": (0.1, 0.5), "nested": {"widths": (1, (2, 3))}})
    write(record, tmp_path)
    assert read("01_first/grid", tmp_path) == record


def test_a_record_is_replaced_at_once(tmp_path: Path, monkeypatch) -> None:
    write(RECORD, tmp_path)

    def fail(path, content):
        raise OSError("no space")

    monkeypatch.setattr(durable, "write", fail)
    with pytest.raises(OSError, match="no space"):
        write(replace(RECORD, rows=()), tmp_path)
    assert read("01_first/grid", tmp_path) == RECORD


def test_select_and_column() -> None:
    assert RECORD.select(rate=0.1) == list(RECORD.rows[:2])
    assert RECORD.select() == list(RECORD.rows)
    assert RECORD.select(rate=0.1, seed=1) == [RECORD.rows[1]]
    assert RECORD.select(rate=0.7) == []
    assert RECORD.column("loss", rate=0.1) == [0.1 + 0.2, 2.0]
    with pytest.raises(KeyError, match="grid has no column 'rates'"):
        RECORD.select(rates=0.1)
    with pytest.raises(KeyError, match="'note' is not in every selected row"):
        RECORD.column("note", rate=0.1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_must_be_finite(value: float) -> None:
    with pytest.raises(ValueError, match=f"row 0, column 'loss' must be finite, got {value}"):
        replace(RECORD, rows=({"loss": value},))
    with pytest.raises(ValueError, match="must be finite"):
        replace(RECORD, config={"rates": [0.1, value]})


@pytest.mark.parametrize("value", [np.float64(0.5), np.int64(3), [1], {"a": 1}, 1j])
def test_other_values_are_refused(value) -> None:
    with pytest.raises(TypeError, match="column 'x' must be text, a number"):
        records.check_row({"x": value})


def test_a_file_with_a_constant_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    path.write_text(path.read_text().replace("2.0}", "NaN}"))
    with pytest.raises(ValueError, match=r"'01_first/grid' is damaged: .* got NaN"):
        read("01_first/grid", tmp_path)


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    with pytest.raises(ValueError, match="'01_first/grid' is damaged"):
        read("01_first/grid", tmp_path)
    path.write_text('{"rows": []}')
    with pytest.raises(ValueError, match=r"must hold \['chapter'.*got \['rows'\]"):
        read("01_first/grid", tmp_path)
    path.write_text("[1]")
    with pytest.raises(ValueError, match="got list"):
        read("01_first/grid", tmp_path)


@pytest.mark.parametrize("name", ["grid", "01_first/other", "02_second/grid", "01_first/", "/"])
def test_a_missing_record_names_those_there_are(tmp_path: Path, name: str) -> None:
    write(RECORD, tmp_path)
    with pytest.raises(FileNotFoundError, match=f"no record '{name}'; there are: 01_first/grid"):
        read(name, tmp_path)


def test_an_empty_root_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there are: none"):
        read("01_first/grid", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["", "../escape", "a/b", "a.b", "-a"])
def test_names_are_plain(name: str) -> None:
    with pytest.raises(ValueError, match="named by letters, digits, _ and -, got"):
        replace(RECORD, name=name)
    with pytest.raises(ValueError, match="named by letters"):
        replace(RECORD, chapter=name)


def test_records_are_found_in_the_checkout_and_in_the_installed_package(
    tmp_path: Path, monkeypatch
) -> None:
    package = tmp_path / "checkout" / "src" / "runtheory"
    monkeypatch.setattr(records, "__file__", str(package / "records.py"))
    package.mkdir(parents=True)
    (tmp_path / "checkout" / "pyproject.toml").touch()
    assert write(RECORD) == tmp_path / "checkout" / "results" / "01_first" / "grid.json"
    assert read("01_first/grid") == RECORD
    (tmp_path / "checkout" / "pyproject.toml").unlink()
    with pytest.raises(FileNotFoundError, match="outside a checkout"):
        write(RECORD)
    installed = tmp_path / "site" / "runtheory"
    write(replace(RECORD, preset="installed"), installed / "_book" / "results")
    monkeypatch.setattr(records.resources, "files", lambda name: installed)
    assert read("01_first/grid").preset == "installed"
    assert names() == ["01_first/grid"]
