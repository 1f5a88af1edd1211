"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

from tools.credit import drawn, uniform

PRINTED = {"six_inputs": {"law": [1 / 6] * 6, "chance": 0.5}}


def _law(least, most):
    """Return a draw of so many probabilities, multiples of a twentieth whose sum is one."""

    def draw(source, _):
        cuts = sorted(source.sample(range(1, 20), source.randint(least, most) - 1))
        law = [round((b - a) / 20, 2) for a, b in zip([0, *cuts], [*cuts, 20], strict=True)]
        return law if len(set(law)) > 1 else draw(source, _)

    return drawn(draw)


def six_inputs(solved, law=_law(6, 6), chance=uniform(0.55, 0.9)):
    """The six inputs have the probabilities of the list `law`, **in their order**, and in state 2
    the next symbol is *b* with probability `chance`, else *a*. All else is as printed. Return the
    same three numbers.
    """

    def entropy(*chances):
        return -sum(one * math.log(one) for one in chances)

    first, second, third = law[0] + law[1], law[2] + law[3], law[4] + law[5]
    states = entropy(law[0] + law[1] + law[2], law[3] + law[4] + law[5])
    # The second code alone holds inputs of both states.
    within = law[3] / second
    information = states - second * entropy(within, 1 - within)
    coin = entropy(chance, 1 - chance)
    mixed = entropy(within * chance, 1 - within * chance)
    seen_code = second * mixed + third * coin
    seen_state = (law[3] + third) * coin
    return entropy(first, second, third), information, seen_code - seen_state


def two_draws(solved, probabilities=_law(3, 5)):
    """**Three** inputs are drawn. Return, in nats, **what is missing** on average: the entropy of
    the code, less the mean of the entropy of the three codes' frequencies.
    """
    squares = sum(one**2 for one in probabilities)
    cubes = sum(one**3 for one in probabilities)
    entropy = -sum(one * math.log(one) for one in probabilities)
    # Two alike and one other, in three orders; or three different ones.
    pair = 3 * (squares - cubes) * (math.log(3) - 2 / 3 * math.log(2))
    different = (1 - 3 * squares + 2 * cubes) * math.log(3)
    return entropy - pair - different
