"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import numpy as np

from runtheory.capacity.intrinsic_dimension import estimators

DIMENSION = 3
DISTANCES = np.array([[1.0, 1.2, 1.5, 1.7, 2.0]])  # any five: their bias is one factor


def mean_of_own() -> float:
    """Return the dimension times what the correction of single estimates takes away."""
    return DIMENSION * _bias(DISTANCES)


def right_on_average() -> float:
    """Return the dimension, as if single estimates had no bias."""
    return DIMENSION


def turned_over() -> float:
    """Return the dimension with the correction in the place of the bias."""
    return DIMENSION / _bias(DISTANCES)


def one_neighbour_more() -> float:
    """Return the bias that one neighbour more would leave."""
    return DIMENSION * _bias(np.append(DISTANCES, [[2.5]], axis=1))


def _bias(distances: np.ndarray) -> float:
    own, corrected = (
        float(estimators.own_dimensions(distances, corrected=one)[0]) for one in (False, True)
    )
    return own / corrected
