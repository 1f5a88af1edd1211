from __future__ import annotations

import math

import pytest

from runtheory.information.certificates.confidence import Confidence, best_certificate
from runtheory.information.certificates.pac_bayes import kl_bound
from runtheory.information.measures.divergences import kl_inverse


def test_every_point_of_the_grid_is_paid_for_and_the_best_is_kept() -> None:
    confidence = Confidence((0.1, 0.3), draws=50, delta=0.1, monte_carlo_delta=0.04)
    risks, divergences = {0.1: 0.05, 0.3: 0.08}, {0.1: 30.0, 0.3: 1.0}
    found = best_certificate(
        risks.__getitem__, divergences.__getitem__, samples=300, confidence=confidence
    )
    bounds = {}
    for point in (0.1, 0.3):
        raised = float(kl_inverse(risks[point], math.log(2 / 0.04) / 50))
        bounds[point] = float(kl_bound(raised, divergences[point], samples=300, delta=0.03))
    assert found.scale == min(bounds, key=bounds.__getitem__) == 0.3
    assert found.bound == bounds[0.3]
    assert (found.train_error, found.divergence) == (0.08, 1.0)


@pytest.mark.parametrize("grid", [(), (0.0, 0.1), (math.nan,), (math.inf,)])
def test_a_grid_holds_positive_finite_numbers(grid: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be (positive and finite|a number)"):
        Confidence(grid)


def test_shares_of_the_confidence_leave_something_for_either_bound() -> None:
    for delta, share in [(0.05, 0.05), (0.05, math.nan), (1.0, 0.1), (0.05, 0.0)]:
        with pytest.raises(ValueError, match="monte_carlo_delta must lie in"):
            Confidence(delta=delta, monte_carlo_delta=share)
