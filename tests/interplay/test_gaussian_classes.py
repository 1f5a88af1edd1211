"""The divergence that dropout leaves between classes: closed forms, and all masks in a loop."""

from __future__ import annotations

import itertools

import pytest
import torch

from runtheory.interplay.gaussian_classes import divergence_kept
from runtheory.randomness import stream


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.7])
def test_two_coordinates_of_some_correlation_keep_what_the_closed_form_says(
    correlation: float,
) -> None:
    rate, shift = 0.3, 1.7
    covariance = torch.tensor([[1.0, correlation], [correlation, 1.0]], dtype=torch.float64)
    means = torch.tensor([[0.0, 0.0], [shift, shift]], dtype=torch.float64)
    chances = {(True, True): (1 - rate) ** 2, (True, False): rate * (1 - rate)}
    chances |= {(False, True): rate * (1 - rate), (False, False): rate**2}
    counts = {pattern: round(chance * 100) for pattern, chance in chances.items()}
    masks = torch.tensor([pattern for pattern, count in counts.items() for _ in range(count)])
    kept = divergence_kept(means, covariance, masks, noise=1e-9)
    assert float(kept.before) == pytest.approx(shift**2 / (1 + correlation), rel=1e-6)
    expected = (1 - rate) ** 2 + (1 - rate) * rate * (1 + correlation)
    assert float(kept.share) == pytest.approx(expected, rel=1e-6)


def test_independent_coordinates_keep_the_share_of_the_mask() -> None:
    generator = stream(0, "means")
    means = torch.randn(4, 6, generator=generator, dtype=torch.float64)
    covariance = torch.diag(torch.rand(6, generator=generator, dtype=torch.float64) + 0.1)
    masks = torch.tensor(list(itertools.product((True, False), repeat=6)))
    kept = divergence_kept(means, covariance, masks)
    assert torch.allclose(kept.share, torch.full((6,), 0.5, dtype=torch.float64))


@pytest.mark.parametrize("noise", [0.01, 0.5, 3.0])
def test_noise_is_a_share_of_the_mean_variance(noise: float) -> None:
    variances = torch.tensor([1.0, 4.0, 0.25], dtype=torch.float64)
    gap = torch.tensor([0.5, -2.0, 1.0], dtype=torch.float64)
    means = torch.stack((torch.zeros(3, dtype=torch.float64), gap))
    masks = torch.tensor(list(itertools.product((True, False), repeat=3)))
    kept = divergence_kept(means, torch.diag(variances), masks, noise=noise)
    added = noise * 5.25 / 3  # of the mean of the three variances
    expected = 0.5 * sum(d**2 / (v + added) for d, v in zip(gap, variances, strict=True))
    assert float(kept.before) == pytest.approx(float(expected), rel=1e-12)


def test_what_is_not_finite_has_no_divergence() -> None:
    masks = torch.ones(2, 4, dtype=torch.bool)
    wrong = torch.zeros(3, 4)
    wrong[1, 2] = float("nan")
    with pytest.raises(ValueError, match="means must be finite"):
        divergence_kept(wrong, torch.eye(4), masks)
    with pytest.raises(ValueError, match="covariance must be finite"):
        divergence_kept(torch.zeros(3, 4), torch.eye(4) * float("inf"), masks)
    with pytest.raises(ValueError, match="masks must be at least 1, got 0"):
        divergence_kept(torch.zeros(3, 4), torch.eye(4), masks[:0])


def test_noise_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="noise must be positive"):
        divergence_kept(
            torch.zeros(3, 4), torch.eye(4), torch.ones(2, 4, dtype=torch.bool), noise=0.0
        )
