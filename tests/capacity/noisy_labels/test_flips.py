"""Flipped labels: their law by counting, their variance by enumeration, what is memorised."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.capacity.noisy_labels import flips
from runtheory.randomness import stream

RATES = st.floats(0, 1)


@given(seed=st.integers(0, 300), rate=RATES, classes=st.integers(2, 7))
def test_flips_are_labels_and_leave_the_given_ones_alone(seed, rate, classes) -> None:
    labels = torch.arange(40).reshape(2, 20) % classes
    before = labels.clone()
    found = flips.flip_labels(labels, rate=rate, classes=classes, generator=stream(seed, "flips"))
    assert found.shape == labels.shape
    assert int(found.min()) >= 0
    assert int(found.max()) < classes
    assert torch.equal(labels, before)


def test_no_flip_at_zero_and_all_at_one() -> None:
    labels = torch.arange(30).reshape(2, 15) % 3
    none, every = (
        flips.flip_labels(labels, rate=rate, classes=3, generator=stream(0, "flips"))
        for rate in (0.0, 1.0)
    )
    assert torch.equal(none, labels)
    assert not (every == labels).any()


def test_each_other_class_is_as_likely() -> None:
    labels = torch.full((1, 40_000), 2)
    found = flips.flip_labels(labels, rate=0.6, classes=4, generator=stream(1, "flips"))
    share = torch.bincount(found[0], minlength=4) / 40_000
    expected = torch.tensor([0.2, 0.2, 0.4, 0.2])
    error = (expected * (1 - expected) / 40_000).sqrt()
    assert bool(((share - expected).abs() < 5 * error).all())


@given(rate=RATES, classes=st.integers(2, 6))
def test_mean_and_variance_by_enumeration(rate, classes) -> None:
    rows = torch.eye(classes, dtype=torch.float64)
    for true in range(classes):
        chances = torch.full((classes,), rate / (classes - 1), dtype=torch.float64)
        chances[true] = 1 - rate
        mean = chances @ rows
        found = flips.mean_rows(torch.tensor([true]), rate=rate, classes=classes)
        torch.testing.assert_close(found[0], mean)
        spread = chances @ (rows - mean).square().sum(1)
        assert flips.flip_variance(rate, classes=classes) == pytest.approx(float(spread), abs=1e-12)


@given(right=st.integers(0, 6), rate=RATES, classes=st.integers(2, 5))
def test_agreement_by_enumeration(right, rate, classes) -> None:
    total = 0.0
    for example in range(6):
        predicted, true = (0, 0) if example < right else (1, 0)
        for given_label in range(classes):
            chance = 1 - rate if given_label == true else rate / (classes - 1)
            total += chance * (predicted == given_label) / 6
    found = flips.agreement(right / 6, rate=rate, classes=classes)
    assert float(found) == pytest.approx(total, abs=1e-12)


def test_agreement_says_nothing_where_flips_are_coins() -> None:
    accuracy = torch.tensor([0.0, 0.3, 1.0], dtype=torch.float64)
    found = flips.agreement(accuracy, rate=0.75, classes=4)
    torch.testing.assert_close(found, torch.full_like(found, 0.25))


def test_memorised_by_hand_and_by_a_loop() -> None:
    true = torch.tensor([0, 1, 2, 0, 1])
    given_labels = torch.tensor([0, 2, 0, 1, 1])
    predictions = torch.tensor([0, 2, 2, 1, 0])
    found = flips.memorised(predictions, given=given_labels, true=true)
    assert float(found) == pytest.approx(2 / 3)
    both = flips.memorised(
        torch.stack([predictions, true]),
        given=given_labels.expand(2, -1),
        true=true.expand(2, -1),
    )
    assert both.tolist() == pytest.approx([2 / 3, 0])


def test_a_rule_that_has_not_seen_the_flips() -> None:
    """It meets (1 - a) / (C - 1) of the wrong labels by chance."""
    true = torch.zeros(1, 60_000, dtype=torch.int64)
    predictions = (torch.arange(60_000)[None] % 4 == 0).long() * 3  # a quarter of class 3
    noisy = flips.flip_labels(true, rate=0.5, classes=5, generator=stream(2, "flips"))
    found = float(flips.memorised(predictions, given=noisy, true=true))
    assert abs(found - 0.25 / 4) < 5 * math.sqrt(0.0625 * 0.9375 / 30_000)


def test_wrong_arguments_are_named() -> None:
    labels = torch.tensor([0, 1])
    with pytest.raises(ValueError, match="rate must lie in"):
        flips.flip_labels(labels[None], rate=1.2, classes=2, generator=stream(0, "flips"))
    with pytest.raises(ValueError, match="classes must be at least 2"):
        flips.flip_labels(labels[None], rate=0.2, classes=1, generator=stream(0, "flips"))
    with pytest.raises(ValueError, match="labels must lie in"):
        flips.mean_rows(torch.tensor([2]), rate=0.2, classes=2)
    with pytest.raises(ValueError, match="accuracy must lie in"):
        flips.agreement(1.5, rate=0.2, classes=3)
    with pytest.raises(ValueError, match="wrong_labels must be at least 1"):
        flips.memorised(labels, given=labels, true=labels)
    with pytest.raises(ValueError, match="given must have example = 2"):
        flips.memorised(labels, given=labels[:1], true=labels)
