"""The choices that papers make silently when they measure collapse, as one value.

Two global means are in use (the mean of the class means, and the mean of the samples), two weights
for the between-class scatter, two for the within-class scatter, and the factor 1/K of NC1 is
sometimes left out. They agree when every class has the same number of samples and not otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory.boundary import checked
from runtheory.collapse.statistics import ClassStatistics


class Weighting(Enum):
    """Whether classes or samples count equally: weights 1/K or n_k/N."""

    CLASSES = "classes"
    SAMPLES = "samples"


@dataclass(frozen=True)
class Convention:
    """Which weights enter which average; the default follows [papyan2020prevalence].

    ``mean`` weighs the class means in the global mean, ``between`` the terms of S_B, ``within`` the
    classes in S_W, and ``per_class`` puts the factor 1/K before tr(S_W S_B^+). The trace ratio can
    weigh S_W by classes of any size; NC1 cannot, for the scatter matrix is pooled.
    """

    mean: Weighting = Weighting.CLASSES
    between: Weighting = Weighting.CLASSES
    within: Weighting = Weighting.SAMPLES
    per_class: bool = True


@checked
def class_weights(statistics: ClassStatistics, weighting: Weighting) -> Float64[Tensor, "class"]:
    """Return the weight of each class: 1/K, or n_k/N; they sum to one."""
    counts = statistics.counts.to(torch.float64)
    if weighting is Weighting.CLASSES:
        return torch.full_like(counts, 1 / statistics.classes)
    return counts / counts.sum()


@checked
def global_mean(statistics: ClassStatistics, weighting: Weighting) -> Float64[Tensor, feature]:
    """Return the weighted mean of the class means; needs a sample in every class."""
    weights = class_weights(statistics, weighting)
    # Averaged around one class mean: a common offset then costs no digits.
    origin = statistics.means[0]
    return origin + weights @ (statistics.means - origin)


@checked
def centred_means(
    statistics: ClassStatistics, weighting: Weighting
) -> Float64[Tensor, "class feature"]:
    """Return the class means less the global mean, one class a row."""
    return statistics.means - global_mean(statistics, weighting)
