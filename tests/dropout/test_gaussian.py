from __future__ import annotations

import math

import pytest
import torch

from runtheory.dropout.gaussian import gaussian_logits
from runtheory.dropout.objectives import mean_of_losses
from runtheory.dropout.oracle import expected_loss
from runtheory.dropout.penalties import logit_covariance
from runtheory.randomness import stream

FEATURES = torch.randn(3, 10, generator=stream(0, "features"), dtype=torch.float64)


def test_mean_and_covariance_are_those_of_dropout(linear):
    head = linear(10, 4)
    logits = gaussian_logits(
        FEATURES, head.weight, head.bias, samples=50_000, rate=0.5, generator=stream(0, "noise")
    ).detach()
    covariance = logit_covariance(FEATURES, head.weight, rate=0.5).detach()
    variances = covariance.diagonal(dim1=1, dim2=2)
    deviations = (logits.mean(0) - head(FEATURES)).abs() / (variances / 50_000).sqrt()
    assert deviations.max() < 5
    centred = logits - head(FEATURES)
    products = torch.einsum("mbk,mbl->bkl", centred, centred).detach() / 50_000
    spread = (covariance**2 + variances[:, :, None] * variances[:, None]) / 50_000
    assert ((products - covariance).abs() / spread.sqrt()).max() < 5


def test_expected_loss_is_close_to_the_exact_one(linear):
    """Ten features are few for a central limit; the loss is still right to 2 %."""
    head, labels = linear(10, 4), torch.tensor([0, 3, 1])
    with torch.no_grad():
        exact = expected_loss(FEATURES, labels, head, rate=0.5)
        logits = gaussian_logits(
            FEATURES, head.weight, head.bias, samples=20_000, rate=0.5, generator=stream(0, "n")
        )
        error = torch.stack(
            [mean_of_losses(m[None], labels) for m in logits[:500]]
        ).std() / math.sqrt(20_000)
        assert abs(mean_of_losses(logits, labels) - exact) < 0.02 * exact + 5 * error


def test_few_active_features_and_rate_zero(linear):
    head = linear(10, 4, dtype=torch.float32)
    features = torch.zeros(2, 10)
    features[0, 3] = 1.0
    for rate in (0.0, 0.5):
        logits = gaussian_logits(
            features, head.weight, head.bias, samples=3, rate=rate, generator=stream(0, "n")
        )
        assert logits.isfinite().all()
        assert logits.dtype == torch.float32
        torch.testing.assert_close(logits[:, 1], head.bias.expand(3, -1))
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        gaussian_logits(features, head.weight, samples=0, rate=0.5, generator=stream(0, "n"))
