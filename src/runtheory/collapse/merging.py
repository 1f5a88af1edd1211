"""Minority collapse: when the classes of a small group share one direction.

Cross-entropy, one layer, in the normalisation of ``models``. Take two or more classes of one size
n_g. By symmetry the minimiser acts on differences within the group as a number, and stationarity,
-(gradient of the loss in Z) in sqrt(l_W l_H) times the subgradient of the nuclear norm, reads there

    p(k|k) - p(j|k) = 1 - N sqrt(l_W l_H)/sqrt(n_g)   where the directions differ,
    p(k|k) = p(j|k)                                    where they have merged,

so they merge exactly where n_g <= N^2 l_W l_H. This is the penalised relative of the constrained
problem of [fang2021exploring], and needs no limit of large imbalance.
"""

from __future__ import annotations

import math

from runtheory.collapse.models import FeatureModel


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


def probability_margin(model: FeatureModel, count: int) -> float:
    """Return p(k|k) - p(j|k) for classes k, j in a group of classes with ``count`` samples each.

    Zero where they have merged; raises as ``merging_count`` does, and

    Raises
    ------
    ValueError
        If fewer than two classes of the model have ``count`` samples.
    """
    if model.class_counts.count(count) < 2:
        raise ValueError(
            f"a group needs two classes or more of {count} samples, got {model.class_counts}"
        )
    return max(0.0, 1 - math.sqrt(merging_count(model) / count))


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
    if minority_count < 1 or majority_classes < 1 or minority_classes < 2 or not pressure > 0:
        raise ValueError(
            "merging needs a positive pressure, counts of one or more and two minority classes or "
            f"more, got pressure={pressure}, minority_count={minority_count}, "
            f"minority_classes={minority_classes}, majority_classes={majority_classes}"
        )
    return (1 / (pressure * math.sqrt(minority_count)) - minority_classes) / majority_classes
