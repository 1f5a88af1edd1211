"""Cells, their columns, grids of them, and the recipe that a decorated function becomes."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from runtheory import recipes
from runtheory.recipes.recipe import Arm, Cell, Grid, Recipe, by_name, columns, recipe


@dataclass(frozen=True)
class Sign(Arm):
    apply: object
    amount: float | None = None


PLUS, MINUS = Sign("plus", abs), Sign("minus", len, amount=0.5)


@dataclass(frozen=True)
class Settings:
    tries: int = 3


@dataclass(frozen=True, kw_only=True)
class BaseCell(Cell):
    steps: int = 10


@dataclass(frozen=True, kw_only=True)
class OwnCell(BaseCell):
    sign: Sign = PLUS
    width: int = 1
    places: tuple[int, ...] = (2, 1)
    settings: Settings = field(default_factory=Settings)


def run_nothing(cell: Cell, device: str, checkpoint: Path | None) -> list[dict]:
    """Do nothing."""
    return []


def make_recipe(grid: Grid) -> Recipe:
    return recipe(full=grid, tiny=grid)(run_nothing)


def test_columns_are_own_fields_first_and_the_seed_last() -> None:
    assert list(columns(OwnCell(sign=MINUS, seed=4)).items()) == [
        ("sign", "minus"), ("amount", 0.5), ("width", 1), ("places", [2, 1]), ("tries", 3),
        ("steps", 10), ("seed", 4),
    ]  # fmt: skip
    assert "amount" not in columns(OwnCell())


def test_a_field_that_no_record_could_keep_is_refused() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Loose(Cell):
        value: object

    for value in ([1], {"a": 1}, (1, [2]), abs):
        with pytest.raises(TypeError, match="value is of no kind that a cell can have"):
            columns(Loose(value=value))


def test_two_fields_may_not_give_one_column() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Twice(Cell):
        tries: int = 1
        settings: Settings = field(default_factory=Settings)

    with pytest.raises(ValueError, match=r"two fields of a cell give the columns \['tries'\]"):
        columns(Twice())


def test_arms_are_found_by_their_names_in_order() -> None:
    assert list(by_name(PLUS, MINUS)) == ["plus", "minus"]
    assert by_name(PLUS)["plus"] is PLUS


def test_cells_are_the_product_with_seeds_outermost() -> None:
    grid = Grid(OwnCell(), {"width": (1, 2), "sign": (PLUS, MINUS)})
    cells = make_recipe(grid).cells("tiny", (3, 1))
    assert [(cell.seed, cell.width, cell.sign.name) for cell in cells] == [
        (seed, width, sign) for seed in (3, 1) for width in (1, 2) for sign in ("plus", "minus")
    ]


def test_further_grids_follow_without_repetition() -> None:
    also = Grid(OwnCell(), {"width": (2, 3)})
    grid = Grid(OwnCell(), {"width": (1, 2)}, also=(also,))
    assert [cell.width for cell in grid.configurations()] == [1, 2, 3]


def test_a_record_keeps_a_grid_by_axes_and_what_is_fixed() -> None:
    grid = Grid(OwnCell(), {"sign": (PLUS, MINUS)}, also=(Grid(OwnCell(), {"width": (3,)}),))
    plain = grid.plain()
    assert plain["axes"] == {"sign": ["plus", "minus"]}
    # What an arm settles is not fixed, even where the first arm has no such column.
    assert plain["fixed"] == {"width": 1, "places": [2, 1], "tries": 3, "steps": 10}
    assert [also["axes"] for also in plain["also"]] == [{"width": [3]}]


@pytest.mark.parametrize("axis", ["seed", "depth", "tries"])
def test_an_axis_is_a_field_other_than_the_seed(axis: str) -> None:
    with pytest.raises(ValueError, match=rf"the axes of a grid are among .*, got \['{axis}'\]"):
        Grid(OwnCell(), {axis: (1,)})


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ({"width": (1, float("nan"))}, ValueError, "axis 'width', value nan: column 'width' must"),
        ({"places": ((1,), ("a", "b"))}, TypeError, r"axis 'places', value \('a', 'b'\): column"),
        ({"width": ({1, 2},)}, TypeError, "width is of no kind that a cell can have"),
        ({"places": (((1, 2), (3,)),)}, TypeError, "places is of no kind"),
        ({"width": ()}, ValueError, "axis 'width' needs a value"),
    ],
)
def test_a_value_that_no_record_could_keep_is_refused_before_any_run(axes, error, message) -> None:
    with pytest.raises(error, match=message):
        Grid(OwnCell(), axes)
    with pytest.raises(ValueError, match="the cell of a grid: column 'width' must be finite"):
        Grid(OwnCell(width=cast(Any, float("inf"))), {"steps": (1, 2)})


def test_numbers_of_numpy_are_numbers() -> None:
    axes: Any = {
        "width": np.arange(1, 3),
        "places": ((np.int64(1), 2),),
        "steps": [np.float64(0.5)],
    }
    rows = [columns(cell) for cell in Grid(OwnCell(), axes).configurations()]
    assert [(row["width"], row["places"], row["steps"]) for row in rows] == [
        (1, [1, 2], 0.5), (2, [1, 2], 0.5)
    ]  # fmt: skip
    assert {type(row["width"]) for row in rows} == {int}
    assert Grid(OwnCell(), axes).plain()["axes"] == {
        "width": [1, 2], "places": [[1, 2]], "steps": [0.5]
    }  # fmt: skip


def test_unknown_presets_and_missing_seeds_are_refused() -> None:
    made = make_recipe(Grid(OwnCell(), {}))
    with pytest.raises(ValueError, match=r"presets \['full', 'tiny'\], got 'huge'"):
        made.cells("huge", (0,))
    for seeds in ((), (1, 1)):
        with pytest.raises(ValueError, match="at least one seed and none of them twice"):
            made.cells("tiny", seeds)


def test_cells_are_chosen_by_their_columns() -> None:
    made = make_recipe(Grid(OwnCell(), {"width": (1, 2), "sign": (PLUS, MINUS)}))
    (cell,) = made.cells("tiny", (5,), where={"sign": "minus", "width": 2})
    assert (cell.sign, cell.width, cell.seed) == (MINUS, 2, 5)
    assert len(made.cells("tiny", (5,), where={"places": [2, 1]})) == 4
    with pytest.raises(ValueError, match=r"no cell of run_nothing, preset tiny, has \{'amount': 1"):
        made.cells("tiny", (5,), where={"amount": 1})


def test_a_recipe_is_named_by_its_function_and_its_module() -> None:
    made = make_recipe(Grid(OwnCell(), {}))
    assert (made.name, made.about) == ("run_nothing", "Do nothing.")
    assert made.module == __name__
    assert made.chapter == __name__.partition(".")[0]  # outside the package a slug of its own
    found = recipes.find("rare_features")
    assert (found.chapter, found.module) == ("cutmix", "runtheory.recipes.cutmix.rare_features")


def test_a_recipe_must_say_what_it_is() -> None:
    def silent(cell, device, checkpoint):
        return []

    grid = Grid(OwnCell(), {})
    with pytest.raises(ValueError, match="docstring of silent must say source, cost and result"):
        recipe(full=grid, tiny=grid)(silent)


@pytest.mark.parametrize("name", sorted(recipes.recipes()))
def test_recipes_and_cells_can_be_pickled(name: str) -> None:
    found = recipes.find(name)
    assert pickle.loads(pickle.dumps(found)) is found
    for preset in ("tiny", "full"):
        cells = found.cells(preset, [0])
        again = pickle.loads(pickle.dumps(cells))
        assert [columns(cell) for cell in again] == [columns(cell) for cell in cells]
        assert [type(cell) for cell in again] == [type(cell) for cell in cells]


def test_recipes_are_found_by_themselves_and_a_name_may_occur_once(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "runs"))
    monkeypatch.delitem(sys.modules, "toy_recipes", raising=False)
    assert list(recipes.recipes(("toy_recipes",))) == ["toy", "failing", "diverging", "killed"]
    assert "runtheory.recipes.cutmix.rare_features" in recipes.modules()
    with pytest.raises(ValueError, match="two recipes are called 'toy'"):
        recipes.recipes(("toy_recipes", "toy_recipes"))
    with pytest.raises(ValueError, match="no recipe 'other'; there are: toy, failing"):
        recipes.find("other", ("toy_recipes",))


def test_a_cell_is_changed_by_replacing_it() -> None:
    cell = OwnCell()
    assert replace(cell, width=2) != cell
    assert replace(cell, width=2).sign is PLUS
