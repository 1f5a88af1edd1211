"""Penalties of dropout, against enumeration."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from runtheory.dropout import penalties
from runtheory.dropout.laws import effective_rate
from runtheory.dropout.objectives import loss_of_mean_logits
from runtheory.dropout.oracle import all_masks, expected_loss
from runtheory.randomness import stream


def _normal(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed, "p"), dtype=torch.float64)


def _enumerated_logits(features, weight, rate):
    masks, weights = all_masks(features.shape[1], rate=rate)
    logits = (features[:, None] * masks / (1 - rate)) @ weight.mT
    return logits, weights


@given(rate=st.floats(0, 0.9), seed=st.integers(0, 50))
def test_logit_covariance_is_the_enumerated_one(rate, seed) -> None:
    features, weight = _normal(3, 6, seed=seed), _normal(4, 6, seed=seed + 1)
    logits, weights = _enumerated_logits(features, weight, rate)
    centred = logits - features[:, None] @ weight.mT
    expected = torch.einsum("m,bmk,bml->bkl", weights, centred, centred)
    found = penalties.logit_covariance(features, weight, rate=rate)
    torch.testing.assert_close(found, expected)


def test_jensen_gap_is_half_the_trace_in_a_loop() -> None:
    p, root = _normal(3, 4).softmax(-1), _normal(3, 4, 4, seed=1)
    covariance = root @ root.mT
    found = penalties.jensen_gap(p, covariance)
    for b in range(3):
        hessian = torch.diag(p[b]) - torch.outer(p[b], p[b])
        assert float(found[b]) == pytest.approx(float(torch.trace(hessian @ covariance[b])) / 2)


def test_jensen_gap_is_right_to_second_order(linear) -> None:
    """What is left is of third order in the weights: half of them leave an eighth of it."""
    features, labels = _normal(3, 6), torch.tensor([0, 3, 1])
    remainders = []
    for scale in (0.1, 0.05):
        head = linear(6, 4)
        with torch.no_grad():
            head.weight.mul_(scale)
            excess = expected_loss(features, labels, head, rate=0.4)
            excess = excess - nn.functional.cross_entropy(head(features), labels)
            penalty = penalties.softmax_penalty(features, head.weight, head.bias, rate=0.4)
            assert float(penalty) == pytest.approx(float(excess), rel=0.1)
            remainders.append(float(abs(penalty - excess)))
    assert remainders[1] < remainders[0] / 6


def test_logit_averaging_regularises_at_the_effective_rate(linear) -> None:
    head, features, labels = linear(5, 4), _normal(3, 5), torch.tensor([0, 3, 1])
    with torch.no_grad():
        head.weight.mul_(0.2)
        averaged = expected_loss(
            features, labels, head, rate=0.5, samples=3, combine=loss_of_mean_logits
        )
        single = expected_loss(features, labels, head, rate=effective_rate(0.5, 3))
        plain = nn.functional.cross_entropy(head(features), labels)
    assert float(averaged - plain) == pytest.approx(float(single - plain), rel=0.02)


@given(rate=st.floats(0, 0.9), seed=st.integers(0, 50))
def test_expected_squared_error_is_the_enumerated_one(rate, seed) -> None:
    inputs, targets, weight = _normal(4, 5, seed=seed), _normal(4, seed=seed + 1), _normal(5)
    masks, weights = all_masks(5, rate=rate)
    errors = (targets[:, None] - (inputs[:, None] * masks / (1 - rate)) @ weight) ** 2
    expected = (errors @ weights).sum()
    found = penalties.expected_squared_error(inputs, targets, weight, rate=rate)
    torch.testing.assert_close(found, expected)


@given(rate=st.floats(0, 0.9), seed=st.integers(0, 50))
def test_adaptive_ridge_is_the_minimiser(rate, seed) -> None:
    inputs, targets = _normal(9, 4, seed=seed), _normal(9, seed=seed + 1)
    weight = penalties.adaptive_ridge(inputs, targets, rate=rate).requires_grad_()
    error = penalties.expected_squared_error(inputs, targets, weight, rate=rate)
    (gradient,) = torch.autograd.grad(error, weight)
    assert gradient.abs().max() < 1e-9
    gram = inputs.mT @ inputs
    system = gram + rate / (1 - rate) * gram.diagonal().diag()
    torch.testing.assert_close(weight.detach(), torch.linalg.solve(system, inputs.mT @ targets))


def test_adaptive_ridge_of_dead_columns_is_finite() -> None:
    inputs = torch.cat([_normal(6, 2), torch.zeros(6, 1, dtype=torch.float64)], dim=1)
    weight = penalties.adaptive_ridge(inputs, _normal(6, seed=1), rate=0.5)
    assert weight.isfinite().all()
    assert weight[2] == 0


def test_rate_is_checked() -> None:
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 1.0"):
        penalties.logit_covariance(_normal(2, 3), _normal(4, 3), rate=1.0)
    with pytest.raises(ValueError, match=r"got -1.0"):
        penalties.adaptive_ridge(_normal(2, 3), _normal(2), rate=-1.0)
