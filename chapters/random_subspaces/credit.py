"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

from tools.credit import drawn, uniform, whole


def one_direction(
    solved,
    goals=drawn(
        lambda source, _: [round(source.uniform(0.5, 5), 1) for _ in range(source.choice([2, 3]))]
    ),
    direction=drawn(
        lambda source, earlier: [
            source.choice([-1, 1]) * source.randint(1, 6) for _ in [0, *earlier["goals"]]
        ]
    ),
    share=uniform(0.05, 0.45),
):
    r"""Answer for **any** numbers: `goals` is a list of **two or three** values that the first
    parameters shall have; `direction` lists one number more, in place of $(1, 2, 2)$, and none of
    them is zero; `share`, between 0 and 1, stands in place of the quarter. Return the same three
    numbers in the same order.
    """
    along = sum(goal * one for goal, one in zip(goals, direction, strict=False))
    seen = sum(one**2 for one in direction[:-1])
    left = 1 - along**2 / seen / sum(goal**2 for goal in goals)
    if len(goals) == 2:
        chance = 2 * math.asin(math.sqrt(share)) / math.pi  # four such angles in a full circle
    else:
        chance = 1 - math.sqrt(1 - share)  # a coordinate of a point on a sphere is uniform
    return left, 1 - 1 / len(goals), chance


def largest_dimension(
    solved,
    risk=uniform(0.05, 0.25),
    bits=whole(2, 8),
    dimension=whole(5, 60),
    kinds=whole(3, 40),
    delta=uniform(0.01, 0.1),
    limit=uniform(0.35, 0.6),
):
    r"""The dimension is given, and the number of examples is asked for. Moreover **`kinds` kinds**
    of description stand to choose when the sample has been seen, each with `dimension` coordinates
    of `bits` bits and its equal part of $\delta$. Return the smallest number of examples at which
    the bound with the square root is below `limit`, which is above `risk`. The share of errors
    stays `risk`, however many examples there are.
    """
    nats = dimension * bits * math.log(2) + math.log(kinds / delta)
    return math.floor(nats / (2 * (limit - risk) ** 2)) + 1


PRINTED = {"one_direction": {"goals": [4, 3], "direction": [1, 2, 2], "share": 0.25}}
