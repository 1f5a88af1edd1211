"""The recipes of the chapters: their small presets run, and their records are theirs."""

from pathlib import Path

import pytest

from runtheory import recipes, records, runs
from runtheory.recipes.multi_sample_dropout.accuracy import BODY_COST

RECIPES = recipes.recipes()


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_tiny_preset_runs_and_repeats(name: str) -> None:
    recipe = RECIPES[name]
    rows = runs.live(recipe, "tiny", seeds=[0])
    assert rows
    if name != "step_time":  # its rows are times
        again = runs.live(recipe, "tiny", seeds=[0])
        assert [without_time(row) for row in rows] == [without_time(row) for row in again]


def without_time(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "seconds"}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_record_is_that_of_the_full_preset(name: str) -> None:
    recipe = RECIPES[name]
    record = records.read(f"{recipe.chapter}/{name}")
    cells = recipe.cells("full", record.seeds)
    recorded = [{key: row[key] for key in cells[0]} for row in record.rows]
    assert all(cell in recorded for cell in cells)
    assert all(row in cells for row in recorded)


def test_runs_of_one_seed_share_weights_images_and_batches() -> None:
    rows = runs.live(RECIPES["grid"], "tiny", seeds=[0, 1])
    first = [row for row in rows if row["step"] == 1]
    # After one step of a warm-up from nearly zero the nets of one seed differ in their masks only.
    gap = {
        seed: abs(first[i]["test_loss"] - first[i + 1]["test_loss"]) for i, seed in ((0, 0), (2, 1))
    }
    assert max(gap.values()) < abs(first[0]["test_loss"] - first[2]["test_loss"])


def test_steps_of_equal_cost_cost_the_same() -> None:
    cells = RECIPES["equal_cost"].cells("full", [0])
    costs = [cell["batch_size"] * (BODY_COST + cell["samples"]) for cell in cells]
    assert max(costs) / min(costs) < 1.02


def test_a_recipe_keeps_a_checkpoint_that_it_resumes(tmp_path: Path) -> None:
    recipe = RECIPES["grid"]
    cell = recipe.cells("tiny", [0])[0]
    rows = recipe.run_cell(dict(cell), "cpu", tmp_path / "run.safetensors")
    again = recipe.run_cell(dict(cell), "cpu", tmp_path / "run.safetensors")
    assert rows == again  # times too: nothing was trained again
