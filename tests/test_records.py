"""Records come back bit for bit, and nothing that is no record gets in."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory import checkout, durable
from runtheory.records import names, read, write
from tests.example_records import EIGHT, RECORD, RUNS, without

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
    again = read("first/grid", root)
    assert again == record
    for mine, other in zip(again.rows, rows, strict=True):
        assert list(mine) == list(other)
        for column, value in other.items():
            assert type(mine[column]) is type(value)
            if isinstance(value, float):
                assert math.copysign(1, mine[column]) == math.copysign(1, value)


def test_a_record_is_one_file_with_one_row_a_line(tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    assert path == tmp_path / "first" / "grid.json"
    lines = path.read_text().splitlines()
    assert '  {"rate": 0.1, "seed": 1, "step": 10, "loss": 2.0},' in lines
    assert json.loads(path.read_text())["seeds"] == [0, 1]
    assert names(tmp_path) == ["first/grid"]


def test_tuples_in_the_configuration_come_back_equal(tmp_path: Path) -> None:
    record = replace(RECORD, config={"rates": (0.1, 0.5), "nested": {"widths": (1, (2, 3))}})
    write(record, tmp_path)
    assert read("first/grid", tmp_path) == record


def test_a_record_is_replaced_at_once(tmp_path: Path, monkeypatch) -> None:
    write(RECORD, tmp_path)

    def fail(path, content):
        raise OSError("no space")

    monkeypatch.setattr(durable, "write", fail)
    with pytest.raises(OSError, match="no space"):
        write(replace(RECORD, rows=()), tmp_path)
    assert read("first/grid", tmp_path) == RECORD


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


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
arrays = st.recursive(st.lists(numbers), st.lists, max_leaves=20)


@given(arrays)
def test_an_array_comes_back_as_it_was(tmp_path_factory, array) -> None:
    root = tmp_path_factory.mktemp("results")
    record = replace(RECORD, rows=({"places": array, "seed": 0},))
    write(record, root)
    assert json.dumps(read("first/grid", root).rows[0]["places"]) == json.dumps(array)


def test_a_file_with_a_constant_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    path.write_text(path.read_text().replace("2.0}", "NaN}"))
    with pytest.raises(ValueError, match=r"'first/grid' is damaged: .* got NaN"):
        read("first/grid", tmp_path)


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    with pytest.raises(ValueError, match="'first/grid' is damaged"):
        read("first/grid", tmp_path)
    path.write_text('{"rows": []}')
    with pytest.raises(ValueError, match=r"must hold \['chapter'.*got \['rows'\]"):
        read("first/grid", tmp_path)
    path.write_text("[1]")
    with pytest.raises(ValueError, match="got list"):
        read("first/grid", tmp_path)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"rows": 3}, "rows is no list"),
        ({"seeds": None}, "seeds is no list"),
        ({"rows": [3]}, "a row is no mapping of columns"),
        ({"rows": [{"a": {}}]}, "must be text, a number"),
    ],
)
def test_a_record_with_other_parts_is_damaged(damage: dict, reason: str, tmp_path: Path) -> None:
    path = write(RECORD, tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))
    with pytest.raises(ValueError, match=f"'first/grid' is damaged: .*{reason}"):
        read("first/grid", tmp_path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b""])
def test_a_record_that_is_no_json_is_damaged(content: bytes, tmp_path: Path) -> None:
    write(RECORD, tmp_path).write_bytes(content)
    with pytest.raises(ValueError, match="the record 'first/grid' is damaged"):
        read("first/grid", tmp_path)


@pytest.mark.parametrize("name", ["grid", "first/other", "second/grid", "first/", "/"])
def test_a_missing_record_names_those_there_are(tmp_path: Path, name: str) -> None:
    write(RECORD, tmp_path)
    with pytest.raises(FileNotFoundError, match=f"no record '{name}' in .*; there are: first/grid"):
        read(name, tmp_path)


def test_an_empty_root_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there are: none"):
        read("first/grid", tmp_path / "nowhere")


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
    monkeypatch.setattr(checkout, "__file__", str(package / "checkout.py"))
    package.mkdir(parents=True)
    (tmp_path / "checkout" / "pyproject.toml").touch()
    assert write(RECORD) == tmp_path / "checkout" / "results" / "first" / "grid.json"
    assert read("first/grid") == RECORD
    (tmp_path / "checkout" / "pyproject.toml").unlink()
    with pytest.raises(FileNotFoundError, match="outside a checkout"):
        write(RECORD)
    installed = tmp_path / "site" / "runtheory"
    write(replace(RECORD, preset="installed"), installed / "_book" / "results")
    monkeypatch.setattr(checkout.resources, "files", lambda name: installed)
    assert read("first/grid").preset == "installed"
    assert names() == ["first/grid"]


def test_series_has_one_row_a_seed() -> None:
    series = RUNS.series("loss", **EIGHT)
    np.testing.assert_array_equal(series, [[4.0, 9.0], [4.0, 10.0], [7.0, 14.0]])
    assert series.dtype == np.float64
    np.testing.assert_array_equal(RUNS.series("loss", step=20, **EIGHT), [[9.0], [10.0], [14.0]])
    np.testing.assert_array_equal(RUNS.series("masks", step=10, **EIGHT), [[8.0], [8.0], [8.0]])


def test_series_follows_the_seeds_of_the_record_whatever_the_order_of_its_rows() -> None:
    backwards = replace(RUNS, rows=RUNS.rows[::-1])
    np.testing.assert_array_equal(
        backwards.series("loss", **EIGHT), [[9.0, 4.0], [10.0, 4.0], [14.0, 7.0]]
    )


def test_final_is_the_last_row_of_each_seed() -> None:
    np.testing.assert_array_equal(RUNS.final("loss", **EIGHT), [9.0, 10.0, 14.0])
    np.testing.assert_array_equal(RUNS.final("loss", step=10, **EIGHT), [4.0, 4.0, 7.0])


def test_paired_takes_the_last_values_over_the_same_seeds() -> None:
    pair = RUNS.paired("loss", treatment=EIGHT, baseline={"masks": 1})
    np.testing.assert_array_equal(pair.treatment, [9.0, 10.0, 14.0])
    np.testing.assert_array_equal(pair.baseline, [2.0, 2.0, 5.0])
    np.testing.assert_array_equal(pair.difference, [7.0, 8.0, 9.0])
    scaled = RUNS.paired("loss", treatment=EIGHT, baseline={"masks": 1}, scale=100)
    np.testing.assert_array_equal(scaled.treatment, [900.0, 1000.0, 1400.0])
    np.testing.assert_array_equal(scaled.baseline, [200.0, 200.0, 500.0])


@pytest.mark.parametrize(
    ("record", "counts"),
    [
        (without(RUNS, masks=8, seed=2, step=20), r"\[2, 1, 2\]"),
        (without(RUNS, masks=8, seed=0), r"\[0, 2, 2\]"),
        (without(RUNS, masks=8, seed=5), r"\[2, 2, 0\]"),
        (without(RUNS, rate=0.5, masks=8), r"\[0, 0, 0\]"),
        (replace(RUNS, seeds=()), r"\[\]"),
    ],
)
def test_seeds_with_unequal_numbers_of_rows_or_none_are_refused(record, counts: str) -> None:
    with pytest.raises(ValueError, match=rf"grid, {{.*'rate': 0.5}}: rows of each seed: {counts}"):
        record.series("loss", **EIGHT)
    with pytest.raises(ValueError, match="rows of each seed"):
        record.final("loss", **EIGHT)
    with pytest.raises(ValueError, match="rows of each seed"):
        record.paired("loss", treatment={"masks": 1}, baseline=EIGHT)


def test_further_columns_follow_from_each_row() -> None:
    twice = RECORD.with_columns(lambda row: {"twice": 2 * cast(float, row["loss"])})
    assert twice.column("twice") == [2 * cast(float, loss) for loss in RECORD.column("loss")]
    assert [list(row)[-1] for row in twice.rows] == ["twice"] * 3
    assert "twice" not in RECORD.rows[0]
    with pytest.raises(ValueError, match=r"grid has the columns \['rate'\] already"):
        RECORD.with_columns(lambda row: {"rate": 1.0})


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="column 'loss' is not in every selected row"):
        RUNS.series("loss", masks=0)
    with pytest.raises(KeyError, match="no column 'rates'"):
        RUNS.final("loss", rates=0.5)
    with pytest.raises(KeyError, match="column 'losses' is not in every selected row"):
        RUNS.paired("losses", treatment=EIGHT, baseline={"masks": 1})


def test_a_series_is_made_of_numbers() -> None:
    with pytest.raises(TypeError, match="column 'note' holds more than numbers"):
        RUNS.series("note", masks=0)
    empty = replace(RUNS, rows=tuple({**row, "note": None} for row in RUNS.rows))
    with pytest.raises(TypeError, match="column 'note' holds more than numbers"):
        empty.series("note", **EIGHT)


@pytest.mark.parametrize(
    ("seeds", "listed"),
    [
        ((0, 1, 2, 3), "seeds 0 to 3"),
        ((4, 5), "seeds 4 to 5"),
        ((0, 2, 5), "seeds 0, 2, 5"),
        ((1, 0), "seeds 1, 0"),
        ((7,), "seed 7"),
    ],
)
def test_a_caption_says_what_was_run(seeds: tuple[int, ...], listed: str) -> None:
    record = replace(RECORD, seeds=seeds, wall_seconds=3290.7)
    assert record.caption() == f"first/grid: 3 rows, {listed}, 55 min on a processor, 1 thread"


@pytest.mark.parametrize(("failed", "told"), [(1, "1 cell failed"), (2, "2 cells failed")])
def test_the_caption_of_a_partial_record_says_so(failed: int, told: str) -> None:
    config = {"failed": ["width 8: no images"] * failed}
    assert f": partial, {told}, 3 rows" in replace(RECORD, config=config).caption()


@pytest.mark.parametrize(
    ("wall_seconds", "cost"), [(1.5, "2 s"), (89.0, "89 s"), (90.0, "2 min"), (7300.0, "122 min")]
)
def test_a_caption_gives_short_runs_in_seconds(wall_seconds: float, cost: str) -> None:
    record = replace(RECORD, wall_seconds=wall_seconds)
    assert record.caption().endswith(f"seeds 0 to 1, {cost} on a processor, 1 thread")


def test_one_seed_still_has_a_series_and_a_last_value_but_no_pair() -> None:
    one = replace(RUNS, seeds=(2,))
    np.testing.assert_array_equal(one.series("loss", **EIGHT), [[4.0, 10.0]])
    np.testing.assert_array_equal(one.final("loss", **EIGHT), [10.0])
    with pytest.raises(ValueError, match="two values or more"):
        one.paired("loss", treatment=EIGHT, baseline={"masks": 1})
