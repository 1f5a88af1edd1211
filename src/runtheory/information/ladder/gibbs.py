"""The Gibbs algorithm on finite spaces, solved exactly by enumeration.

The algorithm draws a hypothesis from pi(w) exp(-alpha L_S(w)) / normaliser, L_S the mean loss on n
independent samples of a law over finitely many values. The posterior sees the sample only through
its counts, so the sum over all samples is one over the C(n + values - 1, n) count vectors.
Information is in nats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import gammaln, logsumexp, xlogy

from runtheory import checks
from runtheory.boundary import checked

MOST_COUNTS = 200_000


@dataclass(frozen=True)
class GibbsGap:
    """What enumeration gives: risks, E[test loss - training loss] and both informations.

    ``mutual_information`` is I(W; S) = D(P_WS || P_W P_S) and ``lautum_information`` the same
    divergence with its arguments exchanged.
    """

    train_loss: float
    test_loss: float
    mutual_information: float
    lautum_information: float
    alpha: float
    samples: int

    @property
    def gap(self) -> float:
        return self.test_loss - self.train_loss

    @property
    def information_gap(self) -> float:
        """(I + L) / alpha, which equals the gap exactly [aminian2021exact].

        The normalisers cancel in I + L = sum (P_WS - P_W P_S) log P(w | s), and what is left of
        the logarithm is -alpha times the training loss.
        """
        return (self.mutual_information + self.lautum_information) / self.alpha

    @property
    def rate_bound(self) -> float:
        """alpha / (2 n): for a loss in [0, 1], I <= alpha gap and gap <= sqrt(I / (2 n))."""
        return self.alpha / (2 * self.samples)


@checked
def gibbs_gap(
    losses: Float64[np.ndarray, "hypothesis value"],
    law: Float64[np.ndarray, "value"],
    prior: Float64[np.ndarray, "hypothesis"],
    *,
    alpha: float,
    samples: int,
) -> GibbsGap:
    """Return the exact gap and informations of the Gibbs algorithm with inverse temperature alpha.

    Time and memory grow as C(samples + values - 1, samples) x hypotheses.

    Raises
    ------
    ValueError
        If ``law`` or ``prior`` is no probability vector or is zero somewhere, if a loss is not
        finite, ``alpha`` or ``samples`` is not positive, or there are more than 200,000 count
        vectors.

    Examples
    --------
    Its gap is the sum of both informations over alpha:

    >>> import numpy as np
    >>> from runtheory.information.ladder.gibbs import gibbs_gap
    >>> losses, law, prior = np.eye(2), np.array([0.7, 0.3]), np.array([0.5, 0.5])
    >>> gibbs = gibbs_gap(losses, law, prior, alpha=4.0, samples=10)
    >>> round(gibbs.test_loss - gibbs.train_loss, 4)
    0.0496
    >>> round((gibbs.mutual_information + gibbs.lautum_information) / gibbs.alpha, 4)
    0.0496
    """
    _check(losses, law, prior, alpha=alpha, samples=samples)
    counts = count_vectors(len(law), samples)
    log_mass = gammaln(samples + 1) - gammaln(counts + 1).sum(1) + xlogy(counts, law).sum(1)
    mass = np.exp(log_mass)
    training = counts @ losses.T / samples  # (counts, hypothesis)
    log_posterior = np.log(prior) - alpha * training
    log_posterior -= logsumexp(log_posterior, axis=1, keepdims=True)
    log_marginal = logsumexp(log_mass[:, None] + log_posterior, axis=0)  # (hypothesis,)
    posterior, marginal = np.exp(log_posterior), np.exp(log_marginal)
    return GibbsGap(
        train_loss=float(mass @ (posterior * training).sum(1)),
        test_loss=float(marginal @ losses @ law),
        mutual_information=float(mass @ (posterior * (log_posterior - log_marginal)).sum(1)),
        lautum_information=float(mass @ ((log_marginal - log_posterior) @ marginal)),
        alpha=alpha,
        samples=samples,
    )


@checked
def count_vectors(values: int, samples: int) -> Int64[np.ndarray, "counts value"]:
    """Return every way in which ``samples`` draws fall on ``values`` values, one a row.

    Raises
    ------
    ValueError
        If ``values`` or ``samples`` is below one, or there are more than 200,000 ways.
    """
    checks.at_least(1, values=values, samples=samples)
    ways = math.comb(samples + values - 1, samples)
    if ways > MOST_COUNTS:
        raise ValueError(f"there must be at most {MOST_COUNTS} count vectors, got {ways}")
    return np.array(list(_compositions(values, samples)), dtype=np.int64)


def _compositions(values: int, samples: int) -> Iterator[list[int]]:
    # Bars among stars: the gaps between the bars are the counts.
    for bars in combinations(range(samples + values - 1), values - 1):
        edges = (-1, *bars, samples + values - 1)
        yield [right - left - 1 for left, right in pairwise(edges)]


def _check(
    losses: np.ndarray, law: np.ndarray, prior: np.ndarray, *, alpha: float, samples: int
) -> None:
    if losses.shape != (len(prior), len(law)):
        raise ValueError(f"losses must have shape {(len(prior), len(law))}, got {losses.shape}")
    for name, vector in (("law", law), ("prior", prior)):
        if not np.all(vector > 0) or not math.isclose(float(vector.sum()), 1, abs_tol=1e-12):
            raise ValueError(f"{name} must be positive and sum to one, got {vector}")
    if not np.all(np.isfinite(losses)):
        raise ValueError("losses must be finite, got another value")
    checks.positive_finite(alpha=alpha)
    if samples < 1 or math.comb(samples + len(law) - 1, samples) > MOST_COUNTS:
        raise ValueError(
            f"samples must be positive with at most {MOST_COUNTS} count vectors, got {samples} "
            f"samples of {len(law)} values"
        )
