"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import torch

from tools.credit import drawn, numbers, uniform, whole

PRINTED = {"five_experts": {"outputs": [[0], [1], [2], [3], [9]], "used": 3}}


def five_experts(
    solved,
    outputs=drawn(
        lambda source, _: [
            [source.randint(-9, 20), source.randint(-9, 20)] for _ in range(source.randint(4, 8))
        ]
    ),
    used=drawn(lambda source, given: source.randint(2, len(given["outputs"]) - 1)),
):
    r"""Any number $n$ of experts have outputs of **several coordinates**, the list of rows
    `outputs` (expert, coordinate), and variances are summed over the coordinates. Return the same
    four numbers with `used` in place of three: in the last one each expert is kept on its own with
    probability `used` $/\,n$, and the sum of those kept is divided by `used`.
    """
    values = torch.tensor(outputs, dtype=torch.float64)
    experts, mean = len(values), values.mean(0)
    spread = ((values - mean) ** 2).sum() / experts  # the variance of one draw
    disagreement = spread * experts / (experts - 1)
    left = 1 / used - 1 / experts
    alone = left * (spread + (mean**2).sum())
    return [float(one) for one in (disagreement, left * disagreement, spread / used, alone)]


def one_or_two(
    solved,
    disagreement=uniform(1, 20),
    experts=whole(8, 16),
    used=drawn(lambda source, given: source.randint(3, given["experts"] // 2)),
    shared=drawn(lambda source, given: source.randint(1, given["used"] - 1)),
):
    r"""The two sets, of $k$ = `used` experts each, **share exactly** `shared` **experts**, and all
    pairs of sets that do so are equally likely; `experts` is $n$ and `disagreement` is $S^2$.
    Return the variance of the average of the two means; and the number of shared experts, which
    need not be whole, at which your formula gives the variance that two independently drawn sets
    have.
    """
    squares = shared / used**2 + 2 * (used - shared) / (2 * used) ** 2
    # Of the weights: 1/k in both sets, 1/(2k) in one. Their sum takes the place of 1/k.
    return (squares - 1 / experts) * disagreement, used**2 / experts


def slimmed(
    solved,
    scores=drawn(
        lambda source, _: torch.tensor(
            [score / 100 for score in source.sample(range(-200, 200), 5)], dtype=torch.float64
        )
    ),
    outputs=numbers(5, 3),
):
    r"""The experts that are asked are **weighed by a softmax of their scores**: with the weight
    $e^{\text{score}}$, divided by the sum of these weights over the $k$ experts of the row. No two
    scores are equal. Return the weighted mean outputs, a row for each $k$ as before.
    """
    order = scores.argsort(descending=True)
    weights = scores[order].exp()[:, None]
    return (weights * outputs[order]).cumsum(0) / weights.cumsum(0)
