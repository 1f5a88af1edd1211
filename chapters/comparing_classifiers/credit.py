"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

from math import comb

from scipy.stats import t

from tools.credit import drawn, uniform, whole

PRINTED = {"eight_against_two": {"both_right": 38, "both_wrong": 2, "first": 8, "second": 2}}


def _another(source, earlier):
    """Draw how many images the second classifier alone gets right: as many, or by far not."""
    far = [one for one in range(2, 17) if abs(one - earlier["first"]) > 1]
    return source.choice([earlier["first"], source.choice(far), source.choice(far)])


def eight_against_two(
    solved,
    both_right=whole(20, 90),
    both_wrong=whole(2, 20),
    first=whole(2, 9),
    second=drawn(_another),
):
    """Return the same three numbers for **any** such table. The arguments are the numbers of images
    on which both are right, on which both are wrong, on which the first alone is right, and on
    which the second alone is right. Either of the last two may be the larger one, or the two may be
    equal.
    """
    images = both_right + both_wrong + first + second
    apart_rates = (both_wrong + second) / images, (both_wrong + first) / images
    odd = first + second
    paired = ((odd / images - ((first - second) / images) ** 2) / images) ** 0.5
    apart = (sum(rate * (1 - rate) for rate in apart_rates) / images) ** 0.5
    tail = sum(comb(odd, heads) for heads in range(min(first, second) + 1))
    return paired, apart, min(1.0, 2 * tail / 2**odd)


def splits_to_a_coin(solved, splits=whole(3, 60), share=uniform(0.15, 0.8)):
    r"""**The other way round**: the number $J$ of random `splits` is given. Return the correlation
    $\rho$ with which the naive t-test, at level 0.05, rejects in exactly the given `share` of all
    data sets, which is above 0.05 (in print, at least one half), **and** the $c$ with which the
    corrected test, whose statistic is $\bar d/\sqrt{s^2(1/J + c)}$, would then have exactly the
    level 0.05.
    """
    wider = t.isf(0.025, splits - 1) / t.isf(share / 2, splits - 1)
    correction = (wider**2 - 1) / splits  # rho / (1 - rho)
    return correction / (1 + correction), correction
