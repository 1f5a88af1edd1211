"""Networks of sign units on two bits: the law of their functions, by enumeration.

A unit is the sign of the sum of its signed inputs and a signed one; an even number of inputs makes
the sum odd, so that there are no ties. All weights are independent fair signs. On two bits there
are four inputs and 16 functions. The units of a layer are drawn independently given the layer
below, and a unit and its negative serve the next layer equally well. So what a layer shows to the
next is how many of its units belong to each of the 8 pairs {f, -f}, and from layer to layer these
counts are a Markov chain, whose law is computed without drawing anything.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import gammaln

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.ladder.gibbs import count_vectors

MOST_UNITS = 6
MOST_WEIGHTS = 17
INPUTS = np.array(list(product((1, -1), repeat=2)))  # (input, bit)
FUNCTIONS = np.array(list(product((1, -1), repeat=4)))  # (function, input); f and -f mirrored
PAIRS = len(FUNCTIONS) // 2  # the first half has one of each pair {f, -f}


@checked
def function_law(*, width: int, depth: int) -> Float64[np.ndarray, "function"]:
    """Return the law of a random network's function, in the order of ``FUNCTIONS``.

    ``depth`` hidden layers of ``width`` units each, then one unit.

    Raises
    ------
    ValueError
        If ``width`` is odd, below two or above six, or ``depth`` is below one.
    """
    shown, _ = _chain(width)
    half = _hidden_law(width, depth) @ shown / 2
    return np.concatenate([half, half[::-1]])


@checked
def weight_functions(*, width: int, depth: int) -> Int64[np.ndarray, "weights"]:
    """Return the index of its function for every choice of all weights, one entry a choice.

    Raises
    ------
    ValueError
        As :func:`function_law`, and if there are more than 2^17 choices.
    """
    checks.at_least(1, depth=depth)
    shapes = [(_even(width), 3), *[(width, width + 1)] * (depth - 1), (1, width + 1)]
    sizes = [rows * columns for rows, columns in shapes]
    if sum(sizes) > MOST_WEIGHTS:
        raise ValueError(f"there must be at most {MOST_WEIGHTS} weights, got {sum(sizes)}")
    choices = np.arange(2 ** sum(sizes))[:, None]
    bits = 1 - 2 * (choices >> np.arange(sum(sizes)) & 1).astype(np.int8)
    shown = np.broadcast_to(INPUTS.T.astype(np.int8), (len(bits), 2, 4))
    for (rows, columns), last in zip(shapes, np.cumsum(sizes), strict=True):
        weights = bits[:, last - rows * columns : last].reshape(-1, rows, columns)
        shown = np.sign(weights[:, :, :-1] @ shown + weights[:, :, -1:])
    return (shown[:, 0] < 0).astype(np.int64) @ np.array([8, 4, 2, 1])


@checked
def collapse_chance(*, width: int, depth: int) -> float:
    """Return the chance that the last hidden layer shows all four inputs alike.

    It never falls with the depth: equal inputs stay equal. Raises as :func:`function_law`.
    """
    states = count_vectors(PAIRS, _even(width))
    return float(_hidden_law(width, depth)[states[:, 0] == width].sum())  # pair 0 is constant


@checked
def constant_law() -> Float64[np.ndarray, "function"]:
    """Return the law on the two constants, to which that of every width tends with the depth."""
    return np.where(np.abs(FUNCTIONS.sum(1)) == 4, 0.5, 0.0)


@checked
def label_problem(
    target: Float64[np.ndarray, "input"], *, flip: float
) -> tuple[Float64[np.ndarray, "function value"], Float64[np.ndarray, "value"]]:
    """Return the zero-one losses of all functions, and the law of the eight examples.

    The four inputs are equally likely, and the label is ``target``, signs in the order of
    ``INPUTS``, flipped with chance ``flip``. An example is an input with a label, true first.

    Raises
    ------
    ValueError
        If ``target`` holds another number of signs or what is no sign, or ``flip`` lies outside
        (0, 1).
    """
    if target.shape != (4,) or not np.all(np.abs(target) == 1):
        raise ValueError(f"target must be four signs, got {target}")
    checks.in_interval(0, 1, ends="()", flip=flip)
    wrong = (target != FUNCTIONS).astype(float)
    return np.hstack([wrong, 1 - wrong]), np.repeat([(1 - flip) / 4, flip / 4], 4)


def _hidden_law(width: int, depth: int) -> np.ndarray:
    """Return the law of the last hidden layer's counts."""
    checks.at_least(1, depth=depth)
    _, steps = _chain(width)
    law = _next_counts(_pair_law(INPUTS.T)[None], count_vectors(PAIRS, width))[0]
    for _ in range(depth - 1):
        law = law @ steps
    return law


@lru_cache(maxsize=3)
def _chain(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each state of a layer, the laws of a unit above it and of the next state."""
    states = count_vectors(PAIRS, _even(width))
    shown = np.stack([_pair_law(np.repeat(FUNCTIONS[:PAIRS], counts, 0)) for counts in states])
    return shown, _next_counts(shown, states)


def _pair_law(units: np.ndarray) -> np.ndarray:
    """Return the law of the pair of a unit above the given ones, (unit, input), bias positive."""
    weights = np.array(list(product((1, -1), repeat=len(units))))
    signs = np.sign(weights @ units + 1)
    signs *= signs[:, :1]  # the member of the pair that is positive at the first input
    index = (signs[:, 1:] < 0) @ np.array([4, 2, 1])
    return np.bincount(index, minlength=PAIRS) / len(weights)


def _next_counts(laws: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Return the multinomial law of a layer's counts for each law of one of its units."""
    logs = np.log(np.where(laws > 0, laws, np.exp(-600)))  # a count above zero there has chance 0
    ways = gammaln(states[0].sum() + 1) - gammaln(states + 1).sum(1)
    return np.exp(ways + logs @ states.T)


def _even(width: int) -> int:
    if width % 2 or not 2 <= width <= MOST_UNITS:
        raise ValueError(f"width must be even and lie in [2, {MOST_UNITS}], got {width}")
    return width
