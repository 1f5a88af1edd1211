"""Every recipe: its small preset runs, repeats and resumes, and its record is its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtheory import recipes, records, runs
from runtheory.plain import check_row
from runtheory.recipes import columns

RECIPES = recipes.recipes()
TIMES = {"step_time"}  # whose rows are times and so never the same
NAMES = sorted(RECIPES)


def without_time(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "seconds"}


@pytest.mark.parametrize("name", NAMES)
def test_the_tiny_preset_runs_and_repeats(name: str) -> None:
    rows = runs.live(RECIPES[name], "tiny", seeds=[0])
    assert rows
    for row in rows:
        check_row(row)
    if name not in TIMES:
        again = runs.live(RECIPES[name], "tiny", seeds=[0])
        assert [without_time(row) for row in rows] == [without_time(row) for row in again]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TIMES])
def test_a_cell_resumes_from_its_checkpoint(name: str, tmp_path: Path) -> None:
    recipe, checkpoint = RECIPES[name], tmp_path / "run.safetensors"
    cell = recipe.cells("tiny", [0])[0]
    rows = list(recipe.run(cell, "cpu", checkpoint))
    again = list(recipe.run(cell, "cpu", checkpoint))
    if checkpoint.exists():
        assert rows == again  # times too: nothing was trained again
    assert [without_time(row) for row in rows] == [without_time(row) for row in again]


@pytest.mark.parametrize("name", NAMES)
def test_the_record_is_that_of_the_full_preset(name: str) -> None:
    recipe = RECIPES[name]
    record = records.read(f"{recipe.chapter}/{name}")
    cells = [columns(cell) for cell in recipe.cells("full", record.seeds)]
    recorded = [{key: row[key] for key in row if key in cells[0]} for row in record.rows]
    assert all(cell in recorded for cell in cells)
    assert all(row in cells for row in recorded)
    current = replace(record, config={"grid": recipe.presets["full"].plain()})
    assert record.config["grid"] == current.config["grid"]


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_says_what_it_is_and_what_it_expects(name: str) -> None:
    recipe = RECIPES[name]
    assert {"tiny", "full"} == recipe.presets.keys()
    assert len(recipe.about.splitlines()) >= 3
    assert "Cost: " in recipe.about
    assert "Expected:" in recipe.about
