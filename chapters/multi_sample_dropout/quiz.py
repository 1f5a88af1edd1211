"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

from runtheory.dropout import laws


def variance_of_four_masks() -> float:
    """Return the total variance at V_data = 12, V_mask = 60, B = 8 and M = 4."""
    return laws.variance(12.0, 60.0, batch=8, samples=4)


def divided_as_data() -> float:
    """Return what comes out if the masks divide the noise of the data too."""
    return (12.0 + 60.0) / (8 * 4)


def batch_forgotten() -> float:
    """Return the variance of a single example's gradient."""
    return 12.0 + 60.0 / 4


def best_masks() -> float:
    """Return the best real number of masks at V_data = 20, V_mask = 45 and costs 36 and 1."""
    return laws.best_samples(20.0, 45.0, body_cost=36.0, head_cost=1.0)


def ratio_without_root() -> float:
    """Return the product of the two ratios, without its root."""
    return 45.0 / 20.0 * 36.0


def variances_upside_down() -> float:
    """Return the root with the ratio of the variances turned over."""
    return (20.0 / 45.0 * 36.0) ** 0.5


def effective_rate() -> float:
    """Return the rate of one mask with the variance of a mean of three at rate 0.4."""
    return laws.effective_rate(0.4, 3)


def rate_divided() -> float:
    """Return the rate over the number of masks."""
    return 0.4 / 3
