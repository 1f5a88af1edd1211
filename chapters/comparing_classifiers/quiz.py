"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import numpy as np

from runtheory import hypothesis_tests
from runtheory.noise.comparing_classifiers import levels


def paired_error() -> float:
    """Return the standard error, in points, of a difference from 12 and 5 discordant of 200."""
    return float(100 * np.sqrt(_variance(17 / 200, 7 / 200) / 200))


def own_test_sets() -> float:
    """Return the standard error, in points, if error rates of 9 and 5.5 per cent had own sets."""
    parts = 0.09 * 0.91 + 0.055 * 0.945
    return float(100 * np.sqrt(parts / 200))


def mcnemar_p() -> float:
    """Return the exact p-value of 12 against 5 discordant examples."""
    first = np.array([True] * 12 + [False] * 5)
    return hypothesis_tests.mcnemar(first, ~first).p_value


def one_sided() -> float:
    """Return the p-value to one side."""
    return mcnemar_p() / 2


def naive_level() -> float:
    """Return how often, in per cent, the naive test over 20 splits errs at correlation 0.25."""
    return float(100 * levels.resampled_level(20, 0.25))


def promised_level() -> float:
    """Return the level that the test promises, in per cent."""
    return 5.0


def _variance(discordant: float, difference: float) -> float:
    return discordant - difference**2
