"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

from tools.credit import drawn, uniform, whole


def one_direction(
    solved,
    goals=drawn(lambda source, _: [round(source.uniform(0.5, 5), 1) for _ in range(2)]),
    direction=drawn(
        lambda source, _: [source.choice([-1, 1]) * source.randint(1, 6) for _ in range(3)]
    ),
    share=uniform(0.05, 0.45),
):
    r"""Answer for **any** numbers: `goals` is a list of the two values that $\theta_1$ and
    $\theta_2$ shall have, `direction` a list of three numbers in place of $(1, 2, 2)$, and `share`
    stands in place of the quarter. Return the same three numbers in the same order.
    """
    (first, second), (along, across, _) = goals, direction
    left = (first * across - second * along) ** 2 / (along**2 + across**2)
    chance = 2 * math.asin(math.sqrt(share)) / math.pi  # four such angles in a full circle
    return left / (first**2 + second**2), 1 / 2, chance


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
    the bound with the square root is below `limit`; the share of errors is `risk` for any number.
    """
    nats = dimension * bits * math.log(2) + math.log(kinds / delta)
    return math.floor(nats / (2 * (limit - risk) ** 2)) + 1


PRINTED = {"one_direction": {"goals": [4, 3], "direction": [1, 2, 2], "share": 0.25}}
