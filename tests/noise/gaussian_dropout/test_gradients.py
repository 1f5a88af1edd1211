"""Gradients under normal factors, given the logits, and through a root."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import nn

from runtheory.dropout.penalties import logit_covariance
from runtheory.noise.gaussian_dropout.gradients import (
    noise_leverages,
    pathwise_gradients,
    projected_noise,
    variance_reduction,
    weight_gradients,
)
from runtheory.noise.gaussian_dropout.logits import eigen_root, gaussian_logits
from runtheory.noise.gaussian_dropout.moments import draw_noise
from runtheory.noise.gaussian_dropout.next_order import logistic_loss
from runtheory.randomness import stream


def test_noise_given_the_logits_by_regression(features, linear) -> None:
    """The projection against the best linear prediction of the noise from logit differences."""
    weight = linear(10, 3).weight.detach()
    noise = draw_noise(20_000, features.shape, rate=0.4, generator=stream(2, "noise"))
    rows = (weight[:2] - weight[2]) * features[:, None]
    seen = torch.einsum("bkj,mbj->mbk", rows, noise - 1)
    found = projected_noise(features, weight, noise) - 1
    for example in range(3):
        gram = rows[example] @ rows[example].T
        expected = seen[:, example] @ torch.linalg.solve(gram, rows[example])
        torch.testing.assert_close(found[:, example], expected, atol=1e-9, rtol=1e-9)
    shares = noise_leverages(features, weight)
    torch.testing.assert_close(shares.sum(1), torch.full((3,), 2.0).double())
    assert float(shares.min()) >= -1e-12


def test_gradient_of_one_example_against_automatic_differentiation(
    features, labels, linear
) -> None:
    head = linear(10, 3)
    noise = draw_noise(2, features.shape, rate=0.4, generator=stream(3, "noise"))
    found = weight_gradients(
        features, labels, head.weight.detach(), bias=head.bias.detach(), noise=noise
    )
    for sample, example in itertools.product(range(2), range(3)):
        logits = head(noise[sample, example] * features[example])
        one = nn.functional.cross_entropy(logits[None], labels[example][None])
        (expected,) = torch.autograd.grad(one, head.weight)
        torch.testing.assert_close(found[sample, example], expected)


def test_the_gradient_given_the_logits_saves_the_stated_variance_and_keeps_the_mean(
    features, labels, weights
) -> None:
    weight, bias = weights(3)
    noise = draw_noise(40_000, features.shape, rate=0.3, generator=stream(4, "noise"))
    by_features = weight_gradients(features, labels, weight, bias=bias, noise=noise)
    seen = projected_noise(features, weight, noise)
    by_logits = weight_gradients(features, labels, weight, bias=bias, noise=seen)
    error = (by_features - by_logits).std(0) / math.sqrt(40_000)
    assert ((by_features - by_logits).mean(0).abs() / error).max() < 5
    saved = (by_features.square() - by_logits.square()).sum((2, 3))
    expected = variance_reduction(features, labels, weight, bias=bias, rate=0.3)
    assert ((saved.mean(0) - expected).abs() * math.sqrt(40_000) / saved.std(0)).max() < 5


def test_one_feature_hides_nothing_and_no_feature_breaks_nothing() -> None:
    features = torch.tensor([[2.0], [0.0]])
    weight, labels = torch.tensor([[1.0], [-1.0]]), torch.tensor([0, 1])
    saved = variance_reduction(features, labels, weight, rate=0.5)
    torch.testing.assert_close(saved, torch.zeros(2).double())
    noise = draw_noise(3, features.shape, rate=0.5, generator=stream(5, "noise"))
    projected = projected_noise(features, weight, noise)
    torch.testing.assert_close(projected[:, 0], noise[:, 0])
    torch.testing.assert_close(projected[:, 1], torch.ones(3, 1).double())


def test_two_classes_through_the_root_give_the_gradient_given_the_logits(
    features, labels, weights
) -> None:
    weight = weights(3)[0][:2].requires_grad_(True)
    row, labels, generator = features[:1], labels[:1], stream(6, "noise")
    drawn = gaussian_logits(row, weight[:1] - weight[1:], samples=1, rate=0.3, generator=generator)
    (through,) = torch.autograd.grad(logistic_loss(drawn).sum(), weight)
    votes = (weight[:1] - weight[1:]).detach() * row
    seen = torch.linalg.pinv(votes) @ (drawn[0].detach() - votes.sum(1, keepdim=True))
    noise = 1 + seen.T[None]  # what the drawn logits can tell of it
    held = weight_gradients(row, labels, weight.detach(), noise=noise)[0, 0]
    torch.testing.assert_close(through, held)
    torch.testing.assert_close(projected_noise(row, weight.detach(), noise), noise)


@pytest.mark.parametrize("root", [eigen_root, torch.linalg.cholesky])
def test_pathwise_gradients_against_automatic_differentiation(
    root, weights, features, labels
) -> None:
    weight, bias = weights(3)
    normal = torch.randn(2, 3, 2, generator=stream(7, "normal"), dtype=torch.float64)
    found = pathwise_gradients(
        features, labels, weight, bias=bias, normal=normal, rate=0.3, root=root
    )
    for sample, example in itertools.product(range(2), range(3)):
        leaf = weight.clone().requires_grad_(True)
        row = features[example : example + 1]
        spread = root(logit_covariance(row, leaf[:2] - leaf[2], rate=0.3))[0]
        moved = torch.cat([spread @ normal[sample, example], torch.zeros(1).double()])
        logits = row @ leaf.T + bias + moved
        loss = nn.functional.cross_entropy(logits, labels[example : example + 1])
        (expected,) = torch.autograd.grad(loss, leaf)
        torch.testing.assert_close(found[sample, example], expected)


def test_a_root_held_constant_leaves_the_residual_times_the_features(
    weights, features, labels
) -> None:
    weight, _ = weights(3)
    normal = torch.randn(1, 3, 2, generator=stream(7, "normal"), dtype=torch.float64)
    held = pathwise_gradients(
        features, labels, weight, normal=normal, rate=0.3, root=lambda c: eigen_root(c).detach()
    )
    shares = held[0] / features[:, None]
    torch.testing.assert_close(shares, shares[..., :1].expand_as(shares))
