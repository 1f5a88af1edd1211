"""Named recipes: every recorded number of the book comes from one of these.

A module of recipes holds ``RECIPES``, a tuple of functions without arguments; each returns a frozen
:class:`Recipe` and states in its docstring the source, the cost and the expected result. A new
module is added to :data:`MODULES` below. ``python -m runtheory.experiments list`` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from runtheory.experiments.recipes import Cell, Grid, Recipe
from runtheory.experiments.runner import Plan, live, run

MODULES: tuple[str, ...] = (
    "runtheory.experiments.multi_sample_dropout",
    "runtheory.experiments.gradient_noise",
    "runtheory.experiments.mixing_family",
    "runtheory.experiments.collapse_runs",
    "runtheory.experiments.rare_features",
    "runtheory.experiments.interplay",
)

__all__ = ["MODULES", "Cell", "Grid", "Plan", "Recipe", "live", "recipes", "run"]


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
