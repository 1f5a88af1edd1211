"""Minority collapse: when the classes of a small group share one direction, and when they vanish.

Cross-entropy, one layer, in the normalisation of ``models``. Take two or more classes of one size
n_g. By symmetry the minimiser acts on differences within the group as a number, and stationarity,
-(gradient of the loss in Z) in sqrt(l_W l_H) times the subgradient of the nuclear norm, reads there

    p(k|k) - p(j|k) = 1 - N sqrt(l_W l_H)/sqrt(n_g)   where the directions differ,
    p(k|k) = p(j|k)                                    where they have merged,

so they merge exactly where n_g <= N^2 l_W l_H. This is the penalised relative of the constrained
problem of [fang2021exploring], and needs no limit of large imbalance; [hong2023imbalanced] have the
threshold as well. Further on the merged minority vanishes, rows and features alike: see
``effective_minority_count``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.optimize import brentq

from runtheory import checks
from runtheory.boundary import checked
from runtheory.collapse.models import FeatureModel


@checked
def merging_count(model: FeatureModel) -> float:
    """Return N^2 l_W l_H: groups of classes with at most so many samples each have merged.

    Raises
    ------
    ValueError
        If the model has more than one layer or smoothed targets.
    """
    if model.layers != 1 or model.smoothing:
        raise ValueError(
            "merging is solved for one layer and smoothing 0, "
            f"got {model.layers} layers and smoothing {model.smoothing}"
        )
    return (model.samples * model.pressure) ** 2


@checked
def merging_ratio(
    *, minority_count: int, minority_classes: int, majority_classes: int, pressure: float
) -> float:
    """Return R = n_A/n_B at which the minority merges when only the majority grows.

        R = (1/(pressure sqrt(n_B)) - K_B) / K_A,   pressure = sqrt(l_W l_H)

    Below one, the minority has merged already in the balanced problem; it may be negative.

    Raises
    ------
    ValueError
        If a count is below one, there are fewer than two minority classes, or ``pressure`` is not
        positive.
    """
    if minority_classes < 2:
        raise ValueError(f"merging needs minority_classes of 2 or more, got {minority_classes}")
    _check_groups(minority_count, minority_classes, majority_classes, pressure=pressure)
    return (1 / (pressure * math.sqrt(minority_count)) - minority_classes) / majority_classes


@checked
def effective_minority_count(model: FeatureModel) -> float:
    """Return the samples for which a merged minority of n_B each counts against the majority.

        K/(K_A K_B) (n_B K_B (1 - q_B)^2 + n_A K_A P_B^2)

    P_B and q_B are the probabilities that the solution in which the minority has neither rows nor
    features gives to all minority classes together, at a majority and at a minority feature. Where
    the minority has merged, or is one class, its rows and features vanish exactly where this is at
    most ``merging_count(model)`` (theorem thm-minority-vanishing). Any bias.

    Raises
    ------
    ValueError
        As ``merging_count`` does, and if the classes do not come in exactly two sizes.
    """
    threshold = merging_count(model)
    sizes = sorted(set(model.class_counts))
    if len(sizes) != 2:
        raise ValueError(f"a minority needs classes of two sizes, got {model.class_counts}")
    small, large = (model.class_counts.count(size) for size in sizes)
    groups = _Groups(float(sizes[1]), large, sizes[0], small)
    return groups.effective_count(math.sqrt(threshold), model.bias_penalty)


@checked
def vanishing_ratio(
    *,
    minority_count: int,
    minority_classes: int,
    majority_classes: int,
    pressure: float,
    bias_penalty: float = math.inf,
) -> float:
    """Return R = n_A/n_B at which a merged minority vanishes when only the majority grows.

    The root of ``effective_minority_count`` = N^2 l_W l_H in R, above one and above the ratio of
    merging. With few majority classes beside many of the minority a minority that has vanished at
    that ratio may come back and vanish again; this last root is not looked for.

    Raises
    ------
    ValueError
        If a count is below one, ``pressure`` = sqrt(l_W l_H) is not positive, ``bias_penalty`` is
        negative, or the minority has vanished as soon as it has merged.
    """
    _check_groups(minority_count, minority_classes, majority_classes, pressure=pressure)
    checks.not_negative(bias_penalty=bias_penalty)
    merged = (1 / (pressure * math.sqrt(minority_count)) - minority_classes) / majority_classes
    start = max(1.0, merged if minority_classes > 1 else 1.0)

    def surplus(ratio: float) -> float:
        groups = _Groups(ratio * minority_count, majority_classes, minority_count, minority_classes)
        threshold = groups.samples * pressure
        return groups.effective_count(threshold, bias_penalty) - threshold * threshold

    if surplus(start) <= 0:
        raise ValueError(f"the minority has vanished at the ratio {start:.4g} of merging already")
    return _increasing_root(lambda ratio: -surplus(ratio), start)


@dataclass(frozen=True)
class _Groups:
    """Samples a class and classes, of both groups; those of the majority need not be whole."""

    majority_count: float
    majority_classes: int
    minority_count: int
    minority_classes: int

    @property
    def samples(self) -> float:
        return (
            self.majority_count * self.majority_classes
            + self.minority_count * self.minority_classes
        )

    def effective_count(self, threshold: float, bias_penalty: float) -> float:
        """Return ``effective_minority_count`` at N c = ``threshold``."""
        shift = 0.0
        if math.isfinite(bias_penalty):
            shift = _increasing_root(
                lambda shift: self._bias_slope(shift, threshold, bias_penalty), None
            )
        leaked, missed = self._leaks(shift, threshold)
        classes = self.majority_classes + self.minority_classes
        pull = self.minority_count * self.minority_classes * missed**2
        pull += self.majority_count * self.majority_classes * leaked**2
        return pull * classes / (self.majority_classes * self.minority_classes)

    def _leaks(self, shift: float, threshold: float) -> tuple[float, float]:
        """Return P_B and 1 - q_B where the majority's bias exceeds the minority's by ``shift``."""
        many, few = self.majority_classes, self.minority_classes
        missed = many / (many + few * math.exp(-shift))
        margin = max(0.0, 1 - threshold / math.sqrt(self.majority_count))

        def total(lead: float) -> float:  # of the exponentials, by that of another majority class
            return math.exp(lead) + many - 1 + few * math.exp(lead / many - shift)

        lead = 0.0
        if many > 1 and margin > 0:
            lead = _increasing_root(lambda x: math.expm1(x) / total(x) - margin, 0.0)
        return few * math.exp(lead / many - shift) / total(lead), missed

    def _bias_slope(self, shift: float, threshold: float, penalty: float) -> float:
        """Return N times the derivative of the objective in the ``shift`` of the bias."""
        many, few = self.majority_classes, self.minority_classes
        leaked, missed = self._leaks(shift, threshold)
        slope = self.minority_count * few * missed - self.majority_count * many * leaked
        return slope + self.samples * penalty * shift * many * few / (many + few)


def _increasing_root(function: Callable[[float], float], low: float | None) -> float:
    """Return the root of an increasing function, above ``low`` if given."""
    step = 1.0
    start = 0.0 if low is None else low
    while function(start + step) < 0:
        step *= 2
    high = start + step
    step = 1.0
    while low is None and function(start - step) > 0:
        step *= 2
    return float(brentq(function, start if low is not None else start - step, high, xtol=1e-13))


def _check_groups(
    minority_count: int, minority_classes: int, majority_classes: int, *, pressure: float
) -> None:
    checks.at_least(
        1,
        minority_count=minority_count,
        minority_classes=minority_classes,
        majority_classes=majority_classes,
    )
    checks.positive(pressure=pressure)
