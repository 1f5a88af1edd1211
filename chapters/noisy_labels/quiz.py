"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import torch

from runtheory.capacity.noisy_labels import filters

EXAMPLES, VARIANCE, RATE = 10, 6.0, 0.3
SIZES = torch.tensor([4.0, 2.0, 1.0], dtype=torch.float64)


def _parts(factor: float) -> tuple[float, float]:
    """Return squared bias and variance of the fit with one factor for all directions."""
    directions = torch.eye(EXAMPLES, len(SIZES), dtype=torch.float64)
    means = (directions @ SIZES)[:, None]
    return filters.expected_error(directions, means, [factor] * len(SIZES), variance=VARIANCE)


def dropout_error() -> float:
    """Return the error at its own inputs under dropout."""
    return sum(_parts(1 - RATE))


def not_squared() -> float:
    """Return the error with the sum of the factors in place of that of their squares."""
    share = filters.memorised_share([1 - RATE] * len(SIZES), examples=EXAMPLES)
    return _parts(1 - RATE)[0] + VARIANCE * share


def rate_for_factor() -> float:
    """Return the error of a fit that keeps the rate of each direction."""
    return sum(_parts(RATE))


def noise_alone() -> float:
    """Return the error without what is missed of the signal."""
    return _parts(1 - RATE)[1]


def new_input_error() -> float:
    """Return the error of least squares on a new normal input."""
    return filters.gaussian_error(20, features=8, variance=3.0)


def own_input_error() -> float:
    """Return its error at the inputs that were fitted."""
    return float(filters.cut_errors(torch.zeros(8), examples=20, variance=3.0)[-1])


def one_too_many() -> float:
    """Return the error on a new input with one degree of freedom too many."""
    return filters.gaussian_error(21, features=8, variance=3.0)
