"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import torch

from tools.credit import drawn, one_of, uniform, whole

PRINTED = {"counted": {"order": 2, "symbols": 5, "tokens": 10_000, "repeats": 64, "goal": 0.001}}


def counted(
    solved,
    order=one_of(2, 3),
    symbols=whole(3, 6),
    tokens=whole(10_000, 40_000),
    repeats=one_of(4, 8, 16, 32),
    goal=uniform(0.0005, 0.005, 5),
):
    """Return the four numbers, in the order above, for a source of **any** `order` over any number
    of `symbols`: there are `tokens` tokens, for the third number each is repeated `repeats` times,
    and `goal` stands for the 0.001 of the fourth.
    """
    free = symbols**order * (symbols - 1)  # a row's entries sum to one
    above = free / (2 * tokens)
    return above, 2 * above, above, free / (2 * goal)


def added(
    solved,
    row=one_of(
        [0.6, 0.3, 0.1],
        [0.15, 0.7, 0.15],
        [0.4, 0.45, 0.1, 0.05],
        [0.1, 0.2, 0.64, 0.06],
        [0.3, 0.05, 0.25, 0.08, 0.32],
        [0.05, 0.5, 0.05, 0.1, 0.3],
    ),
    draws=whole(18, 70),
):
    r"""In place of `bias` the `row` $P$ of the true probabilities is given (a list); the half
    chi-square of a row $q$ from it is $\frac12\sum_k (q_k - P_k)^2/P_k$. Return the **least**
    expectation of it that add-$a$ smoothing of $m$ = `draws` draws reaches, and then the $a > 0$
    at which smoothing is exactly **as good as none** ($a = 0$).
    """
    symbols = len(row)
    bias = sum((1 / symbols - one) ** 2 / one for one in row) / 2
    spread = (symbols - 1) / (2 * draws)
    # e^2 B + (1 - e)^2 V = V at e = 2 V / (B + V), so K a / m = e / (1 - e) is 2 V / (B - V).
    even = draws / symbols * 2 * spread / (bias - spread)
    return bias * spread / (bias + spread), even


def _counts(low, high):
    """Draw the counts of one text of a source over three symbols, every cell seen."""
    rows = [0.5, 0.3, 0.2], [0.2, 0.35, 0.45], [0.3, 0.25, 0.45]

    def draw(source, _):
        seen = 0
        while seen == 0:
            counts, context = [[0] * 3 for _ in range(3)], source.randrange(3)
            for _ in range(source.randint(low, high)):
                (symbol,) = source.choices(range(3), rows[context])
                counts[context][symbol] += 1
                context = symbol
            seen = min(map(min, counts))
        return counts

    return drawn(draw)


def floor_of(solved, counts=_counts(60, 110), new=_counts(200, 500)):
    """`new` counts a second text of the same source with a **different** number of tokens, and each
    text gets a table of its own. Only the mean loss a token of each table on **its own** tokens may
    be used: return the combination of these two losses, with weights that add up to one (one of
    them may be negative), whose **expectation** is the entropy rate up to terms that are small
    beside one over the number of tokens of the shorter text. Both arguments are lists of rows.
    """

    def own(counts):
        counts = torch.tensor(counts, dtype=torch.float64)
        logarithms = torch.log(counts / counts.sum(1, keepdim=True))
        return counts.sum(), -(counts * logarithms).sum() / counts.sum()

    # Each is parameters over 2n too low: times n, both are too low by the same.
    (few, short), (many, long) = own(counts), own(new)
    return (many * long - few * short) / (many - few)
