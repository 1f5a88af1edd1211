"""Numbers of the quiz, and the wrong ones that people get."""

from __future__ import annotations

import torch

from runtheory.capacity.relevant_axes import linear

EIGENVALUES = torch.tensor([6.0, 2.5, 0.4], dtype=torch.float64)
PRIOR = torch.full((2,), 3.0, dtype=torch.float64)
NOISE = 0.8
SECOND = 1  # the axis that is asked for


def _refreshed(*, means_only: bool) -> float:
    covariance = torch.diag(EIGENVALUES)
    decoder = linear.best_decoder(covariance, prior=PRIOR, noise=NOISE)
    given = {"prior": PRIOR, "noise": NOISE}
    return float(linear.refreshed(covariance, decoder, means_only=means_only, **given)[SECOND])


def from_means() -> float:
    """Return the second prior variance after a refresh from means alone, at the best bound."""
    return _refreshed(means_only=True)


def from_draws() -> float:
    """Return what a refresh from draws leaves on average."""
    return _refreshed(means_only=False)


def by_the_relevance() -> float:
    """Return the number that has the relevance in the place of the eigenvalue."""
    relevance = linear.relevances(EIGENVALUES, axes=2, noise=NOISE)[SECOND]
    return float(PRIOR[SECOND] * (1 - NOISE / relevance))


def code_variance() -> float:
    """Return the variance that a code has given its input, which the means leave out."""
    return from_draws() - from_means()
