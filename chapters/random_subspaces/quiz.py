"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from runtheory.capacity.random_subspaces import quadratic

CONSTRAINTS, PARAMETERS, DIRECTIONS = 12, 300, 5


def left_by_five() -> float:
    """Return the mean share that is left of the loss."""
    return quadratic.mean_ratio(CONSTRAINTS, dimension=DIRECTIONS)


def one_after_another() -> float:
    """Return what is left if each direction takes its share of what the others left."""
    return quadratic.mean_ratio(CONSTRAINTS, dimension=1) ** DIRECTIONS


def share_of_parameters() -> float:
    """Return the share of the parameters' dimensions that are no direction."""
    return quadratic.mean_ratio(PARAMETERS, dimension=DIRECTIONS)
