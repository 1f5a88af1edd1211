"""Modality dropout for a linear rule: whole groups of inputs left out at random, exactly.

Each group m of the inputs is kept with chance 1 - p, all together, and scaled by 1 / (1 - p). The
expected squared error over the masks is the plain one plus p / (1 - p) sum_m ||X_m W_m||^2.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from jaxtyping import Float64, Int64

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Inputs = Float64[np.ndarray, "example feature"]
Learnt = Float64[np.ndarray, "learnt feature"]
Targets = Float64[np.ndarray, "example output"]
Weights = Float64[np.ndarray, "feature output"]
Groups = Int64[np.ndarray, "feature"]


@checked
def masked_error(
    inputs: Inputs, targets: Targets, weights: Weights, groups: Groups, *, rate: float
) -> float:
    """Return the mean over all masks of sum ||y - (mask * x) W||^2, mask by mask.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1), a number is not finite, there is no feature, or there are
        more than sixteen groups.
    """
    _check(inputs, rate=rate, targets=targets, weights=weights)
    names = np.unique(groups)
    checks.in_interval(1, 16, groups=len(names))
    total = 0.0
    for kept in itertools.product((False, True), repeat=len(names)):
        chance = math.prod((1 - rate) if one else rate for one in kept)
        mask = np.isin(groups, names[list(kept)]) / (1 - rate)
        total += chance * float(((targets - (inputs * mask) @ weights) ** 2).sum())
    return total


@checked
def modality_penalty(inputs: Inputs, weights: Weights, groups: Groups, *, rate: float) -> float:
    """Return p / (1 - p) sum_m ||X_m W_m||^2, what modality dropout adds to the squared error.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1), a number is not finite, or there is no feature.
    """
    _check(inputs, rate=rate, weights=weights)
    parts = (inputs[:, groups == m] @ weights[groups == m] for m in np.unique(groups))
    return rate / (1 - rate) * float(sum((part**2).sum() for part in parts))


@checked
def modality_ridge(
    inputs: Inputs, targets: Targets, groups: Groups, *, rate: float, penalty: float = 0.0
) -> Weights:
    """Return the minimiser of the expected error plus ``penalty`` ||W||^2.

    It solves (X'X + p / (1 - p) blocks(X'X) + penalty I) W = X'y, where blocks(.) keeps the entries
    within a group. Rate 0 is ridge regression; with groups of one feature each it is the adaptive
    ridge of dropout. Where the minimiser is not unique it is the one of least norm.

    Raises
    ------
    ValueError
        If ``rate`` lies outside [0, 1), a number is not finite, ``penalty`` is negative, or there
        is no feature.

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.noise.modality_dropout_3mt import modality_ridge
    >>> inputs, targets = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[3.0], [1.0]])
    >>> modality_ridge(inputs, targets, np.array([0, 1]), rate=0.25).ravel()
    array([1.5 , 0.75])
    """
    _check(inputs, rate=rate, targets=targets, penalty=penalty)
    checks.not_negative(penalty=penalty)
    # Least squares on rows appended keeps the condition number of X instead of squaring it.
    strength = math.sqrt(rate / (1 - rate))
    rows = [inputs, math.sqrt(penalty) * np.eye(inputs.shape[1])]
    rows += [strength * inputs * (groups == m) for m in np.unique(groups)] if rate else []
    right = np.zeros((sum(len(one) for one in rows), targets.shape[1]))
    right[: len(targets)] = targets
    return np.asarray(np.linalg.lstsq(np.concatenate(rows), right, rcond=None)[0])


@checked
def filled(
    inputs: Inputs, groups: Groups, *, missing: int, examples: Learnt, penalty: float = 0.0
) -> Inputs:
    """Return ``inputs`` with a group put in from the others, as ``examples`` relate them.

    By ridge regression of the missing group on the others, without a constant: centre first.

    Raises
    ------
    ValueError
        If a number is not finite, ``penalty`` is negative, or ``missing`` is no group or the only
        one.
    """
    _check(inputs, rate=0.0, examples=examples, penalty=penalty)
    checks.not_negative(penalty=penalty)
    gone = groups == missing
    if gone.all() or not gone.any():
        raise ValueError(f"missing must be one of several groups, got {missing}")
    there = groups[~gone]
    rule = modality_ridge(examples[:, ~gone], examples[:, gone], there, rate=0.0, penalty=penalty)
    result = inputs.copy()
    result[:, gone] = inputs[:, ~gone] @ rule
    return result


def _check(inputs: np.ndarray, *, rate: float, **others: np.ndarray | float) -> None:
    checks.in_interval(0, 1, ends="[)", rate=rate)
    tensor_checks.finite(inputs=inputs, **others)
    checks.at_least(1, features=inputs.shape[1])
