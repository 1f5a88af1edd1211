"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from scipy import stats

from tools.credit import drawn, one_of, uniform, whole


def factor_of_mixing(solved, ratio=uniform(0.5, 5), data=uniform(0.4, 2.5), mask=uniform(0.4, 2.5)):
    r"""Mixing **also changes the two others**: it multiplies $V_{\mathrm{data}}$ by `data` and
    $V_{\mathrm{mask}}$ by `mask`. With mixing, $V_{\mathrm{mix}}$ is `ratio` times what
    $V_{\mathrm{data}}$ is **without** it. Return the factor by which mixing multiplies $M^*$.
    """
    return math.sqrt(mask / (data + ratio))


def best_masks(
    solved,
    data=uniform(0.3, 1),
    mask=uniform(4, 16),
    body=uniform(20, 40),
    head=uniform(0.5, 1),
    masks=whole(2, 6),
):
    r"""**The other way round**: $V_{\mathrm{mix}}$ is not given, but a number of masks. The
    arguments are $V_{\mathrm{data}}$, $V_{\mathrm{mask}}$, $c_{\mathrm{body}}$,
    $c_{\mathrm{head}}$ and last `masks`, at least two. Return the least and the largest
    $V_{\mathrm{mix}}$ at which no other **whole** number of masks has a smaller variance at the
    same cost. The numbers are such that both are above zero.
    """
    least, largest = (
        mask * body / (head * masks * other) - data for other in (masks + 1, masks - 1)
    )
    return least, largest


def strength_of_lead(
    solved,
    lead=uniform(0.5, 3),
    shared=whole(1, 4),
    classes=whole(6, 12),
    rest=drawn(
        lambda source, x: round(
            source.uniform(0.2, 0.7)
            * (x["classes"] - x["shared"])
            / (x["shared"] * math.exp(x["lead"]) + x["classes"] - x["shared"]),
            4,
        )
    ),
):
    r"""The target is **smoothed**: it puts $\frac{1 - \rho}{m}$ on each of the $m$ classes and
    $\frac{\rho}{K - m}$ on each of the others. Given are `lead` $= g$, `shared` $= m$, `classes`
    $= K$ and `rest` $= \rho$; return $\kappa$.
    """
    others = classes - shared
    residual = 1 / (shared * math.exp(lead) + others) - rest / others
    return shared * lead / classes / residual


def limits_of_bulge(
    solved, fewer=whole(1, 5), more=drawn(lambda source, x: x["fewer"] + source.randint(1, 4))
):
    r"""Let $g_m$ be the lead of the target that puts $\frac1m$ on each of $m$ of the $K$ classes.
    For two such targets, $m =$ `fewer` and $n =$ `more` with $m < n < K$, at the same $\kappa$,
    return **three** numbers: the limits of the ratio $\frac{n\,g_n}{m\,g_m}$ as $\kappa \to 0$ and
    as $\kappa \to \infty$, and the limit of the **difference** $g_m - g_n$ as $\kappa \to \infty$.
    The check wants the **limits themselves**: a tenth off is no longer good enough, and neither is
    the value at a large $\kappa$.
    """
    return 1, more / fewer, 2 * math.log(more / fewer)


def thresholds_at_one_half(solved, share=uniform(0.05, 0.45), chance=uniform(0.2, 0.9)):
    """The share is always `share` where there is mixing, but an image is mixed **only with the
    probability** `chance`; otherwise it stays as it is, and its partner has the share zero. Return
    the thresholds of $K c^2$ under smoothing (first) and under mixing (second).
    """
    mean, square = chance * share, chance * share**2
    return (1 - mean) ** 2, 1 - 2 * (mean - square)


def thresholds(solved, power=uniform(0.3, 3)):
    r"""For CutMix the square $u = r^2$ of the box's side is in $[0, 1]$, **with the density**
    $\beta u^{\beta - 1}$, `power` $= \beta$; given $r$ the share is $s = v_1 v_2$, with
    independent visible lengths that have $\mathbb{E}[v] = r - \frac14 r^2$ and
    $\mathbb{E}[v^2] = r^2 - \frac5{12}r^3$. Return the thresholds of $K c^2$ under smoothing
    (first) and under mixing (second).
    """

    def moment(exponent):
        return power / (power + exponent / 2)

    mean = moment(2) - moment(3) / 2 + moment(4) / 16
    square = moment(4) - 5 / 6 * moment(5) + 25 / 144 * moment(6)
    return (1 - mean) ** 2, 1 - 2 * (mean - square)


def shrinkage(
    solved,
    classes=whole(3, 10),
    rate=uniform(0.2, 0.8),
    factor=drawn(
        lambda source, x: (
            1 / (1 + x["rate"] / (1 - x["rate"]) * x["classes"] / source.randint(16, 64))
        )
    ),
    other=uniform(0.2, 0.9),
):
    """**The width is not known**, but a measurement is: for `classes` $= K$ and **without** a bias,
    dropout of the rate `rate` multiplies the scores by `factor`. Return the factor that belongs to
    the rate `other` at the same $K$ and $d$ **with** a free bias: a single number.
    """
    modes = (classes - 1) / classes
    odds = other / (1 - other) * (1 - rate) / rate
    return 1 / (1 + (1 / factor - 1) * modes * odds)


def even_basis(
    solved,
    values=drawn(lambda source, _: [round(source.uniform(0.1, 6), 2) for _ in range(8)]),
    block=one_of(2, 4),
):
    r"""Let $S$ be diagonal with the entries `values`, and let $Q$ be **block diagonal**: the
    coordinates are cut, from the first on, into groups of `block` neighbours, a power of two that
    divides their number $d$; within a group $Q$ is orthogonal with all entries
    $\pm\frac1{\sqrt b}$, $b =$ `block`, and its other entries are zero. With
    $a_j = (QSQ^\top)_{jj}$ return the evenness $E = (\sum_j a_j)^2 / (d \sum_j a_j^2)$.
    """
    means = np.reshape(values, (-1, block)).mean(1)
    return float(means.mean() ** 2 / (means**2).mean())


def share_left(
    solved,
    width=whole(3, 6),
    correlation=uniform(-0.15, 0.9),
    rate=uniform(0.5, 0.9),
    samples=whole(2, 4),
):
    r"""Each feature vector is seen under **several** independent masks: what is left of it are
    all `samples` masked copies **together**, each with the rate $\delta =$ `rate`, the masks
    visible. Return the share of the divergence that is left of $d =$ `width` coordinates with the
    correlation $r =$ `correlation`.
    """
    return solved(width, correlation, rate**samples)


def share_of_bits(
    solved,
    rate=uniform(0.3, 0.9),
    copies=drawn(lambda source, _: source.sample(range(1, 7), source.randint(2, 4))),
):
    r"""**Each bit has its own number of copies**: `copies` is a list of these, one for each bit,
    and for $n$ bits there are $2^n$ classes, all the words of $n$ bits. Return $I(Y; T)$ itself, no
    share of anything, in **bits**; `rate` is $\delta$.
    """
    return sum(1 - rate**count for count in copies)


def label_information(
    solved,
    code=drawn(lambda source, _: [list(x) for x in source.sample([*product((0, 1), repeat=4)], 5)]),
    rate=uniform(0.3, 0.8),
    weights=drawn(lambda source, _: source.sample(range(1, 12), 5)),
):
    """The classes are **not equally likely**: the probability of a class is its number in the list
    `weights` over the sum of the list. Return the exact $I(Y; T)$ in nats for the `code`, a list
    with one word for each class, in the same order, and for the `rate`.
    """

    def entropy(parts):
        return -sum(part * math.log(part) for part in parts)

    total = 0.0
    for kept in product((True, False), repeat=len(code[0])):
        seen = {}
        for word, weight in zip(code, weights, strict=True):
            letters = tuple(np.compress(kept, word))
            seen[letters] = seen.get(letters, 0.0) + weight / sum(weights)
        total += math.prod(1 - rate if k else rate for k in kept) * entropy(seen.values())
    return total


def extreme_tables(
    solved,
    pairs=whole(300, 2000),
    both=drawn(lambda source, x: round(x["pairs"] * source.uniform(0.05, 0.3))),
    difference=drawn(
        lambda source, x: (
            source.choice((-1, -1, -1, 1)) * round(x["pairs"] * source.uniform(0.02, 0.1))
        )
    ),
):
    """All tables have `pairs` pairs, on `both` of them **both copies** are misclassified, and
    *gained* $-$ *lost* is `difference`, which may be **negative** and is not zero. Return
    (*gained*, *lost*) of the table with the largest bound, then of the one with the smallest.
    """
    few = max(difference, 0), max(-difference, 0)
    added = (pairs - both - abs(difference)) // 2
    return few, (few[0] + added, few[1] + added)


def bound_of_counts(
    solved,
    held_out=whole(25, 90),
    trained=drawn(lambda source, x: x["held_out"] + source.choice((-1, 1)) * source.randint(3, 12)),
    both=drawn(lambda source, x: min(x["held_out"], x["trained"]) - source.randint(4, 12)),
    pairs=whole(200, 1000),
):
    r"""**Other counts** are given: on `held_out` of the `pairs` pairs the held-out copy is
    misclassified, on `trained` the trained one, and on `both`, which are **counted in each** of
    these two, both copies. Return the bound, and then the chance that *fresh coins* (for each pair
    a fair coin says which copy is called the trained one) give a bound at least as large.
    """
    gained, lost = held_out - both, trained - both
    either, far = gained + lost, max(gained, lost)
    tail = sum(math.comb(either, count) for count in range(far, either + 1)) / 2**either
    return solved(gained, lost, pairs), 2 * tail


def least_count(
    solved, lost=whole(1, 30), level=one_of(0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
):
    """On `lost` pairs, **no longer on none**, the trained copy alone is misclassified. Return the
    least *gained* **above** `lost` at which the chance is at most `level` that *fresh coins* (for
    each pair a fair coin says which copy is called the trained one) give a bound at least as large.
    """

    def chance(gained):
        tail = sum(math.comb(gained + lost, count) for count in range(lost + 1))
        return 2 * tail / 2 ** (gained + lost)

    gained = lost + 1
    while chance(gained) > level:
        gained += 1
    return gained


def interactions(
    solved,
    error=uniform(0.05, 0.3),
    first=uniform(0.5, 1.2),
    second=uniform(0.5, 1.2),
    both=uniform(0.3, 0.9),
):
    r"""Dropout multiplies the error $e =$ `error` by `first`, mixing by `second`, and both together
    multiply it by `both`, which is **not the product** of the two. Return **three** interactions:
    in accuracy, in log error, and in the **log odds** of being right, which are
    $\log\frac{1 - e}{e}$ at the error $e$.
    """

    def interaction(scale):
        plain, dropout, mixing, all_two = (scale(error * x) for x in (1, first, second, both))
        return (all_two - mixing) - (dropout - plain)

    return (
        interaction(lambda e: 1 - e),
        interaction(math.log),
        interaction(lambda e: math.log((1 - e) / e)),
    )


def interaction_interval(
    solved,
    table=drawn(
        lambda source, _: np.round(
            1
            - np.multiply.outer(
                [[1, source.uniform(0.6, 0.9)], [source.uniform(0.6, 0.95), 0.5]],
                [source.uniform(0.12, 0.35) for _ in range(6)],
            )
            * np.reshape([source.uniform(0.9, 1.1) for _ in range(24)], (2, 2, 6)),
            3,
        ).tolist()
    ),
    confidence=one_of(0.8, 0.9, 0.98, 0.99),
):
    r"""The nested list `table` holds accuracies, its shape is (**dropout, mixing, seed**), index
    $1$ for "with"; networks of one seed share much. Return the mean over the seeds of the
    interaction **in log error** (of each accuracy $x$ take $\log(1 - x)$), and the lower and the
    upper end of its t-interval over seeds **for the given confidence**, a share such as $0.95$.
    """
    logs = np.log(1 - np.asarray(table))
    values = logs[1, 1] - logs[0, 1] - logs[1, 0] + logs[0, 0]
    mean, error = float(values.mean()), float(stats.sem(values))
    reach = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * error
    return mean, mean - reach, mean + reach


PRINTED = {
    "factor_of_mixing": {"ratio": 3, "data": 1, "mask": 1},
    "thresholds_at_one_half": {"share": 0.5, "chance": 1},
    "extreme_tables": {"pairs": 1000, "both": 0, "difference": 40},
    "least_count": {"lost": 0, "level": 0.05},
}
