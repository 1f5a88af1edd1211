"""Logits drawn or integrated under normal factors, against draws of the features."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from runtheory.dropout.penalties import logit_covariance
from runtheory.noise.gaussian_dropout.logits import (
    eigen_root,
    expected_gaussian_loss,
    gaussian_logits,
    logit_grid,
)
from runtheory.noise.gaussian_dropout.moments import draw_noise
from runtheory.randomness import stream


def test_mean_and_covariance_are_those_of_dropout(features, linear) -> None:
    head = linear(10, 4)
    logits = gaussian_logits(
        features, head.weight, head.bias, samples=50_000, rate=0.5, generator=stream(0, "noise")
    ).detach()
    covariance = logit_covariance(features, head.weight, rate=0.5).detach()
    variances = covariance.diagonal(dim1=1, dim2=2)
    deviations = (logits.mean(0) - head(features)).abs() / (variances / 50_000).sqrt()
    assert deviations.max() < 5
    centred = logits - head(features)
    products = torch.einsum("mbk,mbl->bkl", centred, centred).detach() / 50_000
    spread = (covariance**2 + variances[:, :, None] * variances[:, None]) / 50_000
    assert ((products - covariance).abs() / spread.sqrt()).max() < 5


def test_few_active_features_and_rate_zero(linear) -> None:
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


@pytest.mark.parametrize("classes", [2, 3])
def test_expected_loss_by_quadrature_against_draws_of_features(
    classes, features, labels, linear
) -> None:
    head = linear(10, classes)
    weight, bias = head.weight.detach(), head.bias.detach()
    labels = labels.clamp_max(classes - 1)
    noise = draw_noise(100_000, features.shape, rate=0.3, generator=stream(1, "noise"))
    logits = (noise * features) @ weight.T + bias
    losses = -logits.log_softmax(-1)[:, torch.arange(3), labels].mean(1)
    found = expected_gaussian_loss(features, labels, weight, bias=bias, rate=0.3)
    assert abs(float(losses.mean() - found)) < 5 * float(losses.std()) / math.sqrt(100_000)
    quiet = expected_gaussian_loss(features, labels, weight, bias=bias, rate=0.0)
    torch.testing.assert_close(quiet, nn.functional.cross_entropy(head(features), labels).detach())
    with pytest.raises(ValueError, match="quadrature takes 2 or 3 classes, got 4"):
        expected_gaussian_loss(features, labels, torch.ones(4, 10), rate=0.3)


def test_a_root_times_its_transpose_is_the_covariance_also_without_full_rank() -> None:
    wide = torch.randn(2, 4, 3, generator=stream(0, "roots"), dtype=torch.float64)
    covariance = wide @ wide.mT
    root = eigen_root(covariance)
    torch.testing.assert_close(root @ root.mT, covariance)


def test_the_grid_has_the_mean_and_the_covariance_of_the_differences(weights, features) -> None:
    weight, bias = weights(3)
    grid, probability = logit_grid(features, weight, bias=bias, rate=0.3)
    plain = features @ weight.T + bias
    torch.testing.assert_close(
        torch.einsum("n,bnk->bk", probability, grid), plain - plain[:, -1:], atol=1e-9, rtol=1e-9
    )
    centred = grid - (plain - plain[:, -1:])[:, None]
    found = torch.einsum("n,bnk,bnl->bkl", probability, centred, centred)[:, :2, :2]
    expected = logit_covariance(features, weight[:2] - weight[2], rate=0.3)
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-9)
