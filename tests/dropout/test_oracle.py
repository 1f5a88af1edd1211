"""Exact expectations by listing masks, against loops and sampling."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from runtheory.dropout.head import sample_logits
from runtheory.dropout.laws import effective_rate
from runtheory.dropout.masks import draw_masks
from runtheory.dropout.objectives import (
    loss_of_mean_logits,
    loss_of_mean_probabilities,
    mean_of_losses,
)
from runtheory.dropout.oracle import all_masks, expected_loss, mean_masks
from runtheory.randomness import stream

COMBINATIONS = [mean_of_losses, loss_of_mean_logits, loss_of_mean_probabilities]
FEATURES = torch.randn(3, 4, generator=stream(0, "features"), dtype=torch.float64)
LABELS = torch.tensor([0, 2, 1])


def test_masks_are_all_there_with_their_probabilities() -> None:
    masks, weights = all_masks(3, rate=0.2)
    assert len({tuple(row) for row in masks.tolist()}) == 8
    assert float(weights.sum()) == pytest.approx(1)
    for mask, weight in zip(masks.tolist(), weights.tolist(), strict=True):
        assert weight == pytest.approx(math.prod(0.8 if kept else 0.2 for kept in mask))


@pytest.mark.parametrize("samples", [1, 3])
def test_mean_masks_are_means_of_all_choices_with_their_probabilities(samples) -> None:
    means, weights = mean_masks(2, rate=0.3, samples=samples)
    masks, chances = all_masks(2, rate=0.3)
    expected: dict[tuple[float, ...], float] = {}
    for chosen in itertools.product(range(4), repeat=samples):
        mean = tuple((masks[list(chosen)].sum(0) / samples / 0.7).tolist())
        expected[mean] = expected.get(mean, 0.0) + math.prod(float(chances[k]) for k in chosen)
    assert len(means) == len(weights) == 4**samples
    for mean, weight in expected.items():
        alike = (means - torch.tensor(mean)).abs().amax(1) < 1e-6
        assert float(weights[alike].sum()) == pytest.approx(weight)


@given(rate=st.floats(0, 0.9), samples=st.integers(1, 4))
def test_a_mean_mask_has_mean_one_and_the_variance_of_the_effective_rate(rate, samples) -> None:
    means, weights = mean_masks(3, rate=rate, samples=samples)
    variance = weights @ (means - 1).square()
    torch.testing.assert_close(weights @ means, torch.ones(3).double())
    effective = effective_rate(rate, samples)
    torch.testing.assert_close(variance, torch.full((3,), effective / (1 - effective)).double())


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_expectation_follows_the_definition_in_a_loop(combine, linear) -> None:
    """Different masks for different examples, which the function leaves out as without effect."""
    head, features, labels = linear(2, 3), FEATURES[:2, :2], LABELS[:2]
    masks, weights = all_masks(2, rate=0.3)
    total = 0.0
    for chosen in itertools.product(range(4), repeat=4):
        keep = masks[list(chosen)].reshape(2, 2, 2)
        loss = combine(sample_logits(head, features, keep, rate=0.3), labels)
        total += float(weights[list(chosen)].prod() * loss.detach())
    found = expected_loss(features, labels, head, rate=0.3, samples=2, combine=combine)
    assert float(found.detach()) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("combine", COMBINATIONS)
def test_monte_carlo_agrees_within_its_error(combine, linear) -> None:
    head = nn.Sequential(linear(4, 5), nn.Tanh(), linear(5, 3, seed=1))
    exact = expected_loss(FEATURES, LABELS, head, rate=0.5, samples=2, combine=combine)
    generator = stream(0, "masks")
    with torch.no_grad():
        draws = torch.stack(
            [
                combine(
                    sample_logits(
                        head,
                        FEATURES,
                        draw_masks(2, FEATURES.shape, rate=0.5, generator=generator),
                        rate=0.5,
                    ),
                    LABELS,
                )
                for _ in range(2000)
            ]
        )
    assert abs(draws.mean() - exact) < 5 * draws.std() / math.sqrt(len(draws))


def test_only_the_mean_of_losses_keeps_its_expectation(linear) -> None:
    head = linear(4, 3)
    with torch.no_grad():
        values = {
            combine: [
                float(expected_loss(FEATURES, LABELS, head, rate=0.5, samples=m, combine=combine))
                for m in (1, 2, 3)
            ]
            for combine in COMBINATIONS
        }
    losses, *others = values.values()
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-12)
    for falling in others:
        assert falling[0] == pytest.approx(losses[0], rel=1e-12)
        assert falling[0] > falling[1] > falling[2]


def test_gradients_pass_through(linear) -> None:
    head = linear(4, 3)
    loss = expected_loss(FEATURES, LABELS, head, rate=0.5)
    assert torch.autograd.grad(loss, head.weight)[0].abs().sum() > 0


def test_errors_say_what_came(linear) -> None:
    with pytest.raises(ValueError, match=r"features must lie in \[1, 12\], got 13"):
        all_masks(13, rate=0.5)
    with pytest.raises(
        ValueError, match="covers 262144 combinations, got 16 masks to the power of 5"
    ):
        expected_loss(FEATURES, LABELS, linear(4, 3), rate=0.5, samples=5)
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 2.0"):
        all_masks(3, rate=2.0)
