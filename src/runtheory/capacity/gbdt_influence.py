r"""What one example does to boosted trees: refits without it, and BoostIn [brophy2023adapting].

Trees are grown on residuals $r = y - F$ of the squared loss $\frac12 (y - F)^2$, starting at
$F = 0$; each adds the rate times the mean residual of the leaf. The influence of an example on
another is what the other's loss gains when the example is left out: positive where it helps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from runtheory import checks, lazy, tensor_checks
from runtheory.boundary import checked

Inputs = Float64[np.ndarray, "example feature"]
Others = Float64[np.ndarray, "other feature"]
Targets = Float64[np.ndarray, "example"]
Leaves = Int64[np.ndarray, "example tree"]
OtherLeaves = Int64[np.ndarray, "other tree"]
Table = Float64[np.ndarray, "example other"]


@checked
def grown_leaves(
    inputs: Inputs, targets: Targets, others: Others, *, trees: int, depth: int, rate: float
) -> tuple[Leaves, OtherLeaves]:
    """Return in which leaf of each tree the examples and the others fall (scikit-learn's trees).

    Raises
    ------
    ValueError
        If a number is not finite, ``trees`` or ``depth`` is not positive, ``rate`` lies outside
        (0, 1], or there are no examples.
    """
    model = _grown(inputs, targets, trees=trees, depth=depth, rate=rate)
    tensor_checks.finite(others=others)
    if len(others) == 0:
        raise ValueError("others must hold an example")
    first, second = (model.apply(part).reshape(len(part), trees) for part in (inputs, others))
    return first.astype(np.int64), second.astype(np.int64)


@checked
def retrained_predictions(
    inputs: Inputs,
    targets: Targets,
    others: Others,
    *,
    kept: Bool[np.ndarray, "case example"],
    trees: int,
    depth: int,
    rate: float,
) -> Float64[np.ndarray, "case other"]:
    """Return predictions of the others by trees grown anew on the ``kept`` examples of each case.

    Raises
    ------
    ValueError
        As :func:`grown_leaves`; a case that keeps nothing has no examples.
    """
    tensor_checks.finite(others=others)
    if len(others) == 0:
        raise ValueError("others must hold an example")
    with lazy.needed_by(__name__, extra="data"):
        from sklearn import config_context

    options: dict[str, Any] = {"trees": trees, "depth": depth, "rate": rate}
    # What scikit-learn would look at again in each of many small fits was looked at here.
    with config_context(skip_parameter_validation=True, assume_finite=True):
        found = [_grown(inputs[case], targets[case], **options).predict(others) for case in kept]
    return np.array(found).reshape(len(kept), len(others))


@checked
def refitted_predictions(
    leaves: Leaves,
    other_leaves: OtherLeaves,
    targets: Targets,
    *,
    rate: float,
    weights: Float64[np.ndarray, "case example"],
) -> Float64[np.ndarray, "case other"]:
    """Return predictions of the others if the leaves stay and only their values are refitted.

    ``weights`` are those of the examples in each mean; a leaf without weight adds nothing.

    Raises
    ------
    ValueError
        If a number is not finite, a weight is negative, or ``rate`` lies outside (0, 1].
    """
    tensor_checks.finite(targets=targets, weights=weights)
    checks.not_negative(weights=weights)
    checks.in_interval(0, 1, ends="(]", rate=rate)
    fitted = np.zeros_like(weights)  # (case, example)
    predicted = np.zeros((len(weights), len(other_leaves)))
    for own, other in zip(leaves.T, other_leaves.T, strict=True):
        names = np.unique(own)
        inside = (own[:, None] == names).astype(float)  # (example, leaf)
        mass = weights @ inside
        total = (weights * (targets - fitted)) @ inside
        values = rate * np.divide(total, mass, out=np.zeros_like(total), where=mass > 0)
        fitted = fitted + values @ inside.T
        predicted = predicted + values @ (other[:, None] == names).T
    return predicted


@checked
def boosted_influence(
    leaves: Leaves,
    other_leaves: OtherLeaves,
    targets: Targets,
    other_targets: Float64[np.ndarray, "other"],
    *,
    rate: float,
) -> Table:
    r"""Return BoostIn: the sum over trees of $\rho\, (g_i + v)\, g_o / n$ where both share a leaf.

    $g = F - y$ is each one's gradient before the tree, $v$ what the tree adds in the leaf, $\rho$
    the rate and n the number of examples in the leaf, as in the authors' code.

    Raises
    ------
    ValueError
        If a number is not finite, or ``rate`` lies outside (0, 1].
    """
    tensor_checks.finite(targets=targets, other_targets=other_targets)
    checks.in_interval(0, 1, ends="(]", rate=rate)
    own_gradients, other_gradients = -targets, -other_targets
    result = np.zeros((len(targets), len(other_targets)))
    for own, other in zip(leaves.T, other_leaves.T, strict=True):
        same = own[:, None] == own  # (example, example)
        count = same.sum(1)
        step = -rate * (same @ own_gradients) / count  # the same for all in a leaf
        weight = rate * (own_gradients + step) / count
        result += weight[:, None] * other_gradients * (own[:, None] == other)
        names, first = np.unique(own, return_index=True)
        own_gradients = own_gradients + step
        other_gradients = other_gradients + (other[:, None] == names) @ step[first]
    return result


@checked
def loss_gains(
    predictions: Float64[np.ndarray, "case other"],
    whole: Float64[np.ndarray, "other"],
    other_targets: Float64[np.ndarray, "other"],
) -> Float64[np.ndarray, "case other"]:
    """Return by how much each other's loss is above that of the ``whole`` model's predictions.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    tensor_checks.finite(predictions=predictions, whole=whole, other_targets=other_targets)
    return ((predictions - other_targets) ** 2 - (whole - other_targets) ** 2) / 2


@checked
def without_largest(influence: Table, *, count: int) -> Bool[np.ndarray, "other example"]:
    """Return, for each other, which examples stay when those of largest influence are left out.

    Raises
    ------
    ValueError
        If an influence is not finite, or ``count`` lies outside 0 to all but one.

    Examples
    --------
    >>> import numpy as np
    >>> from runtheory.capacity.gbdt_influence import without_largest
    >>> without_largest(np.array([[0.5], [-1.0], [2.0]]), count=1)
    array([[ True,  True, False]])
    """
    tensor_checks.finite(influence=influence)
    checks.in_interval(0, len(influence) - 1, count=count)
    order = np.argsort(-influence, axis=0, kind="stable")
    kept = np.ones(influence.T.shape, dtype=bool)
    np.put_along_axis(kept, order[:count].T, False, axis=1)
    return kept


def _grown(inputs: Inputs, targets: Targets, *, trees: int, depth: int, rate: float) -> Any:
    with lazy.needed_by(__name__, extra="data"):
        from sklearn.ensemble import GradientBoostingRegressor

    tensor_checks.finite(inputs=inputs, targets=targets)
    checks.at_least(1, examples=len(inputs), features=inputs.shape[1], trees=trees, depth=depth)
    checks.in_interval(0, 1, ends="(]", rate=rate)
    model = GradientBoostingRegressor(
        init="zero", n_estimators=trees, max_depth=depth, learning_rate=rate, random_state=0
    )
    return model.fit(inputs, targets)
