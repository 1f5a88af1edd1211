"""Readings that fall to zero: laws by a loop, independences by the graph, tests on samples."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.noise import causal_dropout_grni as dropouts
from runtheory.randomness import stream

CHAIN = [[], [0], [1]]
FORK = [[], [0], [0]]
MEETING = [[], [], [0, 1]]
ZEROS = np.array([0.6, 0.3, 0.1])
SEEDS = st.integers(0, 1000)


def drawn(graph: list[list[int]], seed: int = 0) -> np.ndarray:
    return dropouts.draw_distribution(graph, states=3, generator=stream(seed, "law"))


def names(table: np.ndarray, variables: int = 3) -> set[tuple]:
    asked = dropouts.statements(variables)
    return {one for one, value in zip(asked, table, strict=True) if value < 1e-12}


def test_statements_are_all_pairs_with_all_sets_of_others() -> None:
    found = dropouts.statements(5)
    assert len(found) == len(set(found)) == 10 * 8
    assert found[:3] == [(0, 1, ()), (0, 1, (2,)), (0, 1, (3,))]


@settings(max_examples=25)
@given(seed=SEEDS)
def test_deletion_brings_back_the_independences_of_the_graph(seed: int) -> None:
    wanted = {"chain": {(0, 2, (1,))}, "fork": {(1, 2, (0,))}, "meeting": {(0, 1, ())}}
    for graph, expected in zip((CHAIN, FORK, MEETING), wanted.values(), strict=True):
        law = drawn(graph, seed)
        readings = dropouts.reading_distribution(law, ZEROS)
        assert names(dropouts.information_table(law)) == expected
        assert names(dropouts.information_table(readings, delete=True)) == expected


def test_zeros_that_are_kept_leave_no_independence_of_a_chain() -> None:
    readings = dropouts.reading_distribution(drawn(CHAIN), ZEROS)
    assert names(dropouts.information_table(readings)) == set()


def test_zeros_that_come_at_random_are_a_nuisance_all_the_same() -> None:
    readings = dropouts.reading_distribution(drawn(CHAIN), np.full(3, 0.3))
    assert names(dropouts.information_table(readings)) == set()


def test_the_law_of_the_readings_in_a_loop() -> None:
    law = drawn(FORK)
    expected = np.zeros((4, 4, 4))
    for states in itertools.product(range(3), repeat=3):
        for dropped in itertools.product((False, True), repeat=3):
            chance = law[states]
            for state, gone in zip(states, dropped, strict=True):
                chance *= ZEROS[state] if gone else 1 - ZEROS[state]
            seen = tuple(
                0 if gone else state + 1 for state, gone in zip(states, dropped, strict=True)
            )
            expected[seen] += chance
    np.testing.assert_allclose(dropouts.reading_distribution(law, ZEROS), expected, rtol=1e-12)


def test_the_numbers_that_the_demo_works_by_hand() -> None:
    step = np.array([[0.9, 0.1], [0.1, 0.9]])
    chain = np.einsum("a,ab,bc->abc", np.full(2, 0.5), step, step)
    readings = dropouts.reading_distribution(chain, np.array([0.6, 0.1]))
    middle = readings.sum((0, 2))[0]
    assert (0.5 * 0.6) / middle == pytest.approx(6 / 7)
    # The levels of the two ends among the cells whose middle reads zero, before their own zeros.
    ends = np.einsum("abc,b->ac", chain, np.array([0.6, 0.1])) / middle
    covariance = ends[1, 1] - ends[1].sum() * ends[:, 1].sum()
    assert covariance == pytest.approx(6 / 49 * 0.64)
    assert round(covariance, 3) == 0.078


def test_information_in_a_loop() -> None:
    law = drawn(MEETING)
    total = 0.0
    for x, y, s in itertools.product(range(3), repeat=3):
        share = law[:, :, s].sum()
        ratio = law[x, y, s] * share / (law[x, :, s].sum() * law[:, y, s].sum())
        total += law[x, y, s] * math.log(ratio)
    place = dropouts.statements(3).index((0, 1, (2,)))
    assert dropouts.information_table(law)[place] == pytest.approx(total, rel=1e-10)


def test_a_law_depends_on_its_parents_alone() -> None:
    law = drawn(CHAIN)
    assert law.sum() == pytest.approx(1)
    last = law / law.sum(2, keepdims=True)
    np.testing.assert_allclose(last, np.broadcast_to(last[:1], last.shape))


def test_levels_have_the_correlations_of_a_chain() -> None:
    levels = dropouts.draw_levels(
        CHAIN, examples=100_000, weight=0.8, generator=stream(0, "levels")
    )
    step = 0.8 / math.sqrt(1 + 0.64)
    found = np.corrcoef(levels.T)
    assert found[0, 1] == pytest.approx(step, abs=0.01)
    assert found[0, 2] == pytest.approx(step**2, abs=0.01)
    assert abs(dropouts.partial_correlation(levels, 0, 2, [1])) < 4 / math.sqrt(100_000)


def test_partial_correlation_is_that_of_residuals() -> None:
    levels = dropouts.draw_levels(MEETING, examples=200, weight=1.0, generator=stream(1, "levels"))
    design = np.column_stack([np.ones(200), levels[:, 2]])
    left = levels[:, :2] - design @ np.linalg.lstsq(design, levels[:, :2])[0]
    expected = np.corrcoef(left.T)[0, 1]
    assert dropouts.partial_correlation(levels, 0, 1, [2]) == pytest.approx(expected, rel=1e-9)


def test_low_levels_drop_more_often() -> None:
    levels = np.repeat([[-2.0], [0.5], [2.0]], 20_000, axis=0)
    readings = dropouts.drop_low(levels, threshold=0.5, slope=2.0, generator=stream(2, "zeros"))
    shares = (readings == 0).reshape(3, -1).mean(1)
    expected = [1 / (1 + math.exp(2 * (z - 0.5))) for z in (-2.0, 0.5, 2.0)]
    np.testing.assert_allclose(shares, expected, atol=0.015)
    assert set(np.unique(readings)) == {0.0, 1.0, 3.5, 5.0}


def test_the_skeleton_of_many_levels_is_the_graph() -> None:
    graph = [[], [0], [1], [1], [2, 3]]
    levels = dropouts.draw_levels(graph, examples=5000, weight=0.8, generator=stream(3, "levels"))
    expected = np.zeros((5, 5), dtype=bool)
    for child, before in enumerate(graph):
        for parent in before:
            expected[child, parent] = expected[parent, child] = True
    for delete in dropouts.DELETED:
        found = dropouts.skeleton(levels, level=1e-4, delete=delete)
        np.testing.assert_array_equal(found, expected)


def test_whole_examples_are_left_out_for_every_test() -> None:
    levels = dropouts.draw_levels(CHAIN, examples=3000, weight=0.8, generator=stream(4, "levels"))
    readings = dropouts.drop_low(levels, threshold=0.0, slope=1.0, generator=stream(4, "zeros"))
    whole = readings[(readings != 0).all(1)]
    np.testing.assert_array_equal(
        dropouts.skeleton(readings, level=0.01, delete="all"),
        dropouts.skeleton(whole, level=0.01),
    )


def test_one_pair_loses_the_zeros_that_the_rule_names() -> None:
    levels = dropouts.draw_levels([[], [0]], examples=400, weight=0.8, generator=stream(5, "pair"))
    readings = dropouts.drop_low(levels, threshold=0.0, slope=1.0, generator=stream(5, "zeros"))
    # Of two genes: nothing is given, so "given" keeps all, and "involved" is whole examples.
    for level in (1e-12, 1e-9, 1e-6, 1e-3):
        edges = {
            name: dropouts.skeleton(readings, level=level, delete=name)[0, 1]
            for name in dropouts.DELETED
        }
        assert edges["given"] == edges["none"]
        assert edges["involved"] == edges["all"]


def test_what_cannot_be_asked_is_refused() -> None:
    law = drawn(CHAIN)
    with pytest.raises(ValueError, match="a parent comes before its child 0"):
        dropouts.draw_distribution([[1], []], states=2, generator=stream(0, "law"))
    with pytest.raises(ValueError, match="chances must sum to one"):
        dropouts.information_table(2 * law)
    with pytest.raises(ValueError, match="a chance for each state"):
        dropouts.reading_distribution(law, np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="nothing is left after deletion"):
        dropouts.information_table(dropouts.reading_distribution(law, np.ones(3)), delete=True)
    with pytest.raises(ValueError, match="delete must be one of none, given, involved, all"):
        dropouts.skeleton(np.zeros((5, 3)), level=0.1, delete="some")
    with pytest.raises(ValueError, match="columns must be different"):
        dropouts.partial_correlation(np.zeros((5, 3)), 0, 1, [1])
