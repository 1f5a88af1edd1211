"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

from tools.credit import drawn, one_of, uniform

PRINTED = {"change_of_places": {"risk": 0.09, "budgets": [0.08]}}


def _budgets(source, given):
    """Draw a budget below the change of places and one above it, in either order."""
    shares = [source.uniform(0.2, 0.7), source.uniform(1.5, 4)]
    source.shuffle(shares)
    return [round(2 * (0.25 - given["risk"]) ** 2 * one, 5) for one in shares]


def change_of_places(solved, risk=uniform(0.02, 0.2), budgets=drawn(_budgets)):
    r"""The training risk $r =$ `risk`, below one quarter, **and** a list of `budgets` are
    **given**. Return one list: the **positive** budget at which the two bounds agree, then for
    **each** of the given budgets, in their order, the lower of the two values there.
    """

    def lower(budget):
        by_root = risk + math.sqrt(budget / 2)
        return min(by_root, (math.sqrt(risk + budget / 2) + math.sqrt(budget / 2)) ** 2)

    return [2 * (0.25 - risk) ** 2, *(lower(one) for one in budgets)]


def _samples(source, given):
    """Draw so many examples that the divergence is positive."""
    risk, temperature = given["risk"], given["temperature"]
    cost = math.log(1 - risk + risk * math.exp(temperature)) - temperature * risk
    return math.ceil((source.uniform(3, 40) - math.log(given["delta"])) / cost)


def planned_temperature(
    solved,
    risk=uniform(0.03, 0.6),
    temperature=uniform(0.3, 2.5),
    delta=one_of(0.01, 0.02, 0.05, 0.1),
    samples=drawn(_samples),
):
    r"""The other way round: the **temperature** $C =$ `temperature` is given, with the training
    risk $r =$ `risk`, $\delta =$ `delta` and $n =$ `samples`. Return the **divergence** $D$ for
    which $C$ is the best temperature, then Catoni's bound for that $D$ at $C$.
    """
    bound = risk * math.exp(temperature) / (1 - risk + risk * math.exp(temperature))
    cost = risk * math.log(risk / bound) + (1 - risk) * math.log((1 - risk) / (1 - bound))
    return samples * cost + math.log(delta), bound
