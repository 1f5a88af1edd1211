"""Models solved completely, so that every bound stands beside the gap it bounds.

``binary_gaussian`` solves a mean of two Gaussian classes; ``polar``, ``conditional_laws`` and
``loss_laws`` are what it is made of, ``surrogate_losses`` its other losses. ``gibbs`` solves the
Gibbs algorithm on finite spaces.
"""

from runtheory.information.ladder.conditional_laws import GaussianMeanModel

__all__ = ["GaussianMeanModel"]
