"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import math

from runtheory.noise import label_smoothing


def best_lead() -> float:
    """Return the lead that an amount of 0.1 asks for among five classes."""
    return label_smoothing.best_lead(0.1, 5)


def shared_among_others() -> float:
    """Return the lead if the amount were shared among the other classes alone."""
    return math.log(0.9 / (0.1 / 4))


def share_forgotten() -> float:
    """Return the lead if the label had only what is not shared out."""
    return math.log(0.9 / (0.1 / 5))


def shift() -> float:
    """Return confidence minus accuracy, in points, at amount 0.2, accuracy 0.9 and ten classes."""
    confidence = 0.8 * 0.9 + 0.2 / 10
    return 100 * (confidence - 0.9)


def amount_alone() -> float:
    """Return the shift, in points, without the share that comes back."""
    return -100 * 0.2 * 0.9


def other_sign() -> float:
    """Return the shift with the other sign."""
    return -shift()
