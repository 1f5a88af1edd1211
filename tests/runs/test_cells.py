"""One cell: its file, its checkpoint, its name."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from runtheory import durable, records
from runtheory.recipes.recipe import columns
from runtheory.runs import RunPlan, run
from runtheory.runs.cells import adopt_checkpoint, cell_digest, store_result
from runtheory.runs.runner import RunError


def test_a_damaged_cell_is_run_again(toys, tmp_path, timeless) -> None:
    plan = RunPlan(toys["toy"], "tiny", (0,))
    whole = timeless(records.read("toy_recipes/toy_tiny", run(plan, tmp_path).parents[1]))
    for damage in ("", '{"cell": {}}', "[]"):
        cell = next((tmp_path / "runs/toy_recipes/toy/tiny").glob("*.json"))
        cell.write_text(damage)
        with pytest.warns(RuntimeWarning, match=f"{cell.name} is damaged .* run again"):
            run(plan, tmp_path)
        assert timeless(records.read("toy_recipes/toy_tiny", tmp_path / "results")) == whole


def test_rows_that_no_record_could_keep_fail_their_cell(toys, tmp_path) -> None:
    for row, message in (
        ({"loss": float("nan")}, "must be finite"),
        ({"loss": torch.tensor(1.0)}, "must be text, a number"),
        ({"value": 7}, "may not change what its cell says"),
    ):
        recipe = replace(toys["failing"], run=lambda *_, row=row: [row])
        with pytest.raises(RunError, match=message):
            run(RunPlan(recipe, "tiny", (0,)), tmp_path)


def test_attempts_at_one_cell_write_files_of_their_own(toys, tmp_path) -> None:
    task = RunPlan(toys["toy"], "tiny", (0,)).tasks(tmp_path)[0]
    task.folder.mkdir(parents=True)
    first = adopt_checkpoint(task, "one")
    assert not first.exists()
    first.write_text("step 1")
    second = adopt_checkpoint(task, "two")
    assert (second.read_text(), first.exists()) == ("step 1", False)
    first.write_text("step 2, by a worker that was believed dead")
    assert second.read_text() == "step 1"
    assert adopt_checkpoint(task) == task.checkpoint()  # a run takes the newest of a sweep
    assert task.checkpoint().read_text().startswith("step 2")
    half_written = task.checkpoint("killed").name  # by an attempt that was killed while it wrote
    task.folder.joinpath(f".{half_written}.0123abcd{durable.TEMPORARY}").write_bytes(b"ha")
    store_result(task, {"cell": columns(task.cell)})
    assert [file.suffix for file in task.folder.iterdir()] == [".json"]


def test_the_digest_depends_on_everything(toys) -> None:
    recipe = toys["toy"]
    cell = recipe.cells("tiny", [0])[0]
    digests = {
        cell_digest(recipe, cell, "cpu"),
        cell_digest(recipe, cell, "cuda"),
        cell_digest(recipe, replace(cell, rate=0.1), "cpu"),
        cell_digest(recipe, replace(cell, seed=1), "cpu"),
        cell_digest(replace(recipe, name="other"), cell, "cpu"),
        cell_digest(replace(recipe, chapter="other"), cell, "cpu"),
        cell_digest(replace(recipe, run=columns), cell, "cpu"),  # the code of another module
    }
    assert len(digests) == 7
    assert cell_digest(recipe, replace(cell), "cpu") in digests
