"""Finite channels as matrices: exact coefficients, local coefficients, actual ratios.

A channel is a matrix with one row per input symbol, each a probability vector over the outputs;
a law is a probability vector over the inputs. Divergences are in nats. What the coefficients are,
and why two input symbols suffice for them, is in ``contraction``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from jaxtyping import Float64

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.layers.contraction import Contraction, safe_log
from runtheory.information.measures.divergences import discrete_kl

HALVINGS = 60  # of the unit interval, down to the last digit
Channel = Float64[np.ndarray, "input output"]
Law = Float64[np.ndarray, "input"]

MOST_ENTRIES = 2**22


@checked
def dropout_channel(*, width: int, rate: float, symbols: int = 2, visible: bool = True) -> Channel:
    """Return dropout as a matrix of symbols^width inputs x (symbols + 1)^width outputs.

    Inputs and outputs are in lexicographic order; the last symbol of an output is the erasure. With
    ``visible=False`` a dropped coordinate shows the first symbol, zero, and hides that it was
    dropped: the matrix is then square.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1], or the matrix would have more than 2^22 entries.
    """
    checks.in_interval(0, 1, rate=rate)
    entries = (symbols * (symbols + 1)) ** width
    if width < 1 or symbols < 1 or entries > MOST_ENTRIES:
        raise ValueError(
            f"width and symbols must be positive and the matrix at most 2^22 entries, "
            f"got width {width} and symbols {symbols}"
        )
    single = (1 - rate) * np.eye(symbols, symbols + visible)  # (input, output)
    single[:, -1 if visible else 0] += rate
    channel: np.ndarray = np.ones((1, 1))
    for _ in range(width):
        channel = np.kron(channel, single)
    return channel


@checked
def drop_connect_channel(
    points: Float64[np.ndarray, "input feature"],
    weights: Float64[np.ndarray, "unit feature"],
    *,
    rate: float,
) -> Channel:
    """Return DropConnect with a visible mask on some points, as a matrix of point x (mask, output).

    A linear layer of which each weight is dropped on its own. Outputs of one mask that are equal to
    the last digit are one symbol.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1], a value is not finite, or there are more than 16 weights,
        hence 2^16 masks.
    """
    checks.in_interval(0, 1, rate=rate)
    tensor_checks.finite(points=points, weights=weights)
    if weights.size > 16:
        raise ValueError(f"there must be at most 16 weights, got {weights.size}")
    columns = []
    for mask in product((0, 1), repeat=weights.size):
        outputs = points @ (weights * np.reshape(mask, weights.shape)).T  # (point, output)
        _, symbol = np.unique(outputs, axis=0, return_inverse=True)
        mass = rate ** mask.count(0) * (1 - rate) ** mask.count(1)
        columns.append(mass * np.eye(len(points))[symbol.ravel()])  # (point, symbol)
    channel = np.hstack(columns)
    return np.asarray(channel[:, channel.any(axis=0)])


@checked
def channel_contraction(channel: Channel) -> Contraction:
    """Return both coefficients of a finite channel, exactly, from its pairs of rows.

    eta_KL is the maximum over pairs of 1 - sum p q / ((1 - t) p + t q); the sum is convex in t,
    and its minimum is found by bisection of the derivative. Time and memory grow as
    input^2 x output.

    Raises
    ------
    ValueError
        If a row is not a probability vector, or there are fewer than two rows.
    """
    _check_rows(channel)
    if len(channel) < 2:
        raise ValueError(f"a contraction needs at least two inputs, got {len(channel)}")
    pairs = np.array(list(combinations(range(len(channel)), 2)))
    first, second = channel[pairs[:, 0]], channel[pairs[:, 1]]  # (pair, output)
    low, high = np.zeros((len(pairs), 1)), np.ones((len(pairs), 1))
    shared = np.where((first > 0) & (second > 0), first * second, 0.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        mixture = np.where(shared > 0, (1 - middle) * first + middle * second, 1.0)
        falling = (shared * (second - first) / mixture**2).sum(1, keepdims=True) > 0
        low, high = np.where(falling, middle, low), np.where(falling, high, middle)
    mixture = np.where(shared > 0, (1 - low) * first + low * second, 1.0)
    overlap = np.minimum(first, second).sum(1).min()
    lost = min((shared / mixture).sum(1).min(), 1.0)
    return Contraction(float(1 - overlap), float(1 - lost), safe_log(overlap), safe_log(lost))


@checked
def local_contraction(channel: Channel, law: Law) -> float:
    """Return the chi-square contraction at the input law R: the squared maximal correlation.

    It is the squared second singular value of sqrt(R) K / sqrt(RK), the limit of the ratio of
    divergences as P and Q approach R, and at most eta_KL. Range [0, 1].

    Raises
    ------
    ValueError
        If a row or ``law`` is not a probability vector, or ``law`` is zero somewhere.
    """
    _check_rows(channel)
    _check_law(law, len(channel))
    checks.positive(law=law)
    output = law @ channel
    support = output > 0
    matrix = np.sqrt(law)[:, None] * channel[:, support] / np.sqrt(output[support])
    values = np.linalg.svd(matrix, compute_uv=False)
    return float(values[1] ** 2) if len(values) > 1 else 0.0


@checked
def divergence_ratio(channel: Channel, first: Law, second: Law, *, smallest: float = 1e-7) -> float:
    """Return D(PK || QK) / D(P || Q) for the given input laws P and Q.

    Raises
    ------
    ValueError
        If a law is no probability vector, if P has mass where Q has none (the divergence is
        infinite), or if D(P || Q) is below ``smallest`` nats: the ratio of two rounding errors can
        exceed every coefficient. Use :func:`local_contraction` for nearly equal laws.
    """
    _check_rows(channel)
    for law in (first, second):
        _check_law(law, len(channel))
    before = discrete_kl(first, second)
    if before < smallest:
        raise ValueError(f"the two laws must differ by {smallest} nats or more, got {before}")
    return discrete_kl(first @ channel, second @ channel) / before


@checked
def product_law(laws: Sequence[np.ndarray]) -> Law:
    """Return the law of independent coordinates, in the order of :func:`dropout_channel`."""
    return np.array([math.prod(masses) for masses in product(*laws)], dtype=np.float64)


def _check_rows(channel: np.ndarray) -> None:
    if not np.all(channel >= 0) or not np.allclose(channel.sum(1), 1, rtol=0, atol=1e-9):
        raise ValueError("each row of a channel must be a probability vector, got another")


def _check_law(law: np.ndarray, inputs: int) -> None:
    if len(law) != inputs:
        raise ValueError(f"a law needs one mass per input, {inputs}, got {len(law)}")
    if not np.all(law >= 0) or not math.isclose(float(law.sum()), 1, abs_tol=1e-9):
        raise ValueError(f"a law must be a probability vector, got sum {law.sum()}")
