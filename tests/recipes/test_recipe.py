"""Grids, cells and the names of their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.recipes import Grid, Recipe, recipes
from runtheory.recipes.recipe import digest
from runtheory.runs.__main__ import parse_seeds


def run_nothing(cell, device, checkpoint):
    """Do nothing."""
    return []


def make_recipe(grid: Grid) -> Recipe:
    return Recipe("nothing", "00_none", {"tiny": grid}, run_nothing, "Nothing.")


def test_cells_are_the_product_with_seeds_outermost() -> None:
    grid = Grid(axes={"a": (1, 2), "b": ("x", "y")}, fixed={"c": 0.5})
    cells = make_recipe(grid).cells("tiny", (3, 1))
    assert cells == [
        {"a": a, "b": b, "c": 0.5, "seed": seed} for seed in (3, 1) for a in (1, 2) for b in "xy"
    ]


def test_further_grids_follow_without_repetition() -> None:
    also = Grid(axes={"a": (2, 3)}, fixed={"b": 0})
    grid = Grid(axes={"a": (1, 2)}, fixed={"b": 0}, also=(also,))
    assert [cell["a"] for cell in grid.configurations()] == [1, 2, 3]
    assert grid.plain()["also"] == [{"axes": {"a": (2, 3)}, "fixed": {"b": 0}, "also": []}]


@pytest.mark.parametrize(
    "grid", [{"axes": {"a": (1,)}, "fixed": {"a": 2}}, {"axes": {"seed": (1,)}}]
)
def test_ambiguous_axes_are_refused(grid) -> None:
    with pytest.raises(ValueError, match="neither fixed nor called seed"):
        Grid(**grid)


def test_unknown_presets_and_missing_seeds_are_refused() -> None:
    recipe = make_recipe(Grid(axes={"a": (1,)}))
    with pytest.raises(ValueError, match=r"presets \['tiny'\], got 'full'"):
        recipe.cells("full", (0,))
    for seeds in ((), (1, 1)):
        with pytest.raises(ValueError, match="at least one seed and none of them twice"):
            recipe.cells("tiny", seeds)


def test_the_digest_depends_on_everything_and_not_on_the_order_of_keys() -> None:
    recipe = make_recipe(Grid(axes={"a": (1,)}))
    cell = {"a": 1, "b": 2, "seed": 0}
    found = {
        digest(recipe, cell, "cpu"),
        digest(recipe, cell, "cuda"),
        digest(recipe, {**cell, "a": 2}, "cpu"),
        digest(recipe, {**cell, "seed": 1}, "cpu"),
        digest(replace(recipe, name="other"), cell, "cpu"),
        digest(replace(recipe, run_cell=parse_seeds), cell, "cpu"),
    }
    assert len(found) == 6
    assert digest(recipe, {"seed": 0, "b": 2, "a": 1}, "cpu") in found


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


def test_every_recipe_of_the_book_has_both_presets_and_says_what_it_expects() -> None:
    for name, recipe in recipes().items():
        assert {"tiny", "full"} <= recipe.presets.keys(), name
        assert len(recipe.about.strip().splitlines()) >= 3, name


def test_a_name_may_occur_once(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "runs"))
    assert list(recipes(("toy_recipes",))) == ["toy", "failing"]
    with pytest.raises(ValueError, match="two recipes are called 'toy'"):
        recipes(("toy_recipes", "toy_recipes"))
