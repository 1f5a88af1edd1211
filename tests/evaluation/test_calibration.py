"""Calibration error and confidence gap, against loops and closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from runtheory.evaluation import (
    accuracy,
    adaptive_calibration_error,
    classwise_calibration_error,
    confidence_gap,
    expected_calibration_error,
)
from runtheory.randomness import stream
from tests.evaluation.scored import EXAMPLES, Example, draw, softmax


def loop_over_bins(logits: Tensor, labels: Tensor, bins: int) -> float:
    rows = [softmax(row) for row in logits.tolist()]
    total = 0.0
    for m in range(1, bins + 1):
        members = [
            (row, label)
            for row, label in zip(rows, labels.tolist(), strict=True)
            if (m - 1) / bins < max(row) <= m / bins
        ]
        if members:
            right = sum(row.index(max(row)) == label for row, label in members) / len(members)
            confidence = sum(max(row) for row, _ in members) / len(members)
            total += len(members) / len(rows) * abs(right - confidence)
    return total


@given(EXAMPLES, st.integers(1, 20))
def test_calibration_error_is_the_loop_over_bins(example: Example, bins: int) -> None:
    logits, labels = draw(*example)
    expected = loop_over_bins(logits, labels, bins=bins)
    error = expected_calibration_error(logits, labels, bins=bins)
    assert error.item() == pytest.approx(expected, abs=1e-12)


def test_one_bin_compares_accuracy_with_mean_confidence() -> None:
    logits, labels = draw(500, 4, 1)
    confidence = logits.softmax(1).max(1).values.mean()
    expected = (accuracy(logits, labels) - confidence).abs()
    torch.testing.assert_close(expected_calibration_error(logits, labels, bins=1), expected)


def test_a_calibrated_classifier_has_only_the_bias_of_the_bins() -> None:
    count, bins = 200_000, 15
    logits, _ = draw(count, 5, 2, scale=1.0)
    probabilities = logits.softmax(1)
    labels = probabilities.multinomial(1, generator=stream(2, "labels")).squeeze(1)
    # Each bin's gap is at most a normal number of deviation 1 / (2 sqrt(n_m)); by Cauchy-Schwarz
    # the mean error stays below sqrt(bins / n) / 2.
    assert expected_calibration_error(logits, labels, bins=bins) < 5 * math.sqrt(bins / count) / 2


def test_confidence_on_an_edge_belongs_to_the_bin_below() -> None:
    # Confidences 0.5 (right) and 0.75 (wrong): with two bins they lie apart, and the gaps add.
    logits = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    error = expected_calibration_error(logits, labels, bins=2)
    assert error.item() == pytest.approx((0.5 + 0.75) / 2)


def logits_of(confidences: list[float]) -> Tensor:
    """Return logits of two classes, of which the first has these probabilities."""
    first = torch.tensor(confidences, dtype=torch.float64)
    return torch.stack((first.log(), (1 - first).log()), dim=1)


def test_a_confidence_of_one_has_no_bin_of_its_own() -> None:
    # 1.0 right and 0.95 wrong share the last of ten bins: |1 - 1.95| / 4. 0.6 and 0.65 do the rest.
    logits = logits_of([1.0, 0.95, 0.6, 0.65])
    error = expected_calibration_error(logits, torch.tensor([0, 1, 0, 1]), bins=10)
    # 0.6 is an upper edge and lies in (0.5, 0.6], 0.65 in the bin above.
    assert error.item() == pytest.approx((0.95 + 0.4 + 0.65) / 4)


def test_confidences_at_both_ends_are_counted() -> None:
    # One half is the least confidence of two classes, one the largest.
    error = expected_calibration_error(logits_of([1.0, 0.5]), torch.tensor([1, 0]), bins=2)
    assert error.item() == pytest.approx((1.0 + 0.5) / 2)


def test_exact_calibration_has_no_error() -> None:
    logits = logits_of([0.75] * 4 + [1.0] * 3)
    labels = torch.tensor([0, 0, 0, 1, 0, 0, 0])
    for error in (expected_calibration_error, classwise_calibration_error):
        assert error(logits, labels).item() == pytest.approx(0.0, abs=1e-15)
    assert adaptive_calibration_error(logits[:4], labels[:4], bins=1).item() == pytest.approx(0.0)


def test_bins_of_equal_numbers_of_examples() -> None:
    logits = logits_of([0.9, 0.6, 0.8, 0.7, 0.55])
    labels = torch.tensor([0, 1, 0, 0, 0])
    # In order 0.55, 0.6, 0.7 and 0.8, 0.9; surpluses 0.45 - 0.6 + 0.3 and 0.2 + 0.1.
    error = adaptive_calibration_error(logits, labels, bins=2)
    assert error.item() == pytest.approx((0.15 + 0.3) / 5)
    with pytest.raises(ValueError, match="at most the 5 examples, got 6"):
        adaptive_calibration_error(logits, labels, bins=6)


@given(EXAMPLES, st.integers(1, 12))
def test_class_wise_error_is_the_loop_over_classes_and_bins(example: Example, bins: int) -> None:
    logits, labels = draw(*example)
    rows, classes = [softmax(row) for row in logits.tolist()], logits.shape[1]
    total = 0.0
    for k in range(classes):
        for m in range(1, bins + 1):
            members = [
                (row[k], label == k)
                for row, label in zip(rows, labels.tolist(), strict=True)
                if (m - 1) / bins < row[k] <= m / bins
            ]
            total += abs(sum(own - p for p, own in members)) / len(rows)
    found = classwise_calibration_error(logits, labels, bins=bins)
    assert found.item() == pytest.approx(total / classes, abs=1e-12)


def test_bins_must_be_positive() -> None:
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        expected_calibration_error(*draw(3, 4, 0), bins=0)


def test_the_confidence_gap_has_a_sign() -> None:
    sure = 1000.0 * torch.eye(4)
    labels = torch.tensor([0, 1, 2, 0])
    assert confidence_gap(sure, labels).item() == pytest.approx(1 - 0.75)
    timid = 1e-9 * torch.eye(4)
    assert confidence_gap(timid, torch.arange(4)).item() == pytest.approx(0.25 - 1)
