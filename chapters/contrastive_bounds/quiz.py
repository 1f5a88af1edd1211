"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from runtheory.capacity.contrastive_bounds import pairs

FEATURES, CORRELATION = 3, 0.6


def whole_value() -> float:
    """Return the leave-one-out value of two pairs."""
    return pairs.widest_value(FEATURES, correlation=CORRELATION)


def shared() -> float:
    """Return the information."""
    return pairs.information(FEATURES, correlation=CORRELATION)


def excess() -> float:
    """Return by how much the leave-one-out value of two pairs exceeds the information."""
    return whole_value() - shared()


def one_coordinate() -> float:
    """Return that excess for a single coordinate."""
    return excess() / FEATURES
