"""What a recipe is: a grid of cells and a function that runs one of them."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from runtheory.records import Row, Value

Cell = Row
RunCell = Callable[[Cell, str, Path | None], list[Row]]


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of ``axes``, each with the ``fixed`` values added.

    ``also`` holds further grids whose cells follow, for what is not a full product. A cell that
    occurs twice counts once.
    """

    axes: Mapping[str, tuple[Value, ...]]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[Grid, ...] = ()

    def __post_init__(self) -> None:
        shared = sorted(self.axes.keys() & self.fixed.keys())
        if shared or "seed" in self.axes or "seed" in self.fixed:
            raise ValueError(
                f"an axis may be neither fixed nor called seed, got {shared or 'seed'}"
            )

    def configurations(self) -> list[Cell]:
        """Return the cells without seeds; the last axis varies fastest."""
        combinations = product(*self.axes.values())
        found = [
            {**dict(zip(self.axes, values, strict=True)), **self.fixed} for values in combinations
        ]
        for grid in self.also:
            found += [cell for cell in grid.configurations() if cell not in found]
        return found

    def plain(self) -> dict[str, object]:
        """Return the grid as a record keeps it."""
        also = [grid.plain() for grid in self.also]
        return {"axes": dict(self.axes), "fixed": dict(self.fixed), "also": also}


@dataclass(frozen=True)
class Recipe:
    """A named experiment of one chapter.

    ``presets`` maps "tiny" (seconds on a CPU, run by the tests) and "full" (recorded) to grids.
    ``run_cell(cell, device, checkpoint)`` runs one cell and returns its rows; it must be a function
    of an importable module, draw only from streams of ``cell["seed"]`` and hand ``checkpoint`` (a
    path, or None) to the training loop. ``about`` is the docstring of the function that returns
    the recipe: source, cost, expected result.
    """

    name: str
    chapter: str
    presets: Mapping[str, Grid]
    run_cell: RunCell
    about: str

    def cells(self, preset: str, seeds: Iterable[int]) -> list[Cell]:
        """Return all cells, seeds outermost: an interrupted run has whole grids of fewer seeds.

        Raises
        ------
        ValueError
            If there is no such preset, or the seeds are none or repeat.
        """
        if preset not in self.presets:
            raise ValueError(f"{self.name} has presets {sorted(self.presets)}, got {preset!r}")
        seeds = tuple(seeds)
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f"a run needs at least one seed and none of them twice, got {seeds}")
        configurations = self.presets[preset].configurations()
        return [{**cell, "seed": seed} for seed in seeds for cell in configurations]


def digest(recipe: Recipe, cell: Cell, *circumstances: str) -> str:
    """Return the name of a cell's file: sixteen hexadecimal digits.

    They depend on the cell, the ``circumstances`` (what else the numbers depend on) and the code of
    the recipe's module, comments and layout apart: when the recipe changes, its cells run again.
    """
    module = inspect.getmodule(recipe.run_cell)
    if module is None:
        raise ValueError(f"run_cell of {recipe.name} must be a function of an importable module")
    code = ast.dump(ast.parse(inspect.getsource(module)))
    parts = [recipe.chapter, recipe.name, code, sorted(cell.items()), circumstances]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
