"""Models solved completely, so that every bound stands beside the gap it bounds.

``binary_gaussian`` solves the mean of two Gaussian classes; ``polar``, ``conditional_laws`` and
``loss_laws`` are what it is made of, ``ramp`` and ``surrogate_losses`` its other losses, and
``simulation`` draws from it. ``gibbs`` solves the Gibbs algorithm on finite spaces.
"""

from runtheory.information.ladder.conditional_laws import GaussianMeanModel

__all__ = ["GaussianMeanModel"]
