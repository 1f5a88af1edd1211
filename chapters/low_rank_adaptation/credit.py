"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

from tools.credit import drawn, uniform, whole


def mean_and_deviation(
    solved,
    added=uniform(0.2, 0.6),
    wanted=uniform(0.7, 1.5),
    kept=uniform(0.55, 0.9),
    examples=whole(2, 9),
    share=uniform(0.05, 0.3),
):
    """The chance to be **kept** is given, and there are `examples` examples like this one, **each
    with a mask of its own**; their squared errors are **added**. Return what dropout adds to the
    sum on average, and over how many steps (not rounded) one must average until the standard
    deviation of the mean is the given **share** of what dropout adds.
    """
    mean, deviation = solved(added, wanted, 1 - kept)
    penalty = mean - (wanted - added) ** 2
    # The variance grows like the number of examples, the penalty too, and that is squared.
    return examples * penalty, (deviation / (share * penalty)) ** 2 / examples


def delay(
    solved,
    height=uniform(0.3, 0.8),
    wanted=drawn(lambda source, given: round(given["height"] * source.uniform(1.4, 3.5), 3)),
    later=uniform(0.05, 0.6),
):
    """**The other way round**: the limit of the delay is given as `later`, which is positive, and
    $m$ is **not 1** but `wanted`, which is above `height`. Return the rate of dropout at which
    `height` is reached so much later than without.
    """
    share = height / wanted
    # later = ln((1 - share) / (1 - share / kept)) / (2 wanted), solved for what is kept
    kept = share / (1 - (1 - share) * math.exp(-2 * wanted * later))
    return 1 - kept


def mean_logarithm(
    solved,
    length=uniform(0.1, 0.9),
    rate=uniform(0.15, 0.8),
    samples=whole(2, 5),
    growth=uniform(5, 200, 1),
):
    r"""Each step now takes the **mean of the gradients** under `samples` independent masks, so that
    $\xi$ becomes a mean of so many; `length` is $h$, and `rate` is the rate of dropout. Return the
    **number of steps**, not rounded, after which the typical growth of $a + b$ is the factor
    `growth`.
    """
    mean = 0.0
    for kept in range(samples + 1):
        chance = math.comb(samples, kept) * (1 - rate) ** kept * rate ** (samples - kept)
        mean += chance * math.log(1 + length * kept / (samples * (1 - rate)))
    return math.log(growth) / mean
