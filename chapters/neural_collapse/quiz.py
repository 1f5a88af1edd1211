"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import math

import torch

from runtheory.collapse import frames, merging, minimisers, models


def cosine_of_five() -> float:
    """Return the common cosine of a simplex frame of five classes."""
    return float((frames.simplex_frame(5) @ frames.simplex_frame(5).T)[0, 1])


def orthogonal() -> float:
    """Return the cosine of orthogonal vectors."""
    return 0.0


def one_over_classes() -> float:
    """Return minus one over the number of classes."""
    return -1 / 5


def variability() -> float:
    """Return NC1 of a simplex frame of four unit means under noise of deviation 0.2."""
    means = frames.simplex_frame(4)
    between = means.T @ means / 4
    return float(torch.trace(0.2**2 * torch.linalg.pinv(between)) / 4)


def without_the_mean() -> float:
    """Return it without the factor one over the number of classes."""
    return 4 * variability()


def deviation_for_variance() -> float:
    """Return it with the deviation in the place of the variance."""
    return variability() / 0.2


def scores() -> float:
    """Return alpha at four classes of 25 and decays of 0.01 and 0.0009."""
    model = models.FeatureModel((25,) * 4, (0.01,), 0.0009)
    scores = minimisers.cross_entropy_minimiser(model).scores
    return float(scores[0, 0] - scores[1, 0])


def counts_forgotten() -> float:
    """Return it with c in the place of the root of n times c."""
    return math.log(1 / math.sqrt(0.01 * 0.0009) - 3)


def merged_below() -> float:
    """Return the class size up to which classes of 1,000 samples in all have merged."""
    model = models.FeatureModel((400, 400, 100, 100), (0.01,), 0.008)
    return merging.merging_count(model)


def root_alone() -> float:
    """Return the root of it."""
    return math.sqrt(merged_below())
