"""Recipes: every recorded number of the book comes from one of these.

A module of this package bears the slug of a technique; what its recipes record lies under
``results/<slug>/``. Modules are found by themselves (a technique with a second file is a package),
and ``python -m runtheory.runs list`` shows every recipe. One takes three things.

1. *A cell*: a frozen dataclass of **all** that the numbers depend on, measuring included. What
could be another number is a field, and so a column of the record. It derives from ``Cell`` (in
:mod:`runtheory.recipes.recipe`), which brings the seed, where nothing is trained;
:class:`shared.TrainedCell` brings batch, optimiser and schedule, :class:`shared.ConvnetCell` images
and width as well::

    @dataclass(frozen=True, kw_only=True)
    class SmoothingCell(ConvnetCell):
        targets: TargetArm
        amount: float = 0.1

2. *Arms*: a choice that is no number is a value, which holds what it stands for. The record keeps
its name. An axis of plain numbers needs none::

    @dataclass(frozen=True)
    class TargetArm(Arm):
        objective: Callable[[float], Objective]  # a class or function of a module, no lambda

    ARMS = by_name(TargetArm("smoothed", Smoothed), TargetArm("permuted", Permuted))
    SMALL = SmoothingCell(targets=ARMS["smoothed"], width=16, steps=4000, rows=4)

3. *A function* under the decorator ``recipe`` (in :mod:`runtheory.recipes.recipe`) with its two
grids. Its name is that of the record; its docstring
says source, cost and, written before the run, what is expected. It makes network, images, objective
and measures, and hands them to :func:`shared.train_and_measure`, the one body that trains::

    @recipe(
        full=Grid(SMALL, {"targets": tuple(ARMS.values()), "amount": (0.05, 0.1, 0.2)}),
        tiny=Grid(replace(SMALL, per_class=20, width=4, steps=8), {"amount": (0.1, 0.2)}),
    )
    def label_smoothing(
        cell: SmoothingCell, device: str, checkpoint: Path | None
    ) -> Iterable[Row]:
        \"\"\"Two kinds of targets, three amounts. After ... Cost: ... Expected: ...\"\"\"
        image_set = chosen_images(cell, device)
        net = convnet(image_set, seed=cell.seed, width=cell.width, pooled=True)
        objective = cell.targets.objective(cell.amount)
        measure = CollapseProbe(image_set, cross_entropy)
        return train_and_measure(cell, Experiment(net, image_set, objective, measure), checkpoint)

What is trained is defined here (or in the technique's own module); what is measured comes from
``instruments`` and ``evaluation``, which take their settings as parameters. Measured columns must
not be called like columns of the cell. A row may hold lists of numbers. What the loop does not
train returns its rows in its own way (``step_time``, ``rare_features``).

``tests/contract/test_recipes.py`` sends every recipe through one set of tests; one of this name
(``tests/recipes/test_<slug>.py``) holds what is particular to it. Record it with ``python -m
runtheory.runs run label_smoothing --preset full --seeds 0-4``.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from runtheory.recipes.recipe import Arm, Cell, Grid, Recipe, columns

__all__ = ["Arm", "Cell", "Grid", "Recipe", "columns", "find", "modules", "recipes"]


def modules() -> list[str]:
    """Return the names of all modules of this package, sorted."""
    return sorted(module.name for module in walk_packages(__path__, f"{__name__}."))


def recipes(within: Iterable[str] | None = None) -> dict[str, Recipe[Any]]:
    """Return the recipes of the modules named, or of this package, by name.

    Raises
    ------
    ValueError
        If two recipes bear one name.
    """
    named: dict[str, Recipe[Any]] = {}
    for module in modules() if within is None else within:
        for value in vars(import_module(module)).values():
            if not isinstance(value, Recipe) or value.module != module:
                continue
            if value.name in named:
                raise ValueError(f"two recipes are called {value.name!r}, one in {module}")
            named[value.name] = value
    return named


def find(name: str, within: Iterable[str] | None = None) -> Recipe[Any]:
    """Return the recipe of one name, of the book or of the modules ``within``, named as imported.

    Raises
    ------
    ValueError
        If there is none; the message lists those there are.
    """
    named = recipes(within)
    if name not in named:
        raise ValueError(f"there is no recipe {name!r}; there are: {', '.join(named) or 'none'}")
    return named[name]
