"""The loss-difference bound of one network from how its pairs are classified, and its null law.

In a super-sample each pair has a trained and a held-out copy; with a and
b the shares of pairs on which the held-out copy alone, the trained one alone is misclassified, the
gap is a - b and the bound sqrt(2 I), I = a log(2a/(a+b)) + b log(2b/(a+b)) in nats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.stats import binom

from runtheory.boundary import checked
from runtheory.information.supersamples.loss_information import (
    difference_bound,
    difference_information,
)


@dataclass(frozen=True)
class PairBound:
    """Gap and bound of one table of pairs, and where the bound lies under fresh coins.

    ``disagreement`` is a + b; ``null_low`` and ``null_high`` are the 5% and 95% points: a bound
    inside this band is indistinguishable from no information.
    """

    gap: float
    bound: float
    disagreement: float
    null_low: float
    null_high: float


@checked
def pair_bound(counts: Mapping[str, int | float]) -> PairBound:
    """Return the bound from ``pairs``, ``gained`` (held-out alone wrong) and ``lost``.

    The null band is exact: with fresh coins the number gained is binomial, ``gained + lost`` trials
    of a fair coin, whatever the losses are.

    Raises
    ------
    ValueError
        If the counts are negative or not whole, or more pairs are gained and lost than there are.

    Examples
    --------
    >>> from runtheory.interplay.pair_bound import pair_bound
    >>> found = pair_bound({"pairs": 100, "gained": 30, "lost": 10})
    >>> found.gap, round(found.bound, 3), found.bound > found.null_high
    (0.2, 0.323, True)
    """
    given = {name: counts[name] for name in ("pairs", "gained", "lost")}
    for name, count in given.items():
        if not float(count).is_integer():
            raise ValueError(f"{name} must be a whole number, got {count}")
    pairs, gained, lost = map(int, given.values())
    if min(gained, lost) < 0 or gained + lost > pairs or pairs < 1:
        raise ValueError(f"counts must fit each other, got {gained} and {lost} of {pairs} pairs")
    trials = gained + lost
    # The bound grows with the distance of the count from one half: two tails of the coin.
    reach = binom.ppf([0.525, 0.975], trials, 0.5) if trials else [0.0, 0.0]
    low, high = (_bound(float(point), trials, pairs) for point in reach)
    return PairBound(
        gap=(gained - lost) / pairs,
        bound=_bound(gained, trials, pairs),
        disagreement=trials / pairs,
        null_low=low,
        null_high=high,
    )


def _bound(gained: int | float, trials: int, pairs: int) -> float:
    information = difference_information(gained / pairs, (trials - gained) / pairs)
    return difference_bound(information)
