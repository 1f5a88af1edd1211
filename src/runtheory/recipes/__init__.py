"""Named recipes: every recorded number of the book comes from one of these.

A module of recipes holds ``RECIPES``, a tuple of functions without arguments; each returns a frozen
:class:`Recipe` and states in its docstring the source, the cost and the expected result. A new
module is added to :data:`MODULES` below. ``python -m runtheory.runs list`` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from runtheory.recipes.recipe import Cell, Grid, Recipe

MODULES: tuple[str, ...] = (
    "runtheory.recipes.multi_sample_dropout.accuracy",
    "runtheory.recipes.multi_sample_dropout.gradient_noise",
    "runtheory.recipes.cutmix.mixing_family",
    "runtheory.recipes.neural_collapse",
    "runtheory.recipes.cutmix.rare_features",
    "runtheory.recipes.interplay",
)

__all__ = ["MODULES", "Cell", "Grid", "Recipe", "recipes"]


def recipes(modules: Iterable[str] = MODULES) -> dict[str, Recipe]:
    """Return the recipes of ``modules`` by name, in the order of the modules.

    Raises
    ------
    ValueError
        If two recipes bear one name.
    """
    found: dict[str, Recipe] = {}
    for module in modules:
        for function in import_module(module).RECIPES:
            recipe = function()
            if recipe.name in found:
                raise ValueError(f"two recipes are called {recipe.name!r}, one in {module}")
            found[recipe.name] = recipe
    return found
