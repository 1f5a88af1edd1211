from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtheory.information.ladder.loss_laws import LossLaw
from runtheory.information.measures.mutual_information import plug_in
from runtheory.information.supersamples.loss_information import (
    centred_single_bound,
)
from tests.information.shared import unchecked


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda x: sum(x) > 0.1))
def test_the_rungs_of_any_loss_law(entries):
    table = np.array(entries).reshape(2, 2)
    law = LossLaw(table / table.sum())
    gap = abs(law.test_error - law.train_error)
    assert law.difference_information / math.log(2) <= gap + 1e-12
    assert gap <= centred_single_bound(law.single_information) + 1e-7
    assert law.single_information <= law.pair_information + 1e-12
    assert law.pair_information == pytest.approx(law.difference_information, abs=1e-12)
    assert law.gap == pytest.approx(law.test_error - law.train_error, abs=1e-12)


def test_the_information_of_a_table_against_the_sum_of_its_terms():
    table = np.random.default_rng(0).dirichlet(np.ones(6)).reshape(3, 2)
    expected = sum(
        table[a, b] * math.log(table[a, b] / table[a].sum() / table[:, b].sum())
        for a in range(3)
        for b in range(2)
    )
    assert float(plug_in(table)) == pytest.approx(expected, abs=1e-15)
    law = LossLaw(np.array([[0.6, 0.2], [0.05, 0.15]]))
    pairs = {}
    for train in range(2):
        for test in range(2):
            for side, pair in enumerate(((train, test), (test, train))):
                pairs[(pair, side)] = pairs.get((pair, side), 0) + law.table[train, test] / 2
    nats = 0.0
    for (pair, _), share in pairs.items():
        both = sum(value for (other, _), value in pairs.items() if other == pair)
        nats += share * math.log(share / (both * 0.5))
    assert law.pair_information == pytest.approx(nats, abs=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LossLaw(np.array([[1.2, 0.0], [0.0, -0.2]])), r"must lie in \[0, 1\]"),
        (lambda: LossLaw(np.full((2, 2), 0.3)), "must sum to 1"),
    ],
)
def test_wrong_arguments_of_loss_laws_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_small_information_keeps_its_digits() -> None:
    """Nearly equal errors: the information is about (gap / 2)^2 / (2 m (1 - m)) for m = 0.3."""
    small = 1e-6
    law = LossLaw(np.array([[0.6, 0.1 + small / 2], [0.1 - small / 2, 0.2]]))
    expected = small**2 / 4 / (2 * 0.3 * 0.7)
    assert law.single_information == pytest.approx(expected, rel=1e-6)
    assert law.pair_information == pytest.approx(small**2 / 0.2 / 2, rel=1e-6)
    assert law.pair_information == pytest.approx(law.difference_information, rel=1e-9)


@pytest.mark.parametrize("shape", [(3, 3), (4,), (2, 2, 1)])
def test_a_law_of_two_losses_has_four_entries(shape: tuple[int, ...]) -> None:
    table = np.full(shape, 1 / np.prod(shape))
    with pytest.raises(ValueError, match=r"table must have shape \(2, 2\)"):
        unchecked(LossLaw)(table)
