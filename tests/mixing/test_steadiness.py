"""Smoothing and Mixup read what does not vary; plain training and CutMix read the rest too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from runtheory.mixing import steadiness
from runtheory.mixing.steadiness import MarginDistribution, MixedDistribution

TWO = MarginDistribution(np.array([[1.0, 1.0], [1.0, 3.0]]), np.array([0.5, 0.5]))
THREE = MarginDistribution(
    np.array([[1.0, 0.2, 2.0], [1.0, 1.5, 1.0], [1.0, 0.7, -0.5]]), np.array([0.2, 0.5, 0.3])
)
SHARES, CHANCES = np.array([0.1, 0.4, 0.8]), np.array([0.5, 0.3, 0.2])


def mixup(distribution: MarginDistribution) -> MixedDistribution:
    return steadiness.mixup_distribution(distribution, shares=SHARES, chances=CHANCES)


@pytest.mark.parametrize("distribution", [TWO, THREE])
def test_smoothing_ends_at_the_logit_of_its_target_on_the_steady_feature(
    distribution: MarginDistribution,
) -> None:
    weights = steadiness.least_weights(steadiness.smoothed_distribution(distribution, amount=0.2))
    assert distribution.values @ weights == pytest.approx(logit(0.9), abs=1e-6)
    assert weights[1:] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("distribution", [TWO, THREE])
def test_mixup_reads_the_steady_feature_alone(distribution: MarginDistribution) -> None:
    weights = steadiness.least_weights(mixup(distribution))
    assert weights @ distribution.covariance @ weights < 1e-12
    assert weights[0] > 0.5


def test_plain_training_reads_what_varies() -> None:
    for decay in (1e-1, 1e-2, 1e-3):
        assert steadiness.least_weights(steadiness.smoothed_distribution(TWO), decay=decay)[1] > 0.1


def test_the_slope_of_cutmix_in_a_patch_that_is_not_read_is_negative() -> None:
    mixed = steadiness.cutmix_distribution(TWO)
    for read in (-3.0, 0.0, 1.0, 5.0, 50.0):
        expected = 2 * (2 / 3 * (expit(read) - 0.5) - 5 / 12)  # E b = 2
        assert mixed.slope(np.array([read, 0.0]))[1] == pytest.approx(expected, abs=1e-12)
        assert expected < -2 / 12 + 1e-12
    assert steadiness.least_weights(mixed)[1] > 0.5


def test_the_slope_is_that_of_the_loss() -> None:
    mixed, weights, step = mixup(THREE), np.array([0.3, -0.2, 0.5]), 1e-6
    for k, direction in enumerate(np.eye(3)):
        above, below = (mixed.loss(weights + d * direction, 0.1) for d in (step, -step))
        rise = (above - below) / (2 * step)
        assert mixed.slope(weights, 0.1)[k] == pytest.approx(rise, abs=1e-8)


def test_mixed_distributions_are_distributions_and_have_the_means_of_their_draws() -> None:
    generator = np.random.default_rng(0)
    count = 200_000
    labels = generator.choice([-1, 1], (2, count))
    margins = THREE.values[generator.choice(3, (2, count), p=THREE.chances)]
    pasted = generator.integers(0, 4, count)
    order = generator.random((count, 3)).argsort(1).argsort(1)
    mask = order < pasted[:, None]
    rows = np.where(mask, (labels[1, :, None] * margins[1]), (labels[0, :, None] * margins[0]))
    targets = (1 + (labels[0] * (3 - pasted) + labels[1] * pasted) / 3) / 2
    mixed = steadiness.cutmix_distribution(THREE)
    assert mixed.chances.sum() == pytest.approx(1)
    for k in range(3):
        product = rows[:, k] * targets
        error = product.std() / np.sqrt(count)
        assert abs(product.mean() - mixed.chances @ (mixed.rows[:, k] * mixed.targets)) < 4 * error
    assert mixup(THREE).chances.sum() == pytest.approx(1)
    smoothed = steadiness.smoothed_distribution(THREE, amount=0.2)
    assert smoothed.chances.sum() == pytest.approx(1)
    assert set(smoothed.targets.round(12)) == {0.1, 0.9}


def test_without_its_sign_the_steady_feature_is_worth_a_coin() -> None:
    assert steadiness.accuracy_without(np.array([2.0, 0.0]), TWO, feature=0) == 0.5
    assert steadiness.accuracy_without(np.array([1.0, 2.0]), TWO, feature=0) == 1.0
    assert steadiness.accuracy_without(np.array([2.0, 1.0]), TWO, feature=0) == 0.75


def test_what_is_no_distribution_is_refused_and_so_is_a_loss_without_a_minimum() -> None:
    with pytest.raises(ValueError, match="sum to one"):
        MarginDistribution(np.ones((2, 1)), np.array([0.5, 0.6]))
    with pytest.raises(ValueError, match="amount must be a number"):
        steadiness.smoothed_distribution(TWO, amount=float("nan"))
    with pytest.raises(ValueError, match="share must lie"):
        steadiness.mixup_distribution(
            TWO, shares=np.array([0.5, 1.5]), chances=np.array([0.5, 0.5])
        )
    two_steady = MarginDistribution(np.ones((1, 2)), np.ones(1))
    for mixed in (
        steadiness.smoothed_distribution(TWO),
        steadiness.cutmix_distribution(two_steady),
    ):
        with pytest.raises(ValueError, match="no minimum"):
            steadiness.least_weights(mixed)
