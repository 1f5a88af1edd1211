"""The temperature of the least cross-entropy: where it is known, and where there is none."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.evaluation import cross_entropy, fit_temperature
from runtheory.randomness import stream
from tests.evaluation.scored import draw


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_no_temperature_nearby_or_far_has_less_cross_entropy(seed: int, classes: int) -> None:
    logits, labels = draw(60, classes, seed)
    logits = logits + 2 * torch.nn.functional.one_hot(labels, classes)  # better than chance
    found = fit_temperature(logits, labels)
    least = cross_entropy(logits / found, labels)
    for factor in (0.1, 0.99, 1.01, 10.0):
        assert cross_entropy(logits / (found * factor), labels) >= least
    assert fit_temperature(3 * logits + 7, labels) == pytest.approx(3 * found, rel=1e-8)


def test_the_temperature_of_the_law_is_found() -> None:
    logits, _ = draw(100_000, 5, 2, scale=2.0)
    labels = logits.softmax(1).multinomial(1, generator=stream(2, "labels")).squeeze(1)
    # The slope in 1/T at the truth has the variance of z under the softmax, 1/n of it.
    chances = logits.softmax(1)
    spread = (chances * logits**2).sum(1) - (chances * logits).sum(1) ** 2
    error = float(1 / (spread.mean() * len(labels)).sqrt())
    assert fit_temperature(2.5 * logits, labels) == pytest.approx(2.5, abs=4.5 * 2.5 * error)


def test_two_confidences_have_a_closed_form() -> None:
    # Right three times in four at one margin: the best probability is 3/4, the margin ln 3.
    logits = torch.tensor([[5.0, 0.0]]).repeat(4, 1)
    found = fit_temperature(logits, torch.tensor([0, 0, 0, 1]))
    assert found == pytest.approx(5 / torch.tensor(3.0).log().item(), rel=1e-7)


def test_where_no_temperature_is_best_it_is_said_or_cut() -> None:
    right, labels = torch.eye(3), torch.arange(3)
    with pytest.raises(ValueError, match="no example has a logit above its label's"):
        fit_temperature(right, labels)
    with pytest.raises(ValueError, match="not above the mean logit"):
        fit_temperature(right, labels.roll(1))
    for equal in (torch.zeros(3, 3), torch.ones(3, 3)):
        with pytest.raises(ValueError, match="no temperature is best"):
            fit_temperature(equal, labels)
    assert fit_temperature(right, labels, ends=(0.05, 20.0)) == 0.05
    assert fit_temperature(right, labels.roll(1), ends=(0.05, 20.0)) == 20


def test_a_single_error_of_small_margin_among_many_is_no_divergence() -> None:
    logits = torch.tensor([[20.0, 0.0]]).repeat(1000, 1)
    logits[0] = torch.tensor([0.0, 0.001])
    found = fit_temperature(logits, torch.zeros(1000, dtype=torch.int64))
    near = [cross_entropy(logits / t, torch.zeros(1000).long()) for t in (found, found * 1.01)]
    assert near[0] < near[1]


def test_inputs_that_cannot_be_scaled_are_refused() -> None:
    logits, labels = draw(5, 3, 0)
    with pytest.raises(ValueError, match="ends must be positive"):
        fit_temperature(logits, labels, ends=(2.0, 1.0))
    logits[2, 1] = torch.nan
    with pytest.raises(ValueError, match="logits must be finite"):
        fit_temperature(logits, labels)


@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e100])
def test_logits_of_any_size_have_a_temperature(scale: float) -> None:
    logits = torch.tensor([[2.0, 0.0]], dtype=torch.float64).repeat(4, 1)
    labels = torch.tensor([0, 0, 0, 1])
    found = fit_temperature(scale * logits, labels)
    assert found / scale == pytest.approx(fit_temperature(logits, labels), rel=1e-8)
