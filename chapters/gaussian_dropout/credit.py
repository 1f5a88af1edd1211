"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import torch

from tools.credit import drawn, numbers, uniform

PRINTED = {"one_feature": {"values": [3.0], "rate": 0.8}}


def one_feature(
    solved,
    values=drawn(
        lambda source, _: [
            sign * round(source.uniform(0.5, 4), 2)
            for sign in (-1, *source.choices((-1, 1), k=source.randint(1, 3)))
        ]
    ),
    rate=uniform(0.55, 0.9),
):
    r"""**Several features** have the values in the list `values`, none of them zero, each with a
    weight of its own; their votes (weight times value) are added, and they are dropped
    independently at the rate `rate`. Return the weight of the **first** feature where the expected
    loss is least under normal factors; the infimum of the expected loss under masks, over all
    weights, in nats; and, with all weights where that first loss is least, the number of which
    $\Phi$ is the probability that normal factors turn the right sum of **all** votes into a wrong
    one.
    """
    odds = rate / (1 - rate)
    count = len(values)
    weight = 2 / odds / values[0]  # every vote is 2 / odds
    infimum = rate**count * math.log(2)  # all dropped, and nothing is known
    return weight, infimum, -math.sqrt(count / odds)  # mean n v, variance n v^2 odds


def saved_share(solved, features=numbers(5, low=0.3, high=2.5), weight=numbers(3, 5)):
    r"""The head has **three** classes: `weight` has the shape (3, feature), and `features` are the
    $h_j$ of the example. Return the same share; $P$ is the projector of the theorem on the
    gradient given the logits.
    """
    rows = torch.stack([weight[0] - weight[2], weight[1] - weight[2]]) * features
    basis = torch.linalg.qr(rows.T).Q  # its columns span the row space
    unseen = 1 - (basis**2).sum(1)
    return (features**2 * unseen).sum() / (features**2).sum()
