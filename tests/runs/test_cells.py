"""One cell: its file, its checkpoint, its name."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtheory import durable, records
from runtheory.recipes.recipe import columns
from runtheory.runs import RunPlan, run
from runtheory.runs.cells import (
    Task,
    adopt_checkpoint,
    cell_digest,
    compute_result,
    opened,
    sealed,
    store_result,
    stored_result,
)
from runtheory.runs.runner import RunError


def test_a_damaged_cell_is_run_again(toys, tmp_path, timeless) -> None:
    plan = RunPlan(toys["toy"], "tiny", (0,))
    whole = timeless(records.read("toy_recipes/toy_tiny", run(plan, tmp_path).parents[1]))
    for damage in ("", '{"cell": {}}', "[]", "[" * 100_000, "\udcff"):
        cell = next((tmp_path / "runs/toy_recipes/toy/tiny").glob("*.json"))
        cell.write_text(damage, errors="surrogateescape")
        with pytest.warns(RuntimeWarning, match=f"{cell.name} is damaged .* run again"):
            run(plan, tmp_path)
        assert timeless(records.read("toy_recipes/toy_tiny", tmp_path / "results")) == whole


def result_of(task: Task, **changes: object) -> dict:
    texts = dict.fromkeys(("date", "hardware", "commit"), "text")
    own = {"cell": columns(task.cell), "rows": [{"loss": 0.125}], "seconds": 1.0, "versions": {}}
    return {**texts, **own, **changes}


@pytest.fixture
def kept(toys, tmp_path) -> Task:
    """Return a task whose result is stored."""
    task = RunPlan(toys["failing"], "tiny", (0,)).tasks(tmp_path)[0]
    store_result(task, result_of(task))
    assert stored_result(task) == result_of(task)
    return task


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_flipped_bit_gives_another_result(kept: Task, data) -> None:
    content = sealed(result_of(kept))
    byte = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[byte] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(ValueError):
        assert opened(bytes(flipped)) == result_of(kept)  # a space that became another one


@pytest.mark.parametrize("rows", [[], None, 3, "text", ["text"], {"loss": 1.0}])
def test_a_cell_without_rows_is_damaged(kept: Task, rows) -> None:
    kept.path.write_bytes(sealed(result_of(kept, rows=rows)))
    with pytest.warns(RuntimeWarning, match="at least one row"):
        assert stored_result(kept) is None


def test_a_cell_of_the_form_without_a_digest_is_run_again(kept: Task) -> None:
    kept.path.write_text(json.dumps(result_of(kept)))
    with pytest.warns(RuntimeWarning, match=r"older or another form, which has no digest\); it is"):
        assert stored_result(kept) is None
    changed = {**json.loads(sealed(result_of(kept))), "seconds": 2.0}
    kept.path.write_text(json.dumps(changed))
    with pytest.warns(RuntimeWarning, match="not what its digest says"):
        assert stored_result(kept) is None


def test_a_cell_that_diverges_is_a_result(toys, tmp_path) -> None:
    run(RunPlan(toys["diverging"], "tiny", (0,)), tmp_path)
    rows = records.read("toy_recipes/diverging_tiny", tmp_path / "results").rows
    told = [(row["value"], row["step"], row["loss"], row.get("diverged")) for row in rows]
    nan = "the loss is nan at step 3"
    assert told == [
        (1, 1, 1.0, None), (1, 2, 0.5, None), (2, 1, 0.5, None), (2, None, None, nan),
        (3, 1, 1 / 3, None), (3, 2, None, None),
    ]  # fmt: skip
    (task,) = RunPlan(toys["diverging"], "tiny", (0,), ranks=2).tasks(tmp_path)[1:2]
    with pytest.raises(FloatingPointError):
        compute_result(task, None)


def test_the_seconds_of_a_cell_are_those_that_it_took(toys, tmp_path) -> None:
    before = time.perf_counter()
    task = RunPlan(toys["failing"], "tiny", (1,)).tasks(tmp_path)[0]
    seconds = compute_result(task, None)["seconds"]
    assert 0 < seconds <= time.perf_counter() - before


def test_rows_that_no_record_could_keep_fail_their_cell(toys, tmp_path) -> None:
    for row, message in (
        ({"loss": torch.tensor(1.0)}, "must be text, a number"),
        ({"value": 7}, "may not change what its cell says"),
    ):
        recipe = replace(toys["failing"], run=lambda *_, row=row: [row])
        with pytest.raises(RunError, match=message):
            run(RunPlan(recipe, "tiny", (0,)), tmp_path)
    none = replace(toys["failing"], run=lambda *_: [])
    with pytest.raises(RunError, match="at least one row, got none"):
        run(RunPlan(none, "tiny", (0,)), tmp_path)


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
    store_result(task, result_of(task))
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
