"""The joint law of a zero-one loss on a training and on a new example (float64, nats).

A super-sample [steinke2020reasoning] holds two examples for every index i and a fair coin U_i says
which of them is trained on. The losses (L^0, L^1) of the first and of the second example are
(train, test) if U = 0 and (test, train) if U = 1. The informations below are *unconditional*:
nothing is given but the law of the two losses. They belong to a law that is known; the bounds that
follow from them are in :mod:`loss_information`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from runtheory import checks
from runtheory.information.measures.mutual_information import plug_in
from runtheory.information.supersamples.loss_information import (
    difference_information,
    single_information,
)


@dataclass(frozen=True)
class LossLaw:
    """``table[a, b]`` = P(training loss = a, new loss = b) for losses in {0, 1}.

    Raises
    ------
    ValueError
        If the table is not 2 x 2, an entry lies outside [0, 1], or they do not sum to 1 (to 1e-9).
    """

    table: Float64[np.ndarray, "2 2"]

    def __post_init__(self) -> None:
        if self.table.shape != (2, 2):
            raise ValueError(f"table must have shape (2, 2), got {self.table.shape}")
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
        """I(L^0, L^1; U); [hellstrom2022family] has it conditional on the super-sample."""
        train_first, test_first = self.table.ravel(), self.table.T.ravel()
        return float(plug_in(np.stack([train_first, test_first], axis=1)))  # (pair, bit)

    @property
    def difference_information(self) -> float:
        """I(L^1 - L^0; U) [wang2023tighter].

        Equal to ``pair_information`` for this law: the pairs (0, 0) and (1, 1) have the same
        probability under either value of U and tell nothing.
        """
        return difference_information(float(self.table[0, 1]), float(self.table[1, 0]))

    @property
    def single_information(self) -> float:
        """I(L^0; U), the Jensen-Shannon divergence of the two errors [wang2023tighter]."""
        # Sums of entries may leave [0, 1] by rounding.
        return single_information(min(self.train_error, 1.0), min(self.test_error, 1.0))
