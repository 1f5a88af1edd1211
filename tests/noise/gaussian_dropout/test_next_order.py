"""Expected losses and distribution functions of a logit, masks beside normal factors."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from runtheory.dropout.oracle import expected_loss
from runtheory.noise.gaussian_dropout.logits import expected_gaussian_loss
from runtheory.noise.gaussian_dropout.next_order import (
    distance_to_normal,
    logistic_loss,
    logistic_loss_third,
    loss_difference,
    lyapunov_ratio,
    normal_expectation,
    remainder_bound,
    sum_distribution,
    third_order_term,
)

RATES = st.floats(0.05, 0.95)
PARTS = st.lists(st.floats(-2, 2), min_size=1, max_size=6)


@given(parts=PARTS, rate=RATES)
def test_distribution_of_a_sum_of_masks_in_a_loop(parts, rate) -> None:
    values, weights = sum_distribution(torch.tensor(parts, dtype=torch.float64), rate=rate)
    mean = second = 0.0
    for mask in itertools.product((0, 1), repeat=len(parts)):
        value = sum(k * a for k, a in zip(mask, parts, strict=True)) / (1 - rate)
        weight = math.prod(1 - rate if k else rate for k in mask)
        mean, second = mean + weight * value, second + weight * value**2
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights @ values) == pytest.approx(mean, abs=1e-12)
    assert float(weights @ values**2) == pytest.approx(second, abs=1e-12)


def test_equal_contributions_follow_the_binomial_distribution_in_any_number() -> None:
    values, weights = sum_distribution(torch.full((300,), 0.1), rate=0.25)
    assert float(weights @ values) == pytest.approx(30, rel=1e-6)
    with pytest.raises(ValueError, match=r"features must lie in \[1, 12\], got 13"):
        sum_distribution(torch.arange(13.0), rate=0.5)


@settings(max_examples=25)
@given(mean=st.floats(-30, 30), deviation=st.floats(0, 40))
def test_quadrature_of_the_loss_against_an_adaptive_rule(mean, deviation) -> None:
    def integrand(x):
        return float(logistic_loss(torch.tensor(mean + deviation * x).double())) * norm.pdf(x)

    kink = -mean / deviation if deviation > abs(mean) / 9 and deviation else 0.0
    expected, _ = quad(integrand, -10, 10, points=[kink], limit=400, epsabs=1e-11)
    found = normal_expectation(logistic_loss, torch.tensor([mean]), torch.tensor([deviation]))
    assert float(found[0]) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_third_derivative_of_the_loss_and_the_size_of_the_fourth() -> None:
    points = torch.linspace(-20, 20, 2001, dtype=torch.float64, requires_grad=True)
    derivative = logistic_loss(points)
    for _ in range(3):
        (derivative,) = torch.autograd.grad(derivative.sum(), points, create_graph=True)
    torch.testing.assert_close(logistic_loss_third(points), derivative, atol=1e-12, rtol=1e-9)
    (fourth,) = torch.autograd.grad(derivative.sum(), points)
    assert float(fourth.abs().max()) == pytest.approx(1 / 8)
    assert float(fourth.max()) == pytest.approx(1 / 24, rel=1e-4)


@pytest.mark.parametrize(
    ("vote", "rate", "masks", "normal"),
    [
        (2.0, 0.2, 0.2017, 0.1827),
        (2.0, 0.5, 0.3556, 0.3563),
        (2.0, 0.8, 0.5545, 0.9290),
        (4.0, 0.5, 0.3467, 0.4322),
    ],
)
def test_the_table_of_the_theory_page_in_closed_form(vote, rate, masks, normal) -> None:
    listed = rate * math.log(2) + (1 - rate) * math.log1p(math.exp(-vote / (1 - rate)))
    found = loss_difference(torch.tensor([vote]).double(), rate=rate)
    assert [listed, listed - found] == pytest.approx([masks, normal], abs=5e-5)


@settings(max_examples=40)
@given(parts=PARTS, rate=st.floats(0.1, 0.9), bias=st.floats(-2, 2))
def test_the_next_order_leaves_no_more_than_its_remainder(parts, rate, bias) -> None:
    a = torch.tensor(parts, dtype=torch.float64)
    rest = loss_difference(a, rate=rate, bias=bias) - third_order_term(a, rate=rate, bias=bias)
    assert abs(rest) <= remainder_bound(a.abs(), rate=rate) + 1e-7


def test_third_order_term_in_a_loop_over_masks() -> None:
    a, rate, bias = torch.tensor([0.5, -1.0, 0.8]).double(), 0.2, 0.3
    variance, total = rate / (1 - rate), 0.0
    for j in range(3):
        for mask in itertools.product((0, 1), repeat=j):
            before = sum(k * float(a[i]) for i, k in enumerate(mask)) / (1 - rate)
            centre = bias + before + float(a[j:].sum())
            spread = math.sqrt(variance * float((a[j + 1 :] ** 2).sum()))

            def integrand(x, centre=centre, spread=spread):
                s = 1 / (1 + math.exp(-(centre + spread * x)))
                return s * (1 - s) * (1 - 2 * s) * norm.pdf(x)

            weight = math.prod(1 - rate if k else rate for k in mask)
            total += float(a[j]) ** 3 * weight * quad(integrand, -9, 9)[0]
    third = (1 - rate) * variance**3 - rate
    assert third_order_term(a, rate=rate, bias=bias) == pytest.approx(third / 6 * total)
    assert third_order_term(a, rate=0.5) == 0
    assert third_order_term(2 * a[:1] + 1, rate=0.2) == pytest.approx(0.0200, abs=5e-5)  # by hand


def test_remainder_covers_three_classes_at_rate_one_half(features, labels, linear) -> None:
    head = linear(10, 3)
    weight, bias = head.weight.detach(), head.bias.detach()
    for row, label in zip(features, labels, strict=True):
        features, answer = row[None], label[None]
        masks = float(expected_loss(features, answer, head, rate=0.5).detach())
        normal = float(expected_gaussian_loss(features, answer, weight, bias=bias, rate=0.5))
        ranges = row.abs() * (weight.amax(0) - weight.amin(0))
        assert 0 < abs(masks - normal) <= remainder_bound(ranges, rate=0.5)


@pytest.mark.parametrize("rate", [0.1, 0.42, 0.5, 0.8])
@pytest.mark.parametrize("parts", [[1.0] * 40, [2.0, 1.0, 0.5, -0.3], [1.0, 1.0, -1.0, 0.0], [3.0]])
def test_distance_to_normal_lies_between_half_an_atom_and_berry_esseen(rate, parts) -> None:
    a = torch.tensor(parts)
    found = distance_to_normal(a, rate=rate)
    values, weights = sum_distribution(a, rate=rate)
    grid = torch.cat([values - 1e-5, values + 1e-5]).double()
    cumulative = (values[None] <= grid[:, None]).double() @ weights
    deviation = math.sqrt(rate / (1 - rate) * float((a**2).sum()))
    seen = (cumulative - torch.special.ndtr((grid - a.sum()) / deviation)).abs().max()
    assert found == pytest.approx(float(seen), abs=1e-4)
    assert float(weights.max()) / 2 <= found + 1e-12
    assert found <= 0.5606 * lyapunov_ratio(a, rate=rate)
    with pytest.raises(ValueError, match="the sum is constant"):
        distance_to_normal(0 * a, rate=rate)


@given(rate=st.floats(0.2, 0.9), features=st.lists(st.floats(0.2, 3), min_size=1, max_size=4))
def test_one_example_is_best_answered_by_the_same_vote_of_every_feature(rate, features) -> None:
    """The gradient by each weight vanishes where w_j h_j = 2 (1 - p) / p, whatever h is."""
    variance, h = rate / (1 - rate), torch.tensor(features, dtype=torch.float64)
    w = (2 / variance / h).requires_grad_(True)
    centre, deviation = w @ h, (variance * (w * h).square().sum()).sqrt()
    found = normal_expectation(logistic_loss, centre[None], deviation[None])[0]
    (slope,) = torch.autograd.grad(found, w)
    scale = h * torch.special.expit(-centre.detach())
    assert float((slope / h).abs().max()) < 1e-9 + 1e-9 * float(scale.max())


def test_remainder_at_rate_one_half_is_a_forty_eighth_of_the_fourth_powers() -> None:
    ranges = torch.tensor([2.0, 1.0])
    assert remainder_bound(ranges, rate=0.5) == pytest.approx((16 + 1) / 48)
