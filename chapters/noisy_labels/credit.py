"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

from tools.credit import drawn, uniform, whole


def three_directions(
    solved,
    sizes=drawn(
        lambda source, _: [round(source.uniform(0.5, 6), 1) for _ in range(source.randint(4, 6))]
    ),
    variance=uniform(2, 9, 1),
    examples=whole(8, 30),
    cuts=drawn(lambda source, given: source.sample(range(1, len(given["sizes"])), 2)),
    rate=uniform(0.15, 0.85, 2),
):
    r"""Answer for **any** numbers: `sizes` lists the sizes of the signal along the principal
    directions, in their order, as many as there are; `variance` is $\sigma^2$, `examples` stands in
    place of ten, `cuts` holds two numbers in place of $2$ and $1$, and `rate` is that of dropout.
    Return the six numbers in the same order; the fifth is for the first of the two cuts.
    """

    def error(factors):
        missed = sum((1 - one) ** 2 * size**2 for one, size in zip(factors, sizes, strict=True))
        return (missed + variance * sum(one**2 for one in factors)) / examples

    rank = len(sizes)
    first, second = ([float(j < cut) for j in range(rank)] for cut in cuts)
    shrunk = [1 - rate] * rank
    shares = sum(first) / examples, sum(shrunk) / examples
    return error([1.0] * rank), error(first), error(second), error(shrunk), *shares


def best_rate(
    solved,
    sizes=drawn(
        lambda source, _: [round(source.uniform(0.5, 5), 1) for _ in range(source.randint(3, 6))]
    ),
    variance=uniform(0.5, 6),
    examples=whole(10, 40),
):
    r"""Now each principal score may be dropped at a **rate of its own**, and is divided by its own
    chance to be kept. The list `sizes` has the sizes of the signal along the $r$ principal
    directions, `variance` is $\sigma^2$ and `examples` is $n$. None of the sizes is zero. Return
    one list of $r + 2$ numbers: the best rates in the order of `sizes`, the least error with them,
    and the least error with one rate for all.
    """
    rates = [variance / (size**2 + variance) for size in sizes]
    own = sum(size**2 * rate for size, rate in zip(sizes, rates, strict=True)) / examples
    _, common = solved(sum(size**2 for size in sizes), len(sizes), variance, examples)
    return [*rates, own, common]


PRINTED = {
    "three_directions": {
        "sizes": [5, 2, 1],
        "variance": 6,
        "examples": 10,
        "cuts": [2, 1],
        "rate": 0.5,
    }
}
