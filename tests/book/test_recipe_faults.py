"""A recipe that nobody would find is named, and so is a record that none makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import recipe_faults
from tools.notebooks import ROOT

RECIPE = '''
from runtheory.recipes.recipe import recipe

@recipe(full=FULL, tiny=TINY)
def {name}(cell, device, checkpoint):
    """Say it."""

def no_recipe():
    pass
'''
PLACE = "src/runtheory/recipes"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Lay two recipes, of a module and of a package, with their records."""
    write(tmp_path / PLACE / "__init__.py", "")
    write(tmp_path / PLACE / "one.py", RECIPE.format(name="first"))
    write(tmp_path / PLACE / "two" / "__init__.py", "")
    write(tmp_path / PLACE / "two" / "deep.py", RECIPE.format(name="second"))
    for name in ("one/first", "two/second", "benchmarks/peers"):
        write(tmp_path / "results" / f"{name}.json", "{}")
    for slug in ("one", "two"):
        (tmp_path / "chapters" / slug).mkdir(parents=True)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_recipes_that_are_found_and_recorded_have_no_fault(project: Path) -> None:
    assert list(recipe_faults.faults(project)) == []


def test_a_folder_that_is_no_package_hides_its_recipes(project: Path) -> None:
    (project / PLACE / "two" / "__init__.py").unlink()
    text = "the recipe second is not found: two/ has no __init__.py"
    assert list(recipe_faults.faults(project)) == [(f"{PLACE}/two/deep.py", text)]


def test_a_recipe_without_its_record_is_named_with_the_command(project: Path) -> None:
    (project / "results/one/first.json").unlink()
    (fault,) = recipe_faults.faults(project)
    assert fault == (
        f"{PLACE}/one.py",
        "the recipe first has no record results/one/first.json: "
        "python -m runtheory.runs run first --preset full",
    )


def test_a_record_that_no_recipe_makes_is_named(project: Path) -> None:
    write(project / "results/one/first_partial.json", "{}")
    (fault,) = recipe_faults.faults(project)
    assert fault[0] == "results/one/first_partial.json"
    assert fault[1] == f"no recipe first_partial of {PLACE}/one makes this record"


def test_the_book_has_no_fault() -> None:
    assert list(recipe_faults.faults(ROOT)) == []
