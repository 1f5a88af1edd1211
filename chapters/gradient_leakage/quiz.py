"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from runtheory.noise.gradient_leakage import reading


def own_units() -> float:
    """Return how many of 100 units one image of a batch of four has to itself, at rate 0.6."""
    return reading.expected_isolated(100, rate=0.6, batch=4)


def kept_units() -> float:
    """Return how many are kept for it at all."""
    return 100 * 0.4


def exchanged() -> float:
    """Return it with kept and dropped exchanged."""
    return 100 * 0.6 * 0.4**3


def hidden_pixels() -> float:
    """Return how many of 784 pixels three masks of rate 0.4 hide."""
    return reading.expected_hidden(784, rate=0.4, masks=3)


def hidden_by_one() -> float:
    """Return how many one mask hides."""
    return 784 * 0.4
