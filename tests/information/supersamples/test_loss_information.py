from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.information.supersamples.loss_information import (
    binary_bound,
    centred_single_bound,
    difference_bound,
    difference_information,
    fast_rate_bound,
    interpolation_error,
    single_bound,
    single_information,
)


def mutual(joint):
    rows, columns = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / (rows * columns)[seen])).sum())


def joint_laws(cells):
    """Tables over (D, U), (L^0, U) and ((L^0, L^1), U) from P(training loss, test loss)."""
    difference, single, pair = np.zeros((3, 2)), np.zeros((2, 2)), np.zeros((4, 2))
    for training in range(2):
        for test in range(2):
            for mask in range(2):
                first, second = (training, test) if mask == 0 else (test, training)
                mass = cells[training, test] / 2
                difference[second - first + 1, mask] += mass
                single[first, mask] += mass
                pair[2 * first + second, mask] += mass
    return difference, single, pair


masses = st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda m: sum(m) > 0.01)


@settings(max_examples=40)
@given(masses=masses)
def test_every_bound_is_above_the_gap_of_any_law_of_losses(masses):
    cells = np.array(masses).reshape(2, 2) / sum(masses)
    training, test = float(cells[1].sum()), float(cells[:, 1].sum())
    gap = test - training
    tables = [mutual(joint) for joint in joint_laws(cells)]
    difference = difference_information(float(cells[0, 1]), float(cells[1, 0]))
    single = single_information(min(training, 1.0), min(test, 1.0))
    assert difference == pytest.approx(tables[0], abs=1e-12)
    assert single == pytest.approx(tables[1], abs=1e-12)
    assert difference == pytest.approx(tables[2], abs=1e-12)
    assert abs(gap) <= difference_bound(difference) + 1e-9
    assert abs(gap) <= single_bound(single) + 1e-9
    assert gap <= binary_bound(min(training, 1.0), difference) + 1e-9
    assert gap <= fast_rate_bound(min(training, 1.0), single).value + 1e-9


@settings(max_examples=20)
@given(training=st.floats(1e-4, 0.9), information=st.floats(1e-8, 0.6))
def test_fast_rate_is_feasible_and_the_least(training, information):
    found = fast_rate_bound(training, information)
    edge = math.exp(2 * found.second) + math.exp(-2 * found.second * (found.first + 1))
    assert edge <= 2 + 1e-12
    assert found.value == pytest.approx(found.first * training + information / found.second)
    for second in np.geomspace(1e-6, math.log(2) / 2 * (1 - 1e-9), 300):
        first = -math.log(2 - math.exp(2 * second)) / (2 * second) - 1
        assert found.value <= (first * training + information / second) * (1 + 1e-6) + 1e-12


def test_fast_rate_without_train_error_and_without_information():
    assert fast_rate_bound(0.0, 0.1).value == pytest.approx(0.2 / math.log(2))
    assert fast_rate_bound(1e-9, 0.1).value == pytest.approx(0.2 / math.log(2), rel=1e-4)
    assert fast_rate_bound(0.3, 0.0).value == 0


@given(test=st.floats(0, 1))
def test_interpolation(test):
    assert interpolation_error(difference_information(test, 0.0)) == pytest.approx(test)


def test_binary_bound_is_tighter_than_the_root_at_small_errors():
    information = difference_information(0.02, 0.0)
    assert binary_bound(0.0, information) < difference_bound(information)
    assert binary_bound(0.1, 0.0) == pytest.approx(0, abs=1e-12)
    # kl(r || (r + t)/2) = I is reached by a coin: the bound is the gap itself.
    risk, middle = 0.1, 0.17
    value = risk * math.log(risk / middle) + (1 - risk) * math.log((1 - risk) / (1 - middle))
    assert binary_bound(risk, value) == pytest.approx(2 * (middle - risk))


def test_wrong_losses_are_named():
    for call, text in [
        (lambda: difference_information(-0.1, 0.5), "probabilities"),
        (lambda: difference_information(0.7, 0.5), "probabilities"),
        (lambda: single_information(1.1, 0.5), "error"),
        (lambda: difference_bound(-1.0), "information"),
        (lambda: single_bound(math.nan), "information"),
        (lambda: centred_single_bound(-0.1), "information"),
        (lambda: binary_bound(2.0, 0.1), "error"),
        (lambda: fast_rate_bound(0.1, -0.1), "information"),
        (lambda: interpolation_error(-0.1), "information"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
