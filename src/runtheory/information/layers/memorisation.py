"""One remembered example behind erasing layers: every term of the contracted bound is exact.

X is uniform on ``symbols`` values, Y is a fair bit independent of X, and the weights are the one
training example, W = (X, Y). Each layer erases the input with probability ``rate``; an erasure
stays one. The network answers with the remembered label, unless it sees another symbol than the
remembered one: then it says the opposite. In training it is never wrong. Information is in nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from runtheory import checks
from runtheory.boundary import checked
from runtheory.information.layers.channels import dropout_channel


@dataclass(frozen=True)
class MemorisedExample:
    """The gap, and the divergence of (output, label, weights) from its law on a new example.

    ``label_information`` is I(Y; W), ``content_information`` I(X; W | Y).
    """

    gap: float
    divergence: float
    label_information: float
    content_information: float


@checked
def memorised_example(depth: int, *, symbols: int = 4, rate: float = 0.5) -> MemorisedExample:
    """Return what enumeration over outputs, labels and weights gives after ``depth`` layers.

    Raises
    ------
    ValueError
        If ``depth`` is negative, ``symbols`` below 2 or ``rate`` outside [0, 1].
    """
    checks.at_least(0, depth=depth)
    checks.at_least(2, symbols=symbols)
    erased = _erasing(depth, symbols, rate)
    shape = (symbols + 1, 2, symbols, 2)  # output, label, remembered symbol, remembered label
    trained, fresh, wrong = np.zeros((3, *shape))
    for seen, label, symbol, known in np.ndindex(shape):
        place = seen, label, symbol, known
        trained[place] = erased[symbol, seen] * (label == known) / (2 * symbols)
        fresh[place] = erased[:, seen].mean() / 2 / (2 * symbols)
        answer = known if seen in (symbol, symbols) else 1 - known
        wrong[place] = answer != label
    some = trained > 0
    divergence = float((trained[some] * np.log(trained[some] / fresh[some])).sum())
    gap = float((wrong * (fresh - trained)).sum())
    return MemorisedExample(gap, divergence, math.log(2), math.log(symbols))


def _erasing(depth: int, symbols: int, rate: float) -> Float64[np.ndarray, "input output"]:
    single = dropout_channel(width=1, rate=rate, symbols=symbols)
    stays = np.eye(symbols + 1)[symbols:]
    return np.asarray(np.linalg.matrix_power(np.vstack([single, stays]), depth)[:symbols])
