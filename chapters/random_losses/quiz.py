"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from runtheory.noise.random_losses import derivatives


def pull_on_the_worst() -> float:
    """Return the mean size of the derivative at the smallest of five margins."""
    return float(derivatives.rank_weights(5)[0])


def pull_on_the_best() -> float:
    """Return that at the largest of five margins."""
    return float(derivatives.rank_weights(5)[-1])


def mean_pull() -> float:
    """Return the mean size over all examples."""
    return derivatives.mean_size()
