"""How the confidence of a Monte-Carlo certificate is spent, and the certificate that is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.certificates.linear_classifiers import Certificate, check_grid
from runtheory.information.certificates.pac_bayes import kl_bound, monte_carlo_bound


@dataclass(frozen=True)
class Confidence:
    """The grid of weight deviations and how the confidence is spent.

    ``monte_carlo_delta`` is the share of ``delta`` for the Monte-Carlo estimate over ``draws``
    networks; the rest goes to the PAC-Bayes bound. Both are divided by the size of the grid.

    Raises
    ------
    ValueError
        If the grid is empty or not positive and finite, ``draws`` is below one, or not
        0 < monte_carlo_delta < delta < 1.
    """

    deviations: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    draws: int = 500
    delta: float = 0.05
    monte_carlo_delta: float = 0.01

    def __post_init__(self) -> None:
        check_grid(self.deviations, "deviations")
        checks.at_least(1, draws=self.draws)
        if not 0 < self.monte_carlo_delta < self.delta < 1:
            raise ValueError(
                "monte_carlo_delta must lie in (0, delta) and delta in (0, 1), "
                f"got {self.monte_carlo_delta} and {self.delta}"
            )


@checked
def best_certificate(
    risk: Callable[[float], float],
    divergence: Callable[[float], float],
    *,
    samples: int,
    confidence: Confidence,
) -> Certificate:
    """Return the least bound over the grid of deviations, every point paid for.

    ``risk`` gives the mean loss over ``confidence.draws`` networks drawn at a deviation, in [0, 1],
    ``divergence`` D(Q || P) in nats. The mean is raised by
    :func:`~runtheory.information.certificates.pac_bayes.monte_carlo_bound`, then the kl bound is
    inverted.
    """
    grid, spent = confidence.deviations, confidence.monte_carlo_delta
    errors = [risk(deviation) for deviation in grid]
    raised = monte_carlo_bound(errors, draws=confidence.draws, delta=spent / len(grid))
    divergences = [divergence(deviation) for deviation in grid]
    share = (confidence.delta - spent) / len(grid)
    bounds = kl_bound(raised, divergences, samples=samples, delta=share)
    best = int(bounds.argmin())
    return Certificate(
        bound=float(bounds[best]),
        train_error=errors[best],
        train_error_bound=float(raised[best]),
        divergence=divergences[best],
        scale=grid[best],
        samples=samples,
        delta=confidence.delta,
    )
