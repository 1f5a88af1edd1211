"""Boosting without an example: scikit-learn's predictions, loops, one leaf by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.capacity import gbdt_influence as influence

GROWN: dict[str, Any] = {"trees": 4, "depth": 2, "rate": 0.3}


def data(seed: int, examples: int = 20, others: int = 3):
    draw = np.random.default_rng(seed)
    inputs, rest = draw.normal(size=(examples, 3)), draw.normal(size=(others, 3))
    targets = inputs[:, 0] + np.abs(inputs[:, 1]) + 0.1 * draw.normal(size=examples)
    return inputs, targets, rest, rest[:, 0]


def loop(leaves, other_leaves, targets, weights, rate: float) -> np.ndarray:
    """Return refitted predictions of the others, a tree and a leaf at a time."""
    fitted, predicted = np.zeros(len(targets)), np.zeros(len(other_leaves))
    for tree in range(leaves.shape[1]):
        before = fitted.copy()
        for leaf in set(leaves[:, tree]):
            inside = leaves[:, tree] == leaf
            mass = weights[inside].sum()
            if mass == 0:
                continue
            value = rate * (weights * (targets - before))[inside].sum() / mass
            fitted[inside] += value
            predicted[other_leaves[:, tree] == leaf] += value
    return predicted


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000))
def test_leaves_give_the_predictions_of_the_trees(seed: int) -> None:
    inputs, targets, others, _ = data(seed)
    leaves, other_leaves = influence.grown_leaves(inputs, targets, others, **GROWN)
    everyone = np.ones((1, 20))
    found = influence.refitted_predictions(
        leaves, other_leaves, targets, rate=0.3, weights=everyone
    )
    grown = influence.retrained_predictions(
        inputs, targets, others, kept=everyone.astype(bool), **GROWN
    )
    np.testing.assert_allclose(found, grown, atol=1e-10)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000))
def test_refits_and_boostin_in_a_loop(seed: int) -> None:
    inputs, targets, others, other_targets = data(seed)
    leaves, other_leaves = influence.grown_leaves(inputs, targets, others, **GROWN)
    weights = np.random.default_rng(seed).integers(0, 3, size=(4, 20)).astype(float)
    found = influence.refitted_predictions(leaves, other_leaves, targets, rate=0.3, weights=weights)
    for row, case in zip(found, weights, strict=True):
        np.testing.assert_allclose(row, loop(leaves, other_leaves, targets, case, 0.3))
    expected = np.zeros((20, 3))
    for tree in range(4):
        part = (leaves[:, :tree], other_leaves[:, :tree], targets, np.ones(20), 0.3)
        own = loop(part[0], part[0], *part[2:]) - targets
        rest = loop(*part) - other_targets
        for i in range(20):
            inside = leaves[:, tree] == leaves[i, tree]
            added = -0.3 * own[inside].mean()
            for o in range(3):
                if leaves[i, tree] == other_leaves[o, tree]:
                    expected[i, o] += 0.3 * (own[i] + added) * rest[o] / inside.sum()
    found = influence.boosted_influence(leaves, other_leaves, targets, other_targets, rate=0.3)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_one_leaf_by_hand() -> None:
    targets = np.array([4.0, 0.0, 2.0])
    leaves, other = np.zeros((3, 2), dtype=np.int64), np.zeros((1, 2), dtype=np.int64)
    found = influence.refitted_predictions(
        leaves, other, targets, rate=0.5, weights=np.array([[1.0, 1, 1], [0, 1, 1]])
    )
    np.testing.assert_allclose(found[:, 0], [0.75 * 2, 0.75 * 1])


def test_a_leaf_whose_only_example_is_left_out_adds_nothing() -> None:
    leaves, other = np.array([[0], [1]]), np.array([[1]])
    found = influence.refitted_predictions(
        leaves, other, np.array([1.0, 5.0]), rate=1.0, weights=np.array([[1.0, 1], [1, 0]])
    )
    np.testing.assert_allclose(found[:, 0], [5, 0])


def test_retrained_without_some_is_trained_on_the_rest() -> None:
    inputs, targets, others, _ = data(0)
    kept = np.ones((2, 20), dtype=bool)
    kept[1, :5] = False
    found = influence.retrained_predictions(inputs, targets, others, kept=kept, **GROWN)
    rest = influence.retrained_predictions(
        inputs[5:], targets[5:], others, kept=np.ones((1, 15), dtype=bool), **GROWN
    )
    np.testing.assert_allclose(found[1], rest[0])
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_gains_and_the_largest() -> None:
    gains = influence.loss_gains(np.array([[1.0, 2.0]]), np.array([0.0, 2.0]), np.zeros(2))
    np.testing.assert_allclose(gains, [[0.5, 0.0]])
    kept = influence.without_largest(np.array([[1.0, 0.0], [3.0, 2.0], [2.0, 1.0]]), count=2)
    assert kept.tolist() == [[True, False, False], [True, False, False]]
    assert bool(influence.without_largest(np.zeros((3, 2)), count=0).all())


def test_what_cannot_be_is_refused() -> None:
    inputs, targets, others, _ = data(0)
    with pytest.raises(ValueError, match="trees must be at least 1"):
        influence.grown_leaves(inputs, targets, others, trees=0, depth=2, rate=0.3)
    with pytest.raises(ValueError, match="rate must lie in"):
        influence.grown_leaves(inputs, targets, others, trees=1, depth=2, rate=0.0)
    with pytest.raises(ValueError, match="examples must be at least 1"):
        influence.retrained_predictions(
            inputs, targets, others, kept=np.zeros((1, 20), dtype=bool), **GROWN
        )
    with pytest.raises(ValueError, match="weights must not be negative"):
        influence.refitted_predictions(
            np.zeros((2, 1), dtype=np.int64),
            np.zeros((1, 1), dtype=np.int64),
            np.ones(2),
            rate=0.5,
            weights=np.array([[1.0, -1.0]]),
        )
    with pytest.raises(ValueError, match="count must lie in"):
        influence.without_largest(np.zeros((3, 2)), count=3)
