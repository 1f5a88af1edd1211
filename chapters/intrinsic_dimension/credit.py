"""The exercises, changed for credit: ``tools/credit.py`` says how."""

from __future__ import annotations

import math

import numpy as np

from tools.credit import drawn, uniform, whole


def _rows(source, points, neighbours):
    return [
        sorted(round(source.uniform(0.3, 3), 2) for _ in range(neighbours)) for _ in range(points)
    ]


def _claim(source, given):
    """Draw a dimension well below or above the estimate, so that both ends are positive."""
    parts = given["parts"]
    mean = np.log(parts[..., -1:] / parts).sum(-1).mean() / (parts.shape[-1] - 1)
    return round(source.choice([0.7, 0.8, 1.25, 1.4]) / float(mean), 2)


def three_points(
    solved,
    distances=drawn(
        lambda source, _: _rows(source, source.randint(3, 5), source.choice([3, 5, 6]))
    ),
):
    r"""Answer for **any** `distances`: for each point a list of the rising distances to its $k$
    nearest neighbours, all lists of one length $k \ge 3$. Return the same three numbers in the
    same order.
    """
    k = len(distances[0])
    sums = [sum(math.log(row[-1] / one) for one in row) for row in distances]
    own = sum((k - 1) / one for one in sums) / len(sums)
    return own, own * (k - 2) / (k - 1), len(sums) * (k - 1) / sum(sums)


def twice_as_good(solved, dimension=whole(2, 9), growth=uniform(1.3, 3)):
    """Another goal is given: the **label sharpness** has to grow by the factor `growth`. Return
    three factors, all above 1: how many times as many examples that takes, by how much the nearest
    neighbour's error is divided on the way, and by how much the label sharpness would grow with
    that many examples if the labels were **tossed**, apart from the points.
    """
    more = growth ** ((dimension + 1) / 2)
    return more, more ** (1 / dimension), more ** (2 / dimension)


def interval(
    solved,
    parts=drawn(
        lambda source, _: np.array([_rows(source, 3, 3) for _ in range(source.choice([3, 4]))])
    ),
    claimed=drawn(_claim),
):
    """**The other way round**: `t` is **not** given, but a dimension `claimed` by somebody else,
    which is not your estimate and is more than half of it, so that both ends are positive. Return
    the positive $t$ at which `claimed` is one of the two ends, and then the **other** end.
    """
    means = (np.log(parts[..., -1:] / parts).sum(-1) / (parts.shape[-1] - 1)).mean(1)
    error = means.std(ddof=1) / len(means) ** 0.5
    return abs(1 / claimed - means.mean()) / error, 1 / (2 * means.mean() - 1 / claimed)


PRINTED = {"three_points": {"distances": [[1, 1, 1, 2], [1, 2, 2, 2], [1, 1, 2, 4]]}}
