"""Gaussian dropout: exact moments, the next order, one example, the gradient given the logits."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from torch import nn

from runtheory.dropout.oracle import expected_loss
from runtheory.dropout.penalties import logit_covariance
from runtheory.noise import gaussian_dropout as gd
from runtheory.noise.gaussian_dropout import gaussian_logits
from runtheory.randomness import stream

FEATURES = torch.randn(3, 10, generator=stream(0, "features"), dtype=torch.float64)
LABELS = torch.tensor([0, 2, 1])
RATES = st.floats(0.05, 0.95)
PARTS = st.lists(st.floats(-2, 2), min_size=1, max_size=6)


def linear(features: int, classes: int, *, dtype=torch.float64) -> nn.Linear:
    """A linear head whose weights come from a stream of their own."""
    head = nn.Linear(features, classes, dtype=dtype)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.normal_(0, 0.4, generator=stream(0, f"head {tuple(parameter.shape)}"))
    return head


def weights_of(head):
    return head.weight.detach(), head.bias.detach()


def test_mean_and_covariance_are_those_of_dropout():
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


def test_few_active_features_and_rate_zero():
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
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        gd.draw_noise(0, (1, 2), rate=0.2, generator=stream(0, "noise"))


@given(rate=RATES)
def test_moments_of_a_coordinate_against_its_two_values(rate):
    values = torch.tensor([0.0, 1 / (1 - rate)], dtype=torch.float64) - 1
    weights = torch.tensor([rate, 1 - rate], dtype=torch.float64)
    found = gd.mask_moments(rate)
    expected = [float(weights @ values**power) for power in (2, 3, 4)]
    assert [found.variance, found.third, found.fourth] == pytest.approx(
        expected, rel=1e-9, abs=1e-9
    )
    assert found.absolute == pytest.approx(float(weights @ values.abs() ** 3))
    assert (found.third > 0) == (rate > 0.5) or rate == 0.5


@given(parts=PARTS, rate=RATES)
def test_law_of_a_sum_of_masks_in_a_loop(parts, rate):
    values, weights = gd.sum_law(torch.tensor(parts, dtype=torch.float64), rate=rate)
    mean = second = 0.0
    for mask in itertools.product((0, 1), repeat=len(parts)):
        value = sum(k * a for k, a in zip(mask, parts, strict=True)) / (1 - rate)
        weight = math.prod(1 - rate if k else rate for k in mask)
        mean, second = mean + weight * value, second + weight * value**2
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights @ values) == pytest.approx(mean, abs=1e-12)
    assert float(weights @ values**2) == pytest.approx(second, abs=1e-12)


def test_equal_contributions_follow_the_binomial_law_in_any_number():
    values, weights = gd.sum_law(torch.full((300,), 0.1), rate=0.25)
    assert float(weights @ values) == pytest.approx(30, rel=1e-6)
    with pytest.raises(ValueError, match=r"features must lie in \[1, 12\], got 13"):
        gd.sum_law(torch.arange(13.0), rate=0.5)


@settings(max_examples=25)
@given(mean=st.floats(-30, 30), deviation=st.floats(0, 40))
def test_quadrature_of_the_loss_against_an_adaptive_rule(mean, deviation):
    def integrand(x):
        return float(gd.loss(torch.tensor(mean + deviation * x).double())) * norm.pdf(x)

    kink = -mean / deviation if deviation > abs(mean) / 9 and deviation else 0.0
    expected, _ = quad(integrand, -10, 10, points=[kink], limit=400, epsabs=1e-11)
    found = gd.normal_expectation(gd.loss, torch.tensor([mean]), torch.tensor([deviation]))
    assert float(found[0]) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_third_derivative_of_the_loss_and_the_size_of_the_fourth():
    points = torch.linspace(-20, 20, 2001, dtype=torch.float64, requires_grad=True)
    derivative = gd.loss(points)
    for _ in range(3):
        (derivative,) = torch.autograd.grad(derivative.sum(), points, create_graph=True)
    torch.testing.assert_close(gd.loss_third(points), derivative, atol=1e-12, rtol=1e-9)
    (fourth,) = torch.autograd.grad(derivative.sum(), points)
    assert float(fourth.abs().max()) == pytest.approx(1 / 8)
    assert float(fourth.max()) == pytest.approx(1 / 24, rel=1e-4)


def gap(parts, rate, bias=0.0):
    """Expected loss under masks less under normal factors."""
    values, weights = gd.sum_law(parts, rate=rate)
    deviation = math.sqrt(rate / (1 - rate)) * parts.norm()
    normal = gd.normal_expectation(gd.loss, (parts.sum() + bias)[None], deviation[None])
    return float(weights @ gd.loss(values + bias) - normal[0])


@pytest.mark.parametrize(
    ("vote", "rate", "masks", "normal"),
    [
        (2.0, 0.2, 0.2017, 0.1827),
        (2.0, 0.5, 0.3556, 0.3563),
        (2.0, 0.8, 0.5545, 0.9290),
        (4.0, 0.5, 0.3467, 0.4322),
    ],
)
def test_the_table_of_the_theory_page_in_closed_form(vote, rate, masks, normal):
    listed = rate * math.log(2) + (1 - rate) * math.log1p(math.exp(-vote / (1 - rate)))
    found = gap(torch.tensor([vote]).double(), rate)
    assert [listed, listed - found] == pytest.approx([masks, normal], abs=5e-5)


@settings(max_examples=40)
@given(parts=PARTS, rate=st.floats(0.1, 0.9), bias=st.floats(-2, 2))
def test_the_next_order_leaves_no_more_than_its_remainder(parts, rate, bias):
    a = torch.tensor(parts, dtype=torch.float64)
    rest = gap(a, rate, bias) - gd.third_order_term(a, rate=rate, bias=bias)
    assert abs(rest) <= gd.remainder_bound(a.abs(), rate=rate) + 1e-7


def test_third_order_term_in_a_loop_over_masks():
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
    assert gd.third_order_term(a, rate=rate, bias=bias) == pytest.approx(third / 6 * total)
    assert gd.third_order_term(a, rate=0.5) == 0
    assert gd.third_order_term(2 * a[:1] + 1, rate=0.2) == pytest.approx(
        0.0200, abs=5e-5
    )  # by hand


def test_remainder_covers_three_classes_at_rate_one_half():
    head = linear(10, 3)
    weight, bias = weights_of(head)
    for row, label in zip(FEATURES, LABELS, strict=True):
        features, answer = row[None], label[None]
        masks = float(expected_loss(features, answer, head, rate=0.5).detach())
        normal = float(gd.expected_gaussian_loss(features, answer, weight, bias, rate=0.5))
        ranges = row.abs() * (weight.amax(0) - weight.amin(0))
        assert 0 < abs(masks - normal) <= gd.remainder_bound(ranges, rate=0.5)


@pytest.mark.parametrize("classes", [2, 3])
def test_expected_loss_by_quadrature_against_draws_of_features(classes):
    head = linear(10, classes)
    weight, bias = weights_of(head)
    labels = LABELS.clamp_max(classes - 1)
    noise = gd.draw_noise(100_000, FEATURES.shape, rate=0.3, generator=stream(1, "noise"))
    logits = (noise * FEATURES) @ weight.T + bias
    losses = -logits.log_softmax(-1)[:, torch.arange(3), labels].mean(1)
    found = gd.expected_gaussian_loss(FEATURES, labels, weight, bias, rate=0.3)
    assert abs(float(losses.mean() - found)) < 5 * float(losses.std()) / math.sqrt(100_000)
    quiet = gd.expected_gaussian_loss(FEATURES, labels, weight, bias, rate=0.0)
    torch.testing.assert_close(quiet, nn.functional.cross_entropy(head(FEATURES), labels).detach())
    with pytest.raises(ValueError, match="quadrature takes 2 or 3 classes, got 4"):
        gd.expected_gaussian_loss(FEATURES, labels, torch.ones(4, 10), rate=0.3)


@pytest.mark.parametrize("rate", [0.1, 0.42, 0.5, 0.8])
@pytest.mark.parametrize("parts", [[1.0] * 40, [2.0, 1.0, 0.5, -0.3], [1.0, 1.0, -1.0, 0.0], [3.0]])
def test_distance_to_normal_lies_between_half_an_atom_and_berry_esseen(rate, parts):
    a = torch.tensor(parts)
    found = gd.distance_to_normal(a, rate=rate)
    values, weights = gd.sum_law(a, rate=rate)
    grid = torch.cat([values - 1e-5, values + 1e-5]).double()
    cumulative = (values[None] <= grid[:, None]).double() @ weights
    deviation = math.sqrt(rate / (1 - rate) * float((a**2).sum()))
    seen = (cumulative - torch.special.ndtr((grid - a.sum()) / deviation)).abs().max()
    assert found == pytest.approx(float(seen), abs=1e-4)
    assert float(weights.max()) / 2 <= found + 1e-12
    assert found <= 0.5606 * gd.lyapunov_ratio(a, rate=rate)
    with pytest.raises(ValueError, match="the sum is constant"):
        gd.distance_to_normal(0 * a, rate=rate)


@given(rate=st.floats(0.2, 0.9), features=st.lists(st.floats(0.2, 3), min_size=1, max_size=4))
def test_one_example_is_best_answered_by_the_same_vote_of_every_feature(rate, features):
    """The gradient by each weight vanishes where w_j h_j = 2 (1 - p) / p, whatever h is."""
    variance, h = rate / (1 - rate), torch.tensor(features, dtype=torch.float64)
    w = (2 / variance / h).requires_grad_(True)
    centre, deviation = w @ h, (variance * (w * h).square().sum()).sqrt()
    found = gd.normal_expectation(gd.loss, centre[None], deviation[None])[0]
    (slope,) = torch.autograd.grad(found, w)
    scale = h * torch.special.expit(-centre.detach())
    assert float((slope / h).abs().max()) < 1e-9 + 1e-9 * float(scale.max())


def test_noise_given_the_logits_by_regression():
    """The projection against the best linear prediction of the noise from logit differences."""
    weight = linear(10, 3).weight.detach()
    noise = gd.draw_noise(20_000, FEATURES.shape, rate=0.4, generator=stream(2, "noise"))
    rows = (weight[:2] - weight[2]) * FEATURES[:, None]
    seen = torch.einsum("bkj,mbj->mbk", rows, noise - 1)
    found = gd.projected_noise(FEATURES, weight, noise) - 1
    for example in range(3):
        gram = rows[example] @ rows[example].T
        expected = seen[:, example] @ torch.linalg.solve(gram, rows[example])
        torch.testing.assert_close(found[:, example], expected, atol=1e-9, rtol=1e-9)
    shares = gd.seen_share(FEATURES, weight)
    torch.testing.assert_close(shares.sum(1), torch.full((3,), 2.0).double())
    assert float(shares.min()) >= -1e-12


def test_gradient_of_one_example_against_automatic_differentiation():
    head = linear(10, 3)
    noise = gd.draw_noise(2, FEATURES.shape, rate=0.4, generator=stream(3, "noise"))
    found = gd.weight_gradients(FEATURES, LABELS, *weights_of(head), noise=noise)
    for sample, example in itertools.product(range(2), range(3)):
        logits = head(noise[sample, example] * FEATURES[example])
        one = nn.functional.cross_entropy(logits[None], LABELS[example][None])
        (expected,) = torch.autograd.grad(one, head.weight)
        torch.testing.assert_close(found[sample, example], expected)


def test_the_gradient_given_the_logits_saves_the_stated_variance_and_keeps_the_mean():
    weight, bias = weights_of(linear(10, 3))
    noise = gd.draw_noise(40_000, FEATURES.shape, rate=0.3, generator=stream(4, "noise"))
    by_features = gd.weight_gradients(FEATURES, LABELS, weight, bias, noise=noise)
    seen = gd.projected_noise(FEATURES, weight, noise)
    by_logits = gd.weight_gradients(FEATURES, LABELS, weight, bias, noise=seen)
    error = (by_features - by_logits).std(0) / math.sqrt(40_000)
    assert ((by_features - by_logits).mean(0).abs() / error).max() < 5
    saved = (by_features.square() - by_logits.square()).sum((2, 3))
    expected = gd.saved_variance(FEATURES, LABELS, weight, bias, rate=0.3)
    assert ((saved.mean(0) - expected).abs() * math.sqrt(40_000) / saved.std(0)).max() < 5


def test_one_feature_hides_nothing_and_no_feature_breaks_nothing():
    features = torch.tensor([[2.0], [0.0]])
    weight, labels = torch.tensor([[1.0], [-1.0]]), torch.tensor([0, 1])
    saved = gd.saved_variance(features, labels, weight, rate=0.5)
    torch.testing.assert_close(saved, torch.zeros(2).double())
    noise = gd.draw_noise(3, features.shape, rate=0.5, generator=stream(5, "noise"))
    projected = gd.projected_noise(features, weight, noise)
    torch.testing.assert_close(projected[:, 0], noise[:, 0])
    torch.testing.assert_close(projected[:, 1], torch.ones(3, 1).double())


def test_two_classes_through_the_root_give_the_gradient_given_the_logits():
    weight = weights_of(linear(10, 3))[0][:2].requires_grad_(True)
    row, labels, generator = FEATURES[:1], LABELS[:1], stream(6, "noise")
    drawn = gaussian_logits(row, weight[:1] - weight[1:], samples=1, rate=0.3, generator=generator)
    (through,) = torch.autograd.grad(gd.loss(drawn).sum(), weight)
    votes = (weight[:1] - weight[1:]).detach() * row
    seen = torch.linalg.pinv(votes) @ (drawn[0].detach() - votes.sum(1, keepdim=True))
    noise = 1 + seen.T[None]  # what the drawn logits can tell of it
    held = gd.weight_gradients(row, labels, weight.detach(), noise=noise)[0, 0]
    torch.testing.assert_close(through, held)
    torch.testing.assert_close(gd.projected_noise(row, weight.detach(), noise), noise)
