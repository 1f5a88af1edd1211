"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from math import log, sqrt

from runtheory.information.certificates import pac_bayes

SETTING = {"samples": 500, "delta": 0.05}


def quadratic() -> float:
    """Return the quadratic bound at training risk 0.04 and divergence 8, of 500 examples."""
    return float(pac_bayes.quadratic_bound(0.04, 8.0, **SETTING))


def mcallester() -> float:
    """Return McAllester's bound there."""
    return float(pac_bayes.mcallester_bound(0.04, 8.0, **SETTING))


def budget_of_catoni() -> float:
    """Return the quadratic bound with a budget that lacks the root of the number of examples."""
    budget = (8.0 + log(1 / 0.05)) / 500
    return (sqrt(0.04 + budget / 2) + sqrt(budget / 2)) ** 2
