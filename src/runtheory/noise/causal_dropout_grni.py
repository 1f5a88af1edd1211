"""Dropouts of measurements: which independences survive when some readings fall to zero.

Each variable Z_i has a reading X_i. It is zero with a chance that depends on Z_i alone, and shows
Z_i otherwise. A statement (i, j | S) asks whether the readings of i and j are independent given
those of S; *deletion* asks it of the examples on which no reading of S is zero [dai2024gene].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, combinations

import numpy as np
import torch
from jaxtyping import Bool, Float64

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Distribution = Float64[np.ndarray, "*variable"]
DELETED = ("none", "given", "involved", "all")
LEAST_ROWS = 5  # of which a correlation and its test are computed, beyond the given variables


@checked
def statements(variables: int) -> list[tuple[int, int, tuple[int, ...]]]:
    """Return (i, j, S) for every pair i < j and every set S of the others, in a fixed order.

    Raises
    ------
    ValueError
        If there are fewer than two variables.
    """
    checks.at_least(2, variables=variables)
    found = []
    for i, j in combinations(range(variables), 2):
        others = [one for one in range(variables) if one not in (i, j)]
        subsets = (combinations(others, size) for size in range(len(others) + 1))
        found += [(i, j, given) for given in chain.from_iterable(subsets)]
    return found


@checked
def draw_distribution(
    parents: Sequence[Sequence[int]], *, states: int, generator: torch.Generator
) -> Float64[np.ndarray, "*variable"]:
    """Return a random distribution on a directed graph, an axis of ``states`` for each variable.

    ``parents`` lists for each variable the earlier ones that it depends on. The chances of
    a variable, given its parents, are uniform on the simplex, drawn anew for each of their states.

    Raises
    ------
    ValueError
        If there is no variable, a parent does not come before its child, or there are fewer than
        two states.

    Examples
    --------
    >>> import torch
    >>> from runtheory.noise.causal_dropout_grni import draw_distribution, information_table
    >>> seeded = torch.Generator().manual_seed(0)
    >>> chances = draw_distribution([[], [0], [1]], states=3, generator=seeded)
    >>> bool(information_table(chances)[3] < 1e-12)  # the ends of a chain, given the middle
    True
    """
    checks.at_least(1, variables=len(parents))
    checks.at_least(2, states=states)
    chances = np.ones((states,) * len(parents))
    for child, before in enumerate(parents):
        for parent in before:
            if not 0 <= parent < child:
                raise ValueError(f"a parent comes before its child {child}, got {parent}")
        shape = [states if axis in before or axis == child else 1 for axis in range(chances.ndim)]
        weights = -torch.rand(shape, generator=generator, dtype=torch.float64).log()
        chances = chances * (weights / weights.sum(child, keepdim=True)).numpy()
    return chances


@checked
def reading_distribution(
    chances: Distribution, zeros: Float64[np.ndarray, "state"]
) -> Float64[np.ndarray, "*reading"]:
    """Return the distribution of the readings: state 0 is the zero, state z + 1 shows the state z.

    ``zeros`` is the chance of a zero in each state of a variable.

    Raises
    ------
    ValueError
        If a chance lies outside [0, 1], an axis has not one state for each, or ``chances``
        is no distribution.
    """
    checks.in_interval(0, 1, zeros=zeros)
    _check_distribution(chances)
    if any(states != len(zeros) for states in chances.shape):
        raise ValueError(f"zeros must have a chance for each state of {chances.shape}, got {zeros}")
    channel = np.concatenate([zeros[:, None], np.diag(1 - zeros)], axis=1)  # (state, reading)
    for axis in range(chances.ndim):
        chances = np.moveaxis(np.tensordot(chances, channel, axes=(axis, 0)), -1, axis)
    return chances


@checked
def information_table(
    chances: Distribution, *, delete: bool = False
) -> Float64[np.ndarray, "statement"]:
    """Return I(X_i; X_j | X_S) in nats for all :func:`statements`; zero is independence.

    With ``delete`` it is that of the examples on which no variable of S is in state 0.

    Raises
    ------
    ValueError
        If ``chances`` is no distribution of two variables or more, or nothing is left.
    """
    _check_distribution(chances)
    found = []
    for i, j, given in statements(chances.ndim):
        others = tuple(set(range(chances.ndim)) - {i, j, *given})
        small = np.moveaxis(chances.sum(others, keepdims=True), (i, j), (0, 1))
        small = small.reshape(
            chances.shape[i], chances.shape[j], *(chances.shape[one] for one in given)
        )
        if delete:
            small = small[(..., *[slice(1, None)] * len(given))]
        found.append(_information(small.reshape(*small.shape[:2], -1)))
    return np.array(found)


def _information(chances: np.ndarray) -> float:
    """Return I(X; Y | S) of an array with the axes X, Y and S that need not sum to one."""
    if chances.sum() <= 0:
        raise ValueError("nothing is left after deletion")
    chances = chances / chances.sum()
    product = chances.sum(0) * chances.sum(1, keepdims=True)  # p(x, s) p(y, s), axes x, y, s
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = chances * chances.sum((0, 1)) / product
    there = chances > 0
    return float((chances[there] * np.log(ratio[there])).sum())


def _check_distribution(chances: np.ndarray) -> None:
    tensor_checks.finite(chances=chances)
    checks.not_negative(chances=chances)
    if chances.ndim == 0 or not math.isclose(chances.sum(), 1, rel_tol=1e-9):
        raise ValueError(f"chances must sum to one, got {chances.sum()}")


@checked
def draw_levels(
    parents: Sequence[Sequence[int]], *, examples: int, weight: float, generator: torch.Generator
) -> Float64[np.ndarray, "example variable"]:
    """Return Gaussian levels of variance one, each ``weight`` times its parents' sum plus noise.

    Each is scaled to variance one over the examples drawn.

    Raises
    ------
    ValueError
        If a parent does not come before its child, there are fewer than two examples, or ``weight``
        is infinite.
    """
    checks.at_least(2, examples=examples)
    tensor_checks.finite(weight=weight)
    levels = torch.randn((examples, len(parents)), generator=generator, dtype=torch.float64).numpy()
    for child, before in enumerate(parents):
        for parent in before:
            if not 0 <= parent < child:
                raise ValueError(f"a parent comes before its child {child}, got {parent}")
            levels[:, child] += weight * levels[:, parent]
        levels[:, child] /= levels[:, child].std()
    return levels


@checked
def drop_low(
    levels: Float64[np.ndarray, "example variable"],
    *,
    threshold: float,
    slope: float,
    generator: torch.Generator,
) -> Float64[np.ndarray, "example variable"]:
    """Return readings 3 + z, or 0 with the chance of a logistic curve that falls with the level z.

    The chance is one half at ``threshold``; ``slope`` 0 makes it one half everywhere. A level of
    -3 would read zero as well.

    Raises
    ------
    ValueError
        If a value is not finite, or ``slope`` is negative.
    """
    tensor_checks.finite(levels=levels, threshold=threshold)
    checks.in_interval(0, math.inf, ends="[)", slope=slope)
    draws = torch.rand(levels.shape, generator=generator, dtype=torch.float64).numpy()
    dropped = draws < 1 / (1 + np.exp(slope * (levels - threshold)))
    return np.where(dropped, 0.0, 3 + levels)


@checked
def partial_correlation(
    readings: Float64[np.ndarray, "example variable"], i: int, j: int, given: Sequence[int]
) -> float:
    """Return the correlation of columns ``i`` and ``j`` with the linear part of ``given`` removed.

    It is 0 where there are too few examples, or a column is constant.

    Raises
    ------
    ValueError
        If a reading is not finite, or the columns are not different ones of ``readings``.
    """
    tensor_checks.finite(readings=readings)
    columns = [i, j, *given]
    if len(set(columns)) < len(columns) or not set(columns) <= set(range(readings.shape[1])):
        raise ValueError(f"columns must be different ones of {readings.shape[1]}, got {columns}")
    if len(readings) < len(columns) + LEAST_ROWS or np.ptp(readings[:, columns], axis=0).min() == 0:
        return 0.0
    return _partial(np.corrcoef(readings[:, columns].T))


def _partial(correlations: np.ndarray) -> float:
    """Return the correlation of the first two variables, given the others."""
    inverse = np.linalg.pinv(correlations, hermitian=True)
    return float(-inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1]))


@checked
def skeleton(
    readings: Float64[np.ndarray, "example variable"], *, level: float, delete: str = "none"
) -> Bool[np.ndarray, "variable variable"]:
    """Return the edges that no set of other variables explains away, by Fisher's z at ``level``.

    The two ends of an edge are dependent given every set S of the others. ``delete`` says whose
    zeros are left out: "none"; test by test those of S ("given") or of i, j and S ("involved");
    or "all", whole examples.

    Raises
    ------
    ValueError
        If a reading is not finite, there are fewer than two variables, ``level`` lies outside
        (0, 1), or ``delete`` is none of the four.
    """
    tensor_checks.finite(readings=readings)
    checks.in_interval(0, 1, ends="()", level=level)
    if delete not in DELETED:
        raise ValueError(f"delete must be one of {', '.join(DELETED)}, got {delete!r}")
    variables, there = readings.shape[1], readings != 0
    edges = ~np.eye(variables, dtype=bool)
    if delete == "all":
        readings = readings[there.all(1)]
    tables: dict[tuple[int, ...], tuple[int, np.ndarray]] = {}
    for i, j, given in statements(variables):
        if not edges[i, j]:
            continue  # one set that explains the pair away is enough
        asked = {"given": given, "involved": tuple(sorted((i, j, *given)))}.get(delete, ())
        if asked not in tables:
            kept = readings[there[:, asked].all(1)] if asked else readings
            tables[asked] = len(kept), _correlations(kept)
        rows, table = tables[asked]
        columns = [i, j, *given]
        enough = rows >= len(columns) + LEAST_ROWS
        found = abs(_partial(table[np.ix_(columns, columns)])) if enough else 0.0
        score = math.atanh(min(found, 1 - 1e-12)) * math.sqrt(max(rows - len(given) - 3, 0))
        if math.erfc(score / math.sqrt(2)) > level:  # twice the normal tail
            edges[i, j] = edges[j, i] = False
    return edges


def _correlations(readings: np.ndarray) -> np.ndarray:
    """Return the correlations of all columns; a constant one has none with the others."""
    spread = np.ptp(readings, axis=0) > 0 if len(readings) else np.zeros(readings.shape[1], bool)
    table = np.eye(readings.shape[1])
    if spread.sum() > 1:
        table[np.ix_(spread, spread)] = np.corrcoef(readings[:, spread].T)
    return table
