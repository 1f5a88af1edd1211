"""The table of what students handed in."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from runtheory.course import reports
from runtheory.course.__main__ import main
from runtheory.exercises import MIME


def write(path: Path, *checks: tuple[str, bool], title: str = "Exercises", code: str = "x = 1"):
    """Write a notebook whose cells hold some code, a title and stored checks."""
    outputs = [{"data": {MIME: {"name": name, "right": right}}} for name, right in checks]
    cells = [
        {"cell_type": "markdown", "source": [f"# {title}\n", "more"]},
        {"cell_type": "code", "source": code, "outputs": [{"text": "x"}, *outputs]},
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_a_row_for_each_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "ann" / "a.ipynb", ("one", False), ("two", True), ("one", True))
    write(tmp_path / "bob" / "a.ipynb", ("one", False), code="x = 2")
    write(tmp_path / "cas" / "b.ipynb", ("three", True), title="Others")
    write(tmp_path / "ann" / ".ipynb_checkpoints" / "a.ipynb", ("one", False))
    assert main(["report", str(tmp_path)]) == 0
    ann, bob, cas = rows(capsys.readouterr().out)
    assert (ann["notebook"], ann["title"]) == (str(Path("ann", "a.ipynb")), "Exercises")
    assert (ann["right"], ann["checks"], ann["not_yet"], ann["missing"]) == ("2", "2", "", "")
    assert (bob["right"], bob["checks"], bob["not_yet"], bob["missing"]) == ("0", "2", "one", "two")
    assert (cas["right"], cas["checks"]) == ("1", "1")
    assert ann["code"] == cas["code"] != bob["code"]
    assert len(ann["code"]) == 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"cells": 3}',
        '{"cells": [{}]}',
        '{"cells": [{"cell_type": "code", "source": "", "outputs": [{"data": 3}]}]}',
        json.dumps(
            {"cells": [{"cell_type": "code", "source": "", "outputs": [{"data": {MIME: 1}}]}]}
        ),
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_cannot_be_read_has_a_row(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    write(tmp_path / "b.ipynb", ("one", True))
    out = tmp_path / "table.csv"
    assert main(["report", str(tmp_path), "--out", str(out)]) == 0
    bad, good = rows(out.read_text(encoding="utf-8"))
    assert bad["fault"].startswith("no notebook: ")
    assert (bad["right"], bad["code"]) == ("0", "")
    assert good["fault"] == ""


def test_a_notebook_that_never_ran_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb")
    (row,) = rows(reports.table([reports.read(tmp_path / "a.ipynb", "a.ipynb")]))
    assert row["fault"].startswith("no check has run")


def test_only_true_is_right(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", ("one", 1))  # type: ignore[arg-type]
    assert not reports.read(tmp_path / "a.ipynb", "a").checks["one"]


def test_no_cell_runs_in_a_spreadsheet(tmp_path: Path) -> None:
    write(tmp_path / "=1+1.ipynb", ("=HYPERLINK(1)\nnext", False), title="@SUM(1)")
    (row,) = rows(reports.table([reports.read(tmp_path / "=1+1.ipynb", "=1+1.ipynb")]))
    assert row["notebook"] == "'=1+1.ipynb"
    assert row["title"] == "'@SUM(1)"
    assert row["not_yet"] == "'=HYPERLINK(1) next"


def test_a_folder_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"error: there is no {tmp_path / 'none'}\n"


def test_a_single_notebook_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.ipynb", ("one", True))
    assert main(["report", str(tmp_path / "a.ipynb")]) == 0
    assert rows(capsys.readouterr().out)[0]["right"] == "1"


def test_several_paths_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a" / "e.ipynb", ("one", True))
    write(tmp_path / "b" / "e.ipynb", ("one", True))
    folders = [str(tmp_path / name) for name in ("a", "b", "b")]
    assert main(["report", *folders]) == 0
    found = [row["notebook"] for row in rows(capsys.readouterr().out)]
    assert found == [str(tmp_path / name / "e.ipynb") for name in ("a", "b")]


def test_notebooks_without_a_title_belong_to_no_others(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", ("one", True), title="")
    write(tmp_path / "b.ipynb", ("two", True), title="")
    made = [reports.read(tmp_path / f"{name}.ipynb", name) for name in ("a", "b", "none")]
    assert [row["missing"] for row in rows(reports.table(made))] == ["", "", ""]


def test_a_mark_of_byte_order_is_no_fault(tmp_path: Path) -> None:
    write(tmp_path / "a.ipynb", ("one", True))
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert reports.read(path, "a").checks == {"one": True}
