"""Smoothed labels: the split of the loss, the lead it asks for, what becomes of trust."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from torch.nn import functional

from runtheory.noise import label_smoothing as smoothing
from runtheory.randomness import stream

AMOUNTS = st.floats(0.01, 1.0)
CLASSES = st.integers(2, 12)
SEEDS = st.integers(0, 10_000)


def drawn(
    seed: int, classes: int, *, examples: int = 9, scale: float = 3.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and labels of a seed, in float64."""
    generator = stream(seed, "logits")
    logits = scale * torch.randn(examples, classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(classes, (examples,), generator=generator)


@given(seed=SEEDS, classes=CLASSES, amount=AMOUNTS)
def test_the_loss_splits_and_its_gradient_is_prediction_less_target(seed, classes, amount) -> None:
    logits, labels = drawn(seed, classes)
    logits.requires_grad_(True)
    whole = smoothing.smoothed_loss(logits, labels, amount=amount)
    hard = functional.cross_entropy(logits, labels)
    divergence = smoothing.uniform_divergence(logits).mean()
    parts = (1 - amount) * hard + amount * (divergence + math.log(classes))
    torch.testing.assert_close(whole, parts)
    tilt = amount * (classes - 1) / classes * smoothing.lead(logits, labels).mean()
    torch.testing.assert_close(whole, hard + tilt)
    (slope,) = torch.autograd.grad(whole, logits)
    hot = functional.one_hot(labels, classes).double()
    target = smoothing.smoothed_distribution(hot, amount=amount)
    torch.testing.assert_close(slope * len(labels), (logits.softmax(1) - target).detach())


def test_loss_lead_and_divergences_in_a_loop() -> None:
    logits, labels = drawn(3, 5)
    loss, leads, forward, backward = 0.0, [], [], []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total = sum(math.exp(value) for value in row)
        prediction = [math.exp(value) / total for value in row]
        for k, share in enumerate(prediction):
            loss -= (0.7 * (k == label) + 0.3 / 5) * math.log(share) / len(labels)
        others = [value for k, value in enumerate(row) if k != label]
        leads.append(row[label] - sum(others) / 4)
        forward.append(sum(0.2 * math.log(0.2 / share) for share in prediction))
        backward.append(sum(share * math.log(share / 0.2) for share in prediction))
    assert float(smoothing.smoothed_loss(logits, labels, amount=0.3)) == pytest.approx(loss)
    assert smoothing.lead(logits, labels).tolist() == pytest.approx(leads)
    assert smoothing.uniform_divergence(logits).tolist() == pytest.approx(forward)
    assert smoothing.confidence_divergence(logits).tolist() == pytest.approx(backward)


@given(amount=AMOUNTS, classes=CLASSES)
def test_the_best_lead_minimises_and_gives_the_target(amount, classes) -> None:
    best = smoothing.best_lead(amount, classes)
    found = minimize_scalar(
        lambda m: smoothing.least_loss(float(m), amount=amount, classes=classes),
        bounds=(-2, 12),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert best == pytest.approx(found.x, abs=1e-5)
    logits = torch.zeros(1, classes, dtype=torch.float64)
    logits[0, 1] = best
    assert float(logits.softmax(1)[0, 1]) == pytest.approx(1 - amount + amount / classes)


@given(seed=SEEDS, classes=CLASSES, amount=AMOUNTS, scale=st.floats(0.1, 20))
def test_no_logits_have_less_loss_than_their_lead_allows(seed, classes, amount, scale) -> None:
    logits, labels = drawn(seed, classes, scale=scale)
    loss = float(smoothing.smoothed_loss(logits, labels, amount=amount))
    mean = float(smoothing.lead(logits, labels).mean())
    assert smoothing.least_loss(mean, amount=amount, classes=classes) <= loss + 1e-12
    low, high = smoothing.lead_interval(loss, amount=amount, classes=classes)
    assert low - 1e-9 <= mean <= high + 1e-9


@given(classes=CLASSES, amount=AMOUNTS, position=st.floats(-6, 30))
def test_equal_other_logits_reach_the_end_of_the_interval(classes, amount, position) -> None:
    logits = torch.full((3, classes), 0.7, dtype=torch.float64)
    logits[:, 0] += position
    labels = torch.zeros(3, dtype=torch.int64)
    loss = float(smoothing.smoothed_loss(logits, labels, amount=amount))
    assert loss == pytest.approx(
        smoothing.least_loss(position, amount=amount, classes=classes), abs=1e-12
    )
    if abs(position - smoothing.best_lead(amount, classes)) > 1e-2:
        ends = smoothing.lead_interval(loss, amount=amount, classes=classes)
        assert min(abs(end - position) for end in ends) < 1e-6


def test_numbers_of_the_theory_page() -> None:
    assert smoothing.best_lead(0.2, 4) == pytest.approx(math.log(17))
    expected = {1.0: (0.744, 0.894), math.log(17): (0.163, 0.588), 5.0: (0.020, 0.770)}
    for position, losses in expected.items():
        found = [smoothing.least_loss(position, amount=e, classes=4) for e in (0.0, 0.2)]
        assert found == pytest.approx(losses, abs=6e-4)


@given(seed=SEEDS, classes=CLASSES, amount=AMOUNTS)
def test_best_predictions_are_less_confident_by_the_amount(seed, classes, amount) -> None:
    distribution = drawn(seed, classes)[0].softmax(1)
    best = smoothing.smoothed_distribution(distribution, amount=amount)
    accuracy = float(distribution.amax(1).mean())
    gap = float(best.amax(1).mean()) - accuracy
    assert gap == pytest.approx(-amount * (accuracy - 1 / classes), abs=1e-12)
    if amount < 1:
        undone = (best - amount / classes) / (1 - amount)
        rounding = 1e-15 / (1 - amount)  # of what is left of the distribution near an amount of one
        torch.testing.assert_close(undone, distribution, atol=1e-9 + rounding, rtol=1e-6)


def test_without_smoothing_there_is_no_upper_end() -> None:
    low, high = smoothing.lead_interval(0.5, amount=0.0, classes=10)
    assert high == math.inf
    assert math.log1p(9 * math.exp(-low)) == pytest.approx(0.5)
    assert smoothing.best_lead(0.0, 10) == math.inf
    assert smoothing.best_lead(1.0, 10) == 0


def test_a_temperature_is_found_where_it_is_known() -> None:
    logits, _ = drawn(5, 4, examples=40_000)
    labels = torch.multinomial((logits / 2.5).softmax(1), 1, generator=stream(5, "labels")).squeeze(
        1
    )
    assert smoothing.fitted_temperature(logits, labels) == pytest.approx(2.5, rel=0.03)
    found = smoothing.fitted_temperature(logits.float(), labels)
    losses = [
        float(functional.cross_entropy(logits / (found * factor), labels))
        for factor in (0.999, 1.0, 1.001)
    ]
    assert min(losses) == losses[1]


def test_temperatures_at_the_ends_of_the_search() -> None:
    right = torch.eye(3, dtype=torch.float64)
    labels = torch.arange(3)
    assert smoothing.fitted_temperature(right, labels) == pytest.approx(1e-3)
    assert smoothing.fitted_temperature(right, labels.roll(1)) == pytest.approx(1e3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_logits_stay_finite_and_keep_their_type(dtype) -> None:
    logits = torch.tensor([[80.0, 0.0, -80.0], [-80.0, 0.0, 80.0]], dtype=dtype)
    labels = torch.tensor([0, 0])
    loss = smoothing.smoothed_loss(logits, labels, amount=0.3)
    assert loss.dtype == dtype
    assert float(loss) == pytest.approx((0.3 * 80 + 160 - 0.3 * 80) / 2)
    for divergence in (smoothing.uniform_divergence, smoothing.confidence_divergence):
        assert divergence(logits).isfinite().all()
        assert divergence(logits).dtype == dtype
    assert smoothing.least_loss(-1e4, amount=0.1, classes=3) == pytest.approx(
        1e4 * (1 - 0.2 / 3) + math.log(2)
    )


def test_free_logits_descend_to_the_smoothed_distribution() -> None:
    distributions = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.2, 0.3]], dtype=torch.float64)
    found = smoothing.minimising_logits(distributions, amount=0.2, generator=stream(0, "start"))
    expected = smoothing.smoothed_distribution(distributions, amount=0.2)
    torch.testing.assert_close(found.softmax(1), expected, atol=1e-7, rtol=1e-7)
    with pytest.raises(ValueError, match=r"amount must lie in \(0, 1\], got 0.0"):
        smoothing.minimising_logits(distributions, amount=0.0, generator=stream(0, "start"))
    with pytest.raises(ValueError, match="distributions must be finite"):
        smoothing.minimising_logits(
            distributions * math.nan, amount=0.2, generator=stream(0, "start")
        )


def test_what_is_refused() -> None:
    logits, labels = drawn(0, 3)
    with pytest.raises(ValueError, match=r"amount must lie in \[0, 1\], got 1.1"):
        smoothing.smoothed_loss(logits, labels, amount=1.1)
    with pytest.raises(ValueError, match="classes must be at least 2, got 1"):
        smoothing.lead(logits[:, :1], 0 * labels)
    with pytest.raises(ValueError, match=r"the smoothed loss is at least 0.500288, got 0.4"):
        smoothing.lead_interval(0.4, amount=0.1, classes=10)
    with pytest.raises(ValueError, match="labels must lie in"):
        smoothing.fitted_temperature(logits, labels + 3)
