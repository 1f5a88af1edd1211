"""What an explorable's picture is made of: axes, and marks that carry numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np

from runtheory import checks
from runtheory.intervals import Numbers, real

GREY = 7  # the colour after the seven of the palette
STYLES = ("solid", "dashed", "dotted")


@dataclass(frozen=True)
class Axis:
    """A label with its unit, the limits, and where the ticks are.

    ``names`` stand at 0, 1, 2, ...; ``ticks`` are chosen if none are given.
    """

    label: str
    limits: Sequence[float | int] = ()
    _: KW_ONLY
    log: bool = False
    ticks: Sequence[float | int] = ()
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.limits and self.names:
            object.__setattr__(self, "limits", (-0.6, len(self.names) - 0.4))
        limits = [float(end) for end in self.limits]
        if len(limits) != 2 or not limits[0] < limits[1] or not np.isfinite(limits).all():
            raise ValueError(f"limits must be two finite numbers that rise, got {self.limits}")
        if self.log:
            checks.positive(limits=limits, ticks=list(self.ticks) or [1.0])
        for name, value in {"limits": limits, "ticks": self.ticks, "names": self.names}.items():
            object.__setattr__(self, name, tuple(value))

    def places(self, values: np.ndarray) -> np.ndarray:
        """Return where on the axis ``values`` lie: 0 at its beginning, 1 at its end."""
        low, high = self.limits
        if self.log:
            low, high, values = np.log(low), np.log(high), np.log(values)
        return (values - low) / (high - low)

    def between(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return what the page draws halfway between two values: the middle on the axis."""
        return np.sqrt(first * second) if self.log else (first + second) / 2

    def rounded(self, values: np.ndarray) -> np.ndarray:
        """Return ``values`` as precisely as a picture of a thousand pixels shows them."""
        if not self.log:
            step = (self.limits[1] - self.limits[0]) / 1000
            return np.round(values, int(np.ceil(-np.log10(step))))
        return np.array([float(f"{value:.4g}") for value in values.ravel()]).reshape(values.shape)


@dataclass(frozen=True, eq=False)
class Mark:
    """Something drawn at the places ``x`` and ``y``, in a colour of the palette."""

    name: str
    x: Numbers
    y: Numbers
    _: KW_ONLY
    colour: int | None = None  # by its place among the marks of its panel

    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """Return the numbers by their axis, x and y in equal rows."""
        x, y = (np.atleast_1d(one) for one in real(x=self.x, y=self.y))
        if x.ndim != 1 or x.shape != y.shape:
            raise ValueError(
                f"x and y of {self.name!r} must be equally long, got {x.shape} and {y.shape}"
            )
        return {"x": x, "y": y}


@dataclass(frozen=True, eq=False)
class Line(Mark):
    """Points joined by lines; ``style`` is solid, dashed or dotted."""

    style: str = "solid"

    def __post_init__(self) -> None:
        _require_style(self.style)


@dataclass(frozen=True, eq=False)
class Step(Line):
    """A value that holds from its ``x`` to the next."""


@dataclass(frozen=True, eq=False)
class Points(Mark):
    """Single points, filled or hollow, with a shape that goes with their colour."""

    hollow: bool = False


@dataclass(frozen=True, eq=False)
class Bars(Mark):
    """Bars from zero, upright at the places ``x`` or, where ``flat``, lying at the places ``y``."""

    flat: bool = False


@dataclass(frozen=True, eq=False)
class Rule(Mark):
    """One straight line across the panel: at ``x`` or at ``y``."""

    x: Numbers = ()
    y: Numbers = ()
    style: str = "dotted"

    def __post_init__(self) -> None:
        _require_style(self.style)
        if sum(one.size for one in self.numbers.values()) != 1:
            raise ValueError(f"the rule {self.name!r} must stand at one x or at one y")

    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """Return the one number by its axis."""
        found = {
            axis: np.atleast_1d(one)
            for axis, one in zip("xy", real(x=self.x, y=self.y), strict=True)
        }
        return {axis: one for axis, one in found.items() if one.size}


@dataclass(frozen=True, eq=False)
class Heat:
    """A matrix as coloured cells with their values; a cell without a value is NaN."""

    name: str
    values: Numbers
    _: KW_ONLY
    limits: Sequence[float | int] = (-1.0, 1.0)
    colour: int | None = None

    @property
    def numbers(self) -> dict[str, np.ndarray]:
        """Return the values as one row, in the order of reading."""
        return {"z": self.matrix.ravel()}

    @property
    def matrix(self) -> np.ndarray:
        """Return the values in rows and columns."""
        (matrix,) = real(values=self.values)
        if matrix.ndim != 2:
            raise ValueError(f"values of {self.name!r} must be a matrix, got {matrix.shape}")
        return matrix


def _require_style(style: str) -> None:
    if style not in STYLES:
        raise ValueError(f"style must be one of {STYLES}, got {style!r}")


@dataclass(frozen=True, eq=False)
class Panel:
    """Two axes and the marks between them; ``equal``: one unit is as long on both."""

    x: Axis
    y: Axis
    marks: Sequence[Mark | Heat]
    _: KW_ONLY
    title: str = ""
    equal: bool = False

    def __post_init__(self) -> None:
        names = [mark.name for mark in self.marks]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"a panel needs marks, each of its own name, got {names}")
        for mark in self.marks:
            for axis, row in mark.numbers.items():
                self._require_drawable(mark.name, axis, row)

    def _require_drawable(self, name: str, axis: str, row: np.ndarray) -> None:
        if axis != "z" and not np.isfinite(row).all():
            raise ValueError(f"{axis} of {name!r} must be finite, got {row[~np.isfinite(row)][0]}")
        if axis != "z" and self.axis(axis).log and not (row > 0).all():
            raise ValueError(f"{axis} of {name!r} must be positive on an axis of logarithms")

    def axis(self, name: str) -> Axis:
        """Return the axis ``x`` or ``y``."""
        return self.x if name == "x" else self.y

    def colour(self, mark: Mark | Heat) -> int:
        """Return a mark's colour: its own, or the one of its place."""
        return list(self.marks).index(mark) if mark.colour is None else mark.colour


@dataclass(frozen=True, eq=False)
class Picture:
    """One state of an explorable: one or two panels, and the numbers that are read out."""

    panels: Sequence[Panel]
    readings: Mapping[str, float | int]

    def __post_init__(self) -> None:
        if not 1 <= len(self.panels) <= 2:
            raise ValueError(f"a picture has one or two panels, got {len(self.panels)}")
        if not self.readings:
            raise ValueError("a picture needs a reading: what a screen reader is told")
        for name, value in self.readings.items():
            if not np.isfinite(float(value)):
                raise ValueError(f"the reading {name!r} must be finite, got {value}")
