"""The joint law of a zero-one loss on a training and on a new example (float64, nats).

A supersample [steinke2020reasoning] holds two examples for every index i and a fair coin S_i says
which of them is trained on. With the losses (L+, L-) of the first and of the second example,
(L+, L-) is (train, test) if S = 0 and (test, train) if S = 1. The informations below are
*unconditional*: nothing is given but the law of the two losses. They belong to a law that is known;
the bounds that follow from them are in :mod:`loss_information`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from runtheory import checks


@dataclass(frozen=True)
class LossLaw:
    """``table[a, b]`` = P(training loss = a, new loss = b) for losses in {0, 1}.

    Raises
    ------
    ValueError
        If an entry lies outside [0, 1] or they do not sum to 1 (to 1e-9).
    """

    table: Float64[np.ndarray, "2 2"]

    def __post_init__(self) -> None:
        checks.in_interval(0, 1, probabilities=self.table)
        if not abs(self.table.sum() - 1) < 1e-9:
            raise ValueError(f"probabilities must sum to 1, got {self.table.sum()}")

    @property
    def train_error(self) -> float:
        return float(self.table[1].sum())

    @property
    def test_error(self) -> float:
        return float(self.table[:, 1].sum())

    @property
    def gap(self) -> float:
        """Test less training error, without the entries that cancel."""
        return float(self.table[0, 1] - self.table[1, 0])

    @property
    def pair_information(self) -> float:
        """I(L+, L-; S); [hellstrom2022family] has it conditional on the supersample."""
        train_first, test_first = self.table.ravel(), self.table.T.ravel()
        return joint_information(np.stack([train_first, test_first], axis=1) / 2)

    @property
    def difference_information(self) -> float:
        """I(L- - L+; S) [wang2023tighter].

        Equal to ``pair_information`` for this law: the pairs (0, 0) and (1, 1) have the same
        probability under either value of S and tell nothing.
        """
        equal = self.table[0, 0] + self.table[1, 1]
        test_worse, train_worse = self.table[0, 1], self.table[1, 0]
        columns = [[train_worse, equal, test_worse], [test_worse, equal, train_worse]]
        return joint_information(np.array(columns).T / 2)

    @property
    def single_information(self) -> float:
        """I(L+; S), the Jensen-Shannon divergence of the two errors [wang2023tighter].

        At most ``pair_information``, by data processing.
        """
        train, test = self.train_error, self.test_error
        return joint_information(np.array([[1 - train, 1 - test], [train, test]]) / 2)


def joint_information(joint: Float64[np.ndarray, "value other"]) -> float:
    """Return I(A; B) = sum p log(p / (p_A p_B)) of a joint table that sums to 1, in nats."""
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    present = joint > 0
    terms = joint[present] * np.log(joint[present] / product[present])
    return max(0.0, float(terms.sum()))


def centred_single_bound(information: float) -> float:
    """Return sqrt(2 I(L+; S)), a bound on |gap| for a loss in [0, 1].

    gap = 2 |E[(-1)^S L+]|, and since E(-1)^S = 0 one may take L+ - 1/2 for L+: (-1)^S (L+ - 1/2)
    lies in [-1/2, 1/2] and is 1/2-sub-Gaussian under the product law. Deviation from
    [wang2023tighter], where the loss is not centred and the bound is twice as large. As
    I(L+; S) <= I(L+, L-; S), it is never above the bound sqrt(2 I) of the pair.

    Raises
    ------
    ValueError
        If ``information`` is negative.
    """
    checks.not_negative(information=information)
    return math.sqrt(2 * information)
