"""Which features a linear classifier reads under smoothing, Mixup and CutMix, by finite sums.

An example of the label y in {-1, 1} shows y u, where the margins u of its features have a finite
distribution that does not depend on y; both labels are as frequent. The feature k is *steady* if
u_k does not vary. After [chidambaram2024better], with CutMix beside Mixup: a feature is a patch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from jaxtyping import Float64
from scipy.optimize import minimize
from scipy.special import expit

from runtheory import checks
from runtheory.boundary import checked

FAR = 15.0  # nats: a probability below 1e-6, which no minimum of mixed targets asks for


@dataclass(frozen=True, eq=False)
class MarginDistribution:
    """The distribution of the margins: ``values[j]`` has the probability ``chances[j]``.

    Raises
    ------
    ValueError
        If chances are negative or do not sum to one.
    """

    values: Float64[np.ndarray, "value feature"]
    chances: Float64[np.ndarray, "value"]

    def __post_init__(self) -> None:
        total = float(self.chances.sum())
        if not (self.chances >= 0).all() or not abs(total - 1) < 1e-9:
            raise ValueError(f"chances must be at least 0 and sum to one, got a sum of {total}")

    @property
    def covariance(self) -> Float64[np.ndarray, "feature feature"]:
        """Return the covariance of the margins: zero in the row of a steady feature."""
        away = self.values - self.chances @ self.values
        return np.asarray((away.T * self.chances) @ away)


@dataclass(frozen=True, eq=False)
class MixedDistribution:
    """All examples that a method shows: rows of features, targets of the label 1, chances."""

    rows: Float64[np.ndarray, "example feature"]
    targets: Float64[np.ndarray, "example"]
    chances: Float64[np.ndarray, "example"]

    def loss(self, weights: Float64[np.ndarray, "feature"], decay: float = 0.0) -> float:
        """Return E[log(1 + e^z) - t z] + decay |w|^2 / 2 at the score z = w . x, in nats."""
        scores = self.rows @ weights
        losses = np.logaddexp(0, scores) - self.targets * scores
        return float(self.chances @ losses + decay / 2 * weights @ weights)

    def slope(
        self, weights: Float64[np.ndarray, "feature"], decay: float = 0.0
    ) -> Float64[np.ndarray, "feature"]:
        """Return the gradient of :meth:`loss`."""
        away = self.chances * (expit(self.rows @ weights) - self.targets)
        return np.asarray(away @ self.rows + decay * weights)


@checked
def smoothed_distribution(
    distribution: MarginDistribution, *, amount: float = 0.0
) -> MixedDistribution:
    """Return plain examples, of whose targets ``amount`` is shared out evenly; 0 is plain training.

    Raises
    ------
    ValueError
        If ``amount`` lies outside [0, 1].
    """
    checks.in_interval(0, 1, amount=amount)
    shown = [
        (label * margins, (1 + (1 - amount) * label) / 2, chance / 2)
        for label in (-1, 1)
        for margins, chance in _values(distribution)
    ]
    return _gathered(shown)


@checked
def mixup_distribution(
    distribution: MarginDistribution,
    *,
    shares: Float64[np.ndarray, "share"],
    chances: Float64[np.ndarray, "share"],
) -> MixedDistribution:
    """Return all Mixup examples of two independent ones, the partner having one of ``shares``.

    Raises
    ------
    ValueError
        If a share lies outside [0, 1], or chances are no distribution.
    """
    checks.in_interval(0, 1, least_share=float(shares.min()), largest_share=float(shares.max()))
    MarginDistribution(shares[:, None], chances)  # refuses what is no distribution
    shown = []
    for (one, other), weight in _pairs(distribution):
        for share, chance in zip(shares.tolist(), chances.tolist(), strict=True):
            rows = (1 - share) * one[0] * one[1] + share * other[0] * other[1]
            label = (1 - share) * one[0] + share * other[0]
            shown.append((rows, (1 + label) / 2, weight * chance))
    return _gathered(shown)


@checked
def cutmix_distribution(distribution: MarginDistribution) -> MixedDistribution:
    """Return all CutMix examples of two independent ones, a patch for each feature.

    The number of pasted patches is uniform on 0 to all of them, and so are the places of a number.
    """
    features = distribution.values.shape[1]
    shown = []
    for (one, other), weight in _pairs(distribution):
        for pasted, chance in _masks(features):
            rows = np.where(pasted, other[0] * other[1], one[0] * one[1])
            label = float(np.where(pasted, other[0], one[0]).mean())
            shown.append((rows, (1 + label) / 2, weight * chance))
    return _gathered(shown)


@checked
def least_weights(
    mixed: MixedDistribution, *, decay: float = 0.0
) -> Float64[np.ndarray, "feature"]:
    """Return the weights that minimise the loss of a mixed distribution, from zero.

    Raises
    ------
    ValueError
        If ``decay`` is negative, or at the end the slope is above 1e-8 or a score above 15 nats:
        there may be no minimum.
    """
    checks.not_negative(decay=decay)
    width = mixed.rows.shape[1]
    found = minimize(
        mixed.loss,
        np.zeros(width),
        args=(decay,),
        jac=mixed.slope,
        method="BFGS",
        options={"gtol": 1e-10, "maxiter": 5000},
    )
    steepest = float(np.abs(mixed.slope(found.x, decay)).max())
    largest = float(np.abs(mixed.rows @ found.x).max())
    if not (steepest < 1e-8 and largest < FAR):
        raise ValueError(
            f"no minimum was found: a slope of {steepest:.1e} at a score of {largest:.1f}"
        )
    return np.asarray(found.x, dtype=np.float64)


@checked
def accuracy_without(
    weights: Float64[np.ndarray, "feature"], distribution: MarginDistribution, *, feature: int
) -> float:
    """Return the accuracy where the sign of one feature is a fair coin; a score of zero is half.

    Raises
    ------
    ValueError
        If there is no such feature, or there is not one weight for each.
    """
    checks.in_interval(0, len(weights) - 1, feature=feature)
    if len(weights) != distribution.values.shape[1]:
        raise ValueError(
            f"there are {distribution.values.shape[1]} features, got {len(weights)} weights"
        )
    scores = []
    for sign in (-1.0, 1.0):
        signs = np.ones(len(weights))
        signs[feature] = sign
        scores.append(distribution.values * signs @ weights)
    right = np.mean([(np.sign(score) + 1) / 2 for score in scores], axis=0)
    return float(distribution.chances @ right)


Shown = tuple[np.ndarray, float, float]
Labelled = tuple[int, np.ndarray]


def _values(distribution: MarginDistribution) -> Iterator[tuple[np.ndarray, float]]:
    yield from zip(distribution.values, distribution.chances.tolist(), strict=True)


def _pairs(distribution: MarginDistribution) -> Iterator[tuple[tuple[Labelled, Labelled], float]]:
    """Yield two independent examples, each its label and margins, and their probability."""
    examples = [
        ((label, margins), chance / 2)
        for label in (-1, 1)
        for margins, chance in _values(distribution)
    ]
    for (one, first), (other, second) in product(examples, repeat=2):
        yield (one, other), first * second


def _masks(features: int) -> Iterator[tuple[np.ndarray, float]]:
    """Yield which patches are pasted, and the probability of that."""
    for count in range(features + 1):
        places = list(combinations(range(features), count))
        for chosen in places:
            yield np.isin(np.arange(features), chosen), 1 / (features + 1) / len(places)


def _gathered(shown: list[Shown]) -> MixedDistribution:
    rows, targets, chances = zip(*shown, strict=True)
    return MixedDistribution(np.array(rows, dtype=np.float64), np.array(targets), np.array(chances))
