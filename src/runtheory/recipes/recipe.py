"""What a recipe is: typed cells, a grid of them for each preset, and a function that runs one.

``recipes`` shows how one is written.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from importlib import import_module
from itertools import chain, product
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from runtheory.plain import check_row
from runtheory.records import Row

PACKAGE = "runtheory.recipes."
NUMBER = int | float | bool


@dataclass(frozen=True)
class Arm:
    """A named value of an axis; what it stands for (an objective, a draw, a loss) is a field.

    A record keeps ``name``, and each further field that is a number or truth value in a column of
    that field's name. Every field can be pickled: functions of modules, no lambdas.
    """

    name: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """All that the rows of one run depend on, besides code, device and threads.

    Each family of recipes has a frozen subclass of it. A field is a number, text, truth value or
    None; a tuple of such; an :class:`Arm`; or a frozen dataclass of such fields, say the settings
    of an instrument, whose fields are columns of their own names.
    """

    seed: int = 0


OneArm = TypeVar("OneArm", bound=Arm)
OneCell = TypeVar("OneCell", bound=Cell)
Run = Callable[[OneCell, str, Path | None], Iterable[Row]]


def by_name(*arms: OneArm) -> dict[str, OneArm]:
    """Return arms by their names, in order."""
    return {arm.name: arm for arm in arms}


def columns(cell: Cell) -> Row:
    """Return a cell as a record keeps it: what its own class adds comes first, the seed last.

    Raises
    ------
    TypeError
        If a field is of no kind that :class:`Cell` names.
    ValueError
        If two fields give one column.
    """
    order = [name for one in type(cell).__mro__ for name in inspect.get_annotations(one)]
    names = sorted((field.name for field in fields(cell)), key=order.index)
    return _merged(_columns_of(name, getattr(cell, name)) for name in names)


def _columns_of(name: str, value: object) -> Row:
    if isinstance(value, np.generic):  # a value of np.linspace is a number
        value = value.item()
    if isinstance(value, Arm):
        settings = {one.name: getattr(value, one.name) for one in fields(value)}
        del settings["name"]
        return {name: value.name, **{k: v for k, v in settings.items() if isinstance(v, NUMBER)}}
    if is_dataclass(value):
        return _merged(_columns_of(one.name, getattr(value, one.name)) for one in fields(value))
    if isinstance(value, tuple) and all(map(_is_plain, value)):
        return {name: [part.item() if isinstance(part, np.generic) else part for part in value]}
    if not _is_plain(value):
        raise TypeError(f"{name} is of no kind that a cell can have: {value!r}")
    return {name: value}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | np.generic)


def _merged(parts: Iterable[Row]) -> Row:
    row: Row = {}
    for part in parts:
        if repeated := sorted(row.keys() & part.keys()):
            raise ValueError(f"two fields of a cell give the columns {repeated}")
        row |= part
    return row


@dataclass(frozen=True)
class Grid(Generic[OneCell]):
    """All combinations of the values of ``axes``, every other field being that of ``cell``.

    The last axis varies fastest. ``also`` holds further grids whose cells follow, for what is not
    a full product. A cell that occurs twice counts once.

    Raises
    ------
    ValueError
        If an axis is no field of the cell, or the seed, or has no value.
    ValueError, TypeError
        If a record could not keep a value: now, and not after its training.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from runtheory.recipes.recipe import Cell, Grid
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Depths(Cell):
    ...     depth: int = 1
    ...     rate: float = 0.0
    >>> grid = Grid(Depths(), {"depth": (1, 2), "rate": (0.0, 0.5)})
    >>> [(cell.depth, cell.rate) for cell in grid.configurations()]
    [(1, 0.0), (1, 0.5), (2, 0.0), (2, 0.5)]
    """

    cell: OneCell
    axes: Mapping[str, Sequence[Any] | np.ndarray]
    also: tuple[Grid[OneCell], ...] = ()

    def __post_init__(self) -> None:
        known = sorted(field.name for field in fields(self.cell) if field.name != "seed")
        if not self.axes.keys() <= set(known):
            raise ValueError(f"the axes of a grid are among {known}, got {[*self.axes]}")
        for name, values in self.axes.items():
            if len(values) == 0:
                raise ValueError(f"axis {name!r} needs a value")
            for value in values:
                check_row(_columns_of(name, value), place=f"axis {name!r}, value {value!r}: ")
        check_row(columns(self.cell), place="the cell of a grid: ")

    def configurations(self) -> list[OneCell]:
        """Return the cells, all with the seed of ``cell``."""
        values = product(*self.axes.values())
        # Cells as their columns tell them apart; the first of equal ones stays in its place.
        own = [replace(self.cell, **dict(zip(self.axes, some, strict=True))) for some in values]
        every = chain(own, *(grid.configurations() for grid in self.also))
        return list({json.dumps(columns(cell)): cell for cell in every}.values())

    def plain(self) -> dict[str, object]:
        """Return the grid as a record keeps it."""
        axes = {
            name: [_columns_of(name, value)[name] for value in values]
            for name, values in self.axes.items()
        }
        # An axis of arms settles the columns of their settings as well.
        settled = {c for n, values in self.axes.items() for v in values for c in _columns_of(n, v)}
        fixed = {c: v for c, v in columns(self.cell).items() if c not in settled | {"seed"}}
        return {"axes": axes, "fixed": fixed, "also": [grid.plain() for grid in self.also]}


@dataclass(frozen=True)
class Recipe(Generic[OneCell]):
    """A named experiment of one chapter.

    ``presets`` maps "tiny" (seconds on a CPU, run by the tests) and "full" (recorded) to grids.
    ``run(cell, device, checkpoint)`` runs one cell and returns its rows; it draws only from streams
    of the cell's seed and hands ``checkpoint`` (a path, or None) to the training loop. ``about``
    says source, cost and expected result. A recipe is pickled as its name and module.
    """

    name: str
    chapter: str
    presets: Mapping[str, Grid[OneCell]]
    run: Run[OneCell]
    about: str

    @property
    def module(self) -> str:
        """The module that defines the recipe."""
        return self.run.__module__

    def cells(
        self, preset: str, seeds: Iterable[int], *, where: Mapping[str, Any] | None = None
    ) -> list[OneCell]:
        """Return the cells, seeds outermost: an interrupted run has whole grids of fewer seeds.

        With ``where`` those alone whose columns equal it.

        Raises
        ------
        ValueError
            If there is no such preset, the seeds are none or repeat, or no cell fits ``where``.
        """
        if preset not in self.presets:
            raise ValueError(f"{self.name} has presets {sorted(self.presets)}, got {preset!r}")
        seeds = tuple(seeds)
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError(f"a run needs at least one seed and none of them twice, got {seeds}")
        configurations = self.presets[preset].configurations()
        cells = [replace(cell, seed=seed) for seed in seeds for cell in configurations]
        chosen = [cell for cell in cells if _fits(columns(cell), where or {})]
        if not chosen:
            raise ValueError(f"no cell of {self.name}, preset {preset}, has {dict(where or {})}")
        return chosen

    def __reduce__(self) -> tuple[Callable[[str, str], Any], tuple[str, str]]:
        return _recipe_of, (self.module, self.name)


def recipe(
    *, full: Grid[OneCell], tiny: Grid[OneCell]
) -> Callable[[Run[OneCell]], Recipe[OneCell]]:
    """Make a recipe of the function below: of its name, its docstring and its module's slug."""

    def decorate(run: Run[OneCell]) -> Recipe[OneCell]:
        if not run.__doc__:
            raise ValueError(f"the docstring of {run.__name__} must say source, cost and result")
        # A module outside the package, named on the command line, is a slug of its own.
        chapter = run.__module__.removeprefix(PACKAGE).partition(".")[0]
        presets = {"full": full, "tiny": tiny}
        return Recipe(run.__name__, chapter, presets, run, inspect.cleandoc(run.__doc__))

    return decorate


def _fits(row: Row, where: Mapping[str, Any]) -> bool:
    return all(name in row and row[name] == value for name, value in where.items())


def _recipe_of(module: str, name: str) -> Any:
    return getattr(import_module(module), name)
