"""What the sliders of an explorable run over, and the words for where they stand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

MIME = "application/vnd.runtheory.explorable+json"


@dataclass(frozen=True)
class Smooth:
    """Rising values between which the picture may be interpolated; ``log``: evenly in logarithms.

    ``curves`` computes the picture halfway between neighbours too and refuses a slider between
    whose places the interpolated picture is wrong.
    """

    values: Sequence[float | int]
    _: KW_ONLY
    log: bool = False

    def __post_init__(self) -> None:
        values = [float(value) for value in self.values]
        if len(values) < 2 or not (np.diff(values) > 0).all() or (self.log and values[0] <= 0):
            raise ValueError(f"smooth values must rise, and be positive for log, got {values}")

    @property
    def middles(self) -> list[float]:
        """Return the value halfway between each two neighbours."""
        pairs = itertools.pairwise(float(value) for value in self.values)
        return [float(np.sqrt(a * b)) if self.log else (a + b) / 2 for a, b in pairs]


Values = Smooth | Sequence[Any]


def values_of(values: Values) -> list[Any]:
    """Return the places of a slider."""
    return list(values.values if isinstance(values, Smooth) else values)


def settings(controls: Mapping[str, Values]) -> list[tuple[Any, ...]]:
    """Return every combination of places; the last slider varies fastest."""
    return list(itertools.product(*(values_of(values) for values in controls.values())))


def number(value: float | int) -> str:
    """Return a number as the page writes it: three digits, or all of a larger whole."""
    if value == 0 or not np.isfinite(value):
        return "0" if value == 0 else str(value)
    if 1e-3 <= abs(value) < 1e6:
        places = max(0, 2 - int(np.floor(np.log10(abs(value)) + 1e-12)))
        text = f"{value:.{places}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.2e}".replace("e-0", "e-").replace("e+0", "e")


def packed(row: Sequence[float | int | None]) -> str:
    """Return numbers as one text, as which a notebook stores them on one line; None is "-"."""
    return " ".join("-" if one is None else json.dumps(one) for one in row)


def unpacked(text: str) -> list[float]:
    """Return the numbers of a text that ``packed`` made; None is NaN."""
    return [float("nan") if one == "-" else float(one) for one in text.split()]


def word(value: object) -> str:
    """Return a place of a slider in words."""
    return number(value) if isinstance(value, float) else str(value)


def described(
    controls: Mapping[str, Values], start: Sequence[int] | None
) -> list[dict[str, object]]:
    """Return the sliders as they are stored.

    Raises
    ------
    ValueError
        For no slider or more than three, for one of fewer than two places, and for a start that
        is not one place for each.
    """
    if not 1 <= len(controls) <= 3:
        raise ValueError(f"an explorable has one to three sliders, got {len(controls)}")
    first = list(start or [0] * len(controls))
    counts = [len(values_of(values)) for values in controls.values()]
    if min(counts) < 2:
        raise ValueError(f"every slider needs two places, got {counts}")
    if len(first) != len(counts) or not all(0 <= f < c for f, c in zip(first, counts, strict=True)):
        raise ValueError(f"start must hold one place for each of {counts}, got {first}")
    return [
        _described(name, values, place)
        for (name, values), place in zip(controls.items(), first, strict=True)
    ]


def _described(name: str, values: Values, start: int) -> dict[str, object]:
    told: dict[str, object] = {"name": name, "labels": [word(one) for one in values_of(values)]}
    told["start"] = start
    if isinstance(values, Smooth):
        told |= {"values": [float(value) for value in values.values], "log": values.log}
    return told


def index_of(stored: Mapping[str, Any], places: Sequence[int]) -> int:
    """Return the position of a combination of places in the grid of a stored explorable."""
    index = 0
    for control, place in zip(stored["controls"], places, strict=True):
        index = index * len(control["labels"]) + place
    return index


def said(stored: Mapping[str, Any], places: Sequence[int]) -> str:
    """Return where the sliders stand, in words."""
    pairs = zip(stored["controls"], places, strict=True)
    return ", ".join(f"{one['name']}: {one['labels'][place]}" for one, place in pairs)


def start_of(stored: Mapping[str, Any]) -> list[int]:
    """Return where the sliders of a stored explorable stand at first."""
    return [control["start"] for control in stored["controls"]]


def three(stored: Mapping[str, Any]) -> list[list[int]]:
    """Return both ends and the middle of all sliders at once, without repetition."""
    counts = [len(control["labels"]) for control in stored["controls"]]
    found = [[round(share * (count - 1)) for count in counts] for share in (0.0, 0.5, 1.0)]
    return [places for i, places in enumerate(found) if places not in found[:i]]
