"""Modality dropout of linear rules: masks one by one, descent on the expectation, block designs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.dropout.penalties import adaptive_ridge
from runtheory.noise import modality_dropout_3mt as modalities

groups = np.array([0, 2, 2, 5, 0, 2])


def problem(seed: int = 0, examples: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed).normal
    return draw(size=(examples, 6)), draw(size=(examples, 2)), draw(size=(6, 2))


def plain(inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    return float(((targets - inputs @ weights) ** 2).sum())


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), rate=st.floats(0, 0.9))
def test_the_mean_over_masks_is_the_plain_error_and_the_penalty(seed: int, rate: float) -> None:
    inputs, targets, weights = problem(seed)
    penalty = modalities.modality_penalty(inputs, weights, groups, rate=rate)
    found = modalities.masked_error(inputs, targets, weights, groups, rate=rate)
    assert found == pytest.approx(plain(inputs, targets, weights) + penalty, rel=1e-9)


def test_the_mean_of_drawn_masks_is_near() -> None:
    inputs, targets, weights = problem()
    generator = np.random.default_rng(1)
    errors = []
    for _ in range(4000):
        kept = {m: generator.random() < 0.7 for m in (0, 2, 5)}
        mask = np.array([kept[m] for m in groups]) / 0.7
        errors.append(plain(inputs * mask, targets, weights))
    expected = modalities.masked_error(inputs, targets, weights, groups, rate=0.3)
    assert abs(np.mean(errors) - expected) < 4 * np.std(errors) / 4000**0.5


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_the_weights_have_no_gradient(penalty: float) -> None:
    inputs, targets, _ = problem()
    found = modalities.modality_ridge(inputs, targets, groups, rate=0.3, penalty=penalty)
    weights = torch.tensor(found, requires_grad=True)
    x, y = torch.tensor(inputs), torch.tensor(targets)
    loss = ((y - x @ weights) ** 2).sum() + penalty * (weights**2).sum()
    for m in (0, 2, 5):
        inside = torch.tensor(groups == m)
        loss = loss + 0.3 / 0.7 * ((x[:, inside] @ weights[inside]) ** 2).sum()
    loss.backward()
    assert weights.grad is not None
    assert float(weights.grad.abs().max()) < 1e-10


def test_groups_of_one_feature_are_plain_dropout() -> None:
    inputs, targets, _ = problem()
    found = modalities.modality_ridge(inputs, targets[:, :1], np.arange(6), rate=0.3)[:, 0]
    expected = adaptive_ridge(torch.tensor(inputs), torch.tensor(targets[:, 0]), rate=0.3)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-9)


def test_uncorrelated_groups_shrink_alike() -> None:
    inputs, targets, _ = problem(examples=20)
    for m in (2, 5):
        others = inputs[:, groups == 0] if m == 2 else inputs[:, (groups == 0) | (groups == 2)]
        inside = inputs[:, groups == m]
        inputs[:, groups == m] = inside - others @ np.linalg.lstsq(others, inside)[0]
    least = modalities.modality_ridge(inputs, targets, groups, rate=0.0)
    found = modalities.modality_ridge(inputs, targets, groups, rate=0.4)
    np.testing.assert_allclose(found, 0.6 * least, rtol=1e-8)


def test_a_column_of_zeros_gets_no_weight() -> None:
    inputs, targets, _ = problem()
    inputs[:, 3] = 0
    found = modalities.modality_ridge(inputs, targets, groups, rate=0.3)
    np.testing.assert_allclose(found[3], 0, atol=1e-12)


@pytest.mark.parametrize("missing", [0, 2, 5])
def test_filling_is_fitting_without(missing: int) -> None:
    inputs, targets, _ = problem(examples=30)
    weights = modalities.modality_ridge(inputs, targets, groups, rate=0.0)
    new = np.random.default_rng(2).normal(size=(7, 6))
    kept = groups != missing
    own = np.linalg.lstsq(inputs[:, kept], targets)[0]
    put_in = modalities.filled(new, groups, missing=missing, examples=inputs)
    np.testing.assert_allclose(put_in @ weights, new[:, kept] @ own, rtol=1e-8)
    np.testing.assert_array_equal(put_in[:, kept], new[:, kept])


def test_the_numbers_that_the_demo_works_by_hand() -> None:
    moments = np.array([[1.1, 1, 1], [1, 2, 1], [1, 1, 1]])  # of two readings and what is wanted
    rows = np.linalg.cholesky(moments + 1e-15 * np.eye(3)).T
    readings, wanted = rows[:, :2], rows[:, 2:]
    weights = modalities.modality_ridge(readings, wanted, np.array([0, 1]), rate=0.0)
    np.testing.assert_allclose(weights[:, 0], [10 / 12, 1 / 12], rtol=1e-6)
    assert plain(readings, wanted, weights) == pytest.approx(1 / 12, rel=1e-6)
    alone = readings * np.array([0, 1])
    assert round(plain(alone, wanted, weights), 3) == 0.847
    assert plain(alone, wanted, np.array([[0.0], [0.5]])) == pytest.approx(0.5, rel=1e-6)
    # As the rate goes to one each weight, unscaled, goes to the one that its reading has alone.
    late = modalities.modality_ridge(readings, wanted, np.array([0, 1]), rate=1 - 1e-6) / 1e-6
    np.testing.assert_allclose(late[:, 0], [1 / 1.1, 0.5], rtol=1e-4)


def test_what_cannot_be_is_refused() -> None:
    inputs, targets, weights = problem()
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 1"):
        modalities.modality_penalty(inputs, weights, groups, rate=1.0)
    with pytest.raises(ValueError, match="penalty must not be negative"):
        modalities.modality_ridge(inputs, targets, groups, rate=0.1, penalty=-1.0)
    with pytest.raises(ValueError, match="missing must be one of several groups, got 1"):
        modalities.filled(inputs, groups, missing=1, examples=inputs)
