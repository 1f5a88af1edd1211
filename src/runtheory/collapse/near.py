"""Near collapse: features that a proximal term keeps close to where an earlier layer puts them.

The objective, with H of shape width x N and one-hot Y, after [tirer2023perturbation] in our
normalisation, is

    (1/2N)||W H - Y||^2 + (l_W/2)||W||^2 + (l_H/2N)||H||^2 + (beta/2N)||H - H_0||^2.

For fixed H the best classifier is W*(H) = Y H' (H H' + N l_W I)^-1: the central path. At every
stationary point the deviations from the class means obey

    H~ = beta (W'W + (l_H + beta) I)^-1 H~_0

exactly, for Y is constant within a class. Along the gradient flow on the central path the ratio
||H~||^2 / ||mean part||^2 (means not centred) falls strictly if beta = 0; the terms in l_H cancel.
For classes of one size the trace ratio, whose means are centred, falls as well
(``trace_ratio_rate``). For beta > 0 nothing of the kind is claimed: the ratio can overshoot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.shapes import Labels

Columns = Float64[Tensor, "feature sample"]
Classifier = Float64[Tensor, "class feature"]


@dataclass(frozen=True)
class NearCollapse:
    """The constants l_W, l_H and beta of the objective above, and the labels.

    Raises
    ------
    ValueError
        If ``classifier_penalty`` is not positive, another constant is negative, or the labels do
        not name every class from 0 to ``classes - 1`` (two or more).
    """

    labels: Labels
    classes: int
    classifier_penalty: float
    feature_penalty: float
    proximity: float

    def __post_init__(self) -> None:
        checks.positive_finite(classifier_penalty=self.classifier_penalty)
        checks.not_negative(feature_penalty=self.feature_penalty, proximity=self.proximity)
        present = torch.unique(self.labels).tolist()
        if self.classes < 2 or present != list(range(self.classes)):
            raise ValueError(
                f"labels must name every class of two or more, got {present} for {self.classes}"
            )

    def targets(self) -> Float64[Tensor, "class sample"]:
        return torch.nn.functional.one_hot(self.labels, self.classes).T.to(torch.float64)


@dataclass(frozen=True)
class FlowPoint:
    """Features at one time of the flow and the two parts of their size, each over N.

    ``within`` is ||H~||^2/N and ``between`` the same for the class-mean part, not centred.
    """

    time: float
    features: Columns
    within: float
    between: float

    @property
    def ratio(self) -> float:
        return self.within / self.between


@checked
def central_classifier(model: NearCollapse, features: Columns) -> Classifier:
    """Return W*(H) = Y H' (H H' + N l_W I)^-1, by Cholesky."""
    _check_columns(model, features)
    samples = features.shape[1]
    system = features @ features.T
    if not bool(system.isfinite().all()):
        raise ValueError(
            "squares of features must be finite, got an overflow (or features that are not)"
        )
    system.diagonal().add_(samples * model.classifier_penalty)
    right = features @ model.targets().T  # (feature, class)
    return torch.cholesky_solve(right, torch.linalg.cholesky(system)).T


@checked
def feature_gradient(
    model: NearCollapse, classifier: Classifier, features: Columns, *, initial: Columns
) -> Columns:
    """Return the gradient in H; at W*(H) it is that of the central-path objective as well."""
    if classifier.shape != (model.classes, features.shape[0]):
        raise ValueError(
            f"the classifier must have shape {(model.classes, features.shape[0])}, "
            f"got {tuple(classifier.shape)}"
        )
    pull = classifier.T @ (classifier @ features - model.targets())  # (feature, sample)
    pull = pull + model.feature_penalty * features + model.proximity * (features - initial)
    return pull / features.shape[1]


@checked
def flow(model: NearCollapse, initial: Columns, *, step: float, steps: int) -> Iterator[FlowPoint]:
    """Yield dH/dt = -gradient on the central path from H_0, by the classical Runge-Kutta rule.

    The first point is the start, then one point a step; local error of order step^5.

    Raises
    ------
    ValueError
        If ``initial`` has another number of samples than the labels or ``step`` is not positive.
    """
    _check_initial(model, initial)
    checks.positive(step=step)
    checks.at_least(1, steps=steps)

    def slope(features: Tensor) -> Tensor:
        classifier = central_classifier(model, features)
        return -feature_gradient(model, classifier, features, initial=initial)

    features = initial
    yield _flow_point(model, 0.0, features)
    for index in range(1, steps + 1):
        first = slope(features)
        second = slope(features + step / 2 * first)
        third = slope(features + step / 2 * second)
        last = slope(features + step * third)
        features = features + step / 6 * (first + 2 * second + 2 * third + last)
        yield _flow_point(model, index * step, features)


@checked
def trace_ratio_rate(model: NearCollapse, features: Columns) -> float:
    """Return d/dt log(tr S_W / tr S_B) along the flow, for classes of one size and beta = 0.

        -(2/N) ||W H~||^2/||H~||^2 - (2 l_W ||P W||^2 + (2/N) ||P W H~||^2)/||H^||^2

    with W = W*(H), P W the rows of W less their mean, and H^ the class means less their mean, in
    each column; see thm-within-class-flow. Never positive.

    Raises
    ------
    ValueError
        If the classes differ in size or ``proximity`` is not zero.
    """
    counts = torch.bincount(model.labels)
    if model.proximity or int(counts.min()) < int(counts.max()):
        raise ValueError(
            "the rate needs classes of one size and proximity 0, "
            f"got {counts.tolist()} and {model.proximity}"
        )
    within = deviations(model, features)  # (feature, sample)
    between = features - within - features.mean(1, keepdim=True)
    rows = central_classifier(model, features)
    centred = rows - rows.mean(0)
    spread = _square(rows @ within) / _square(within)
    growth = model.classifier_penalty * _square(centred)
    growth = growth + _square(centred @ within) / len(model.labels)
    return float(-2 * spread / len(model.labels) - 2 * growth / _square(between))


@checked
def settle(
    model: NearCollapse, initial: Columns, *, tolerance: float = 1e-13, limit: int = 20_000
) -> tuple[Classifier, Columns]:
    """Return a stationary point (W, H), by exact minimisation in H and in W by turns from H_0.

    H = (W'W + (l_H + beta) I)^-1 (W'Y + beta H_0); every turn lowers the objective. Stops when N
    times the largest entry of the gradient on the central path is at most ``tolerance``.

    Raises
    ------
    ValueError
        If ``initial`` has another number of samples than the labels, or l_H + beta is zero.
    RuntimeError
        If ``limit`` turns do not reach the tolerance.
    """
    _check_initial(model, initial)
    checks.at_least(1, limit=limit)
    checks.positive(tolerance=tolerance)
    floor = model.feature_penalty + model.proximity
    if not floor > 0:
        raise ValueError("settling needs feature_penalty + proximity above zero, got 0")
    features, targets = initial, model.targets()
    for _ in range(limit):
        classifier = central_classifier(model, features)
        slope = feature_gradient(model, classifier, features, initial=initial)
        if float(slope.abs().max()) * features.shape[1] <= tolerance:
            return classifier, features
        right = classifier.T @ targets + model.proximity * initial
        features = torch.cholesky_solve(right, _feature_system(classifier, floor))
    raise RuntimeError(f"no stationary point within {limit} turns at tolerance {tolerance}")


@checked
def shrunken_deviations(model: NearCollapse, classifier: Classifier, initial: Columns) -> Columns:
    """Return beta (W'W + (l_H + beta) I)^-1 H~_0: the within-class part at a stationary point."""
    tensor_checks.finite(classifier=classifier)
    floor = model.feature_penalty + model.proximity
    right = model.proximity * deviations(model, initial)
    return torch.cholesky_solve(right, _feature_system(classifier, floor))


@checked
def deviations(model: NearCollapse, features: Columns) -> Columns:
    """Return H~: the features less the mean of their class."""
    _check_columns(model, features)
    sums = torch.zeros(features.shape[0], model.classes, dtype=torch.float64)
    counts = torch.bincount(model.labels, minlength=model.classes)
    means = sums.index_add_(1, model.labels, features) / counts
    return features - means[:, model.labels]


def _square(values: Tensor) -> Tensor:
    return values.square().sum()


def _feature_system(classifier: Tensor, floor: float) -> Tensor:
    """Return the Cholesky factor of W'W + floor I."""
    system = classifier.T @ classifier
    system.diagonal().add_(floor)
    factor: Tensor = torch.linalg.cholesky(system)
    return factor


def _flow_point(model: NearCollapse, time: float, features: Tensor) -> FlowPoint:
    within = deviations(model, features)
    samples = features.shape[1]
    return FlowPoint(
        time=time,
        features=features,
        within=float(within.square().sum()) / samples,
        between=float((features - within).square().sum()) / samples,
    )


def _check_columns(model: NearCollapse, features: Tensor) -> None:
    if features.shape[1] != len(model.labels):
        raise ValueError(
            f"features need one column for each of {len(model.labels)} labels, "
            f"got {features.shape[1]}"
        )


def _check_initial(model: NearCollapse, initial: Tensor) -> None:
    tensor_checks.finite(initial=initial)
    checks.at_least(1, width=initial.shape[0])
    if initial.shape[1] != len(model.labels):
        raise ValueError(
            f"initial needs one column for each of {len(model.labels)} labels, "
            f"got {initial.shape[1]}"
        )
