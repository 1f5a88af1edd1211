from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from runtheory.information.measures import divergence_estimates as estimates
from runtheory.information.measures.divergence_estimates import classifier_kl
from runtheory.randomness import stream
from tests.information.shared import normal


@pytest.mark.parametrize(("dimension", "low", "high"), [(1, 0.40, 0.58), (5, 0.45, 0.66)])
def test_nearest_neighbours_estimate_a_shift_in_few_dimensions(dimension, low, high):
    shift = {1: 1.0, 5: math.sqrt(1.25)}[dimension]  # 0.5 and 0.625 nats
    found = estimates.knn_kl(normal(4000, dimension, shift), normal(4000, dimension, seed=1))
    assert low < found < high


def test_nearest_neighbours_fall_far_short_in_twenty_dimensions():
    found = estimates.knn_kl(normal(2000, 20, math.sqrt(1.25)), normal(2000, 20, seed=1))
    assert found < 0.5  # of 0.625


def test_nearest_neighbours_against_loops_for_unequal_sizes():
    first, second = normal(12, 2, 0.5), normal(9, 2, seed=3)
    total = 0.0
    for i in range(12):
        own = sorted(float((first[i] - first[j]).norm()) for j in range(12) if j != i)
        other = sorted(float((first[i] - point).norm()) for point in second)
        total += math.log(other[1] / own[1])
    expected = 2 / 12 * total + math.log(9 / 11)
    assert estimates.knn_kl(first, second, neighbours=2) == pytest.approx(expected, abs=1e-12)


def test_a_classifier_estimates_a_shift_in_many_dimensions():
    first, second = normal(4000, 20, math.sqrt(1.25)), normal(6000, 20, seed=1)
    found = estimates.classifier_kl(first, second, generator=torch.Generator().manual_seed(0))
    for value in (found.plug_in, found.donsker_varadhan, found.nwj):
        assert abs(value - 0.625) < 0.08
    assert found.nwj <= found.donsker_varadhan
    assert abs(found.nwj - 0.625) < 5 * found.nwj_error + 0.02
    assert 0.005 < found.plug_in_error < found.nwj_error < 0.1


def test_a_classifier_finds_nothing_between_equal_laws():
    first, second = normal(3000, 3), normal(1000, 3, seed=1)
    found = estimates.classifier_kl(first, second, generator=torch.Generator().manual_seed(0))
    assert abs(found.plug_in) < 5 * found.plug_in_error + 0.01
    assert found.nwj < 5 * found.nwj_error


def test_a_classifier_is_judged_on_points_that_it_was_not_trained_on() -> None:
    """Between equal laws thirty points in twenty dimensions are separated, and new ones are not."""
    values = [
        estimates.classifier_kl(
            normal(60, 20, seed=seed),
            normal(60, 20, seed=seed + 100),
            generator=stream(seed, "half"),
        ).nwj
        for seed in range(10)
    ]
    assert np.mean(values) < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: estimates.knn_kl(normal(5, 1), normal(9, 1, seed=1)), "5 neighbours need"),
        (lambda: estimates.knn_kl(normal(9, 1), normal(4, 1, seed=1)), "got 9 and 4 points"),
        (lambda: estimates.knn_kl(normal(9, 1), normal(9, 2)), "same dimension, got 1 and 2"),
        (lambda: estimates.knn_kl(normal(9, 1) * 0, normal(9, 1)), "points coincide"),
        (
            lambda: estimates.classifier_kl(
                normal(3, 1), normal(9, 1), generator=torch.Generator()
            ),
            "each sample needs 4 points, got 3 and 9",
        ),
        (
            lambda: estimates.classifier_kl(
                normal(9, 1), normal(9, 1), generator=torch.Generator(), penalty=0.0
            ),
            "penalty must be positive",
        ),
    ],
)
def test_wrong_arguments_of_divergence_estimates_are_named(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_held_out_points_are_not_those_of_the_training() -> None:
    # Equal laws: the divergence is zero, and in 40 dimensions 100 points are learnt by heart.
    held, inside = [], []
    for seed in range(30):
        draw = stream(seed, "equal laws")
        first, second = torch.randn(2, 200, 40, generator=draw)
        found = classifier_kl(first, second, generator=draw)
        held.append(found.nwj)
        inside.append(found.nwj_in_sample)
    outside, own = torch.tensor([held, inside])
    error = float(outside.std()) / math.sqrt(30)
    assert float(outside.mean()) < 3 * error
    assert float(own.min()) > 0.1


def test_each_point_is_in_one_half() -> None:
    halves = estimates._halves(torch.arange(7.0)[:, None], stream(0, "halves"))
    assert [len(half) for half in halves] == [3, 4]
    assert sorted(np.concatenate(halves).ravel()) == list(range(7))


def test_many_points_are_not_learnt_by_heart() -> None:
    draw = stream(0, "shift")
    first, second = torch.randn(2, 20_000, 2, generator=draw)
    found = classifier_kl(first + 0.5, second, generator=draw)
    assert found.nwj_in_sample == pytest.approx(found.nwj, abs=6 * found.nwj_error)
    assert found.nwj == pytest.approx(0.25, abs=5 * found.nwj_error)
