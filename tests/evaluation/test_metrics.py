"""Scores against loops written from the definitions, and against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from runtheory.evaluation import (
    accuracy,
    brier_score,
    cross_entropy,
    expected_calibration_error,
    metrics,
)
from runtheory.randomness import stream
from tests.evaluation.scored import EXAMPLES, Example, draw, softmax
from tests.information.shared import unchecked
from tests.peak import peak_megabytes

SCORES = (accuracy, cross_entropy, brier_score, expected_calibration_error)


@given(EXAMPLES)
def test_scores_are_their_definitions(example: Example) -> None:
    logits, labels = draw(*example)
    rows, named = [softmax(row) for row in logits.tolist()], labels.tolist()
    count = len(rows)
    right = sum(row.index(max(row)) == label for row, label in zip(rows, named, strict=True))
    entropy = -sum(math.log(row[label]) for row, label in zip(rows, named, strict=True))
    brier = sum(
        (p - (c == label)) ** 2
        for row, label in zip(rows, named, strict=True)
        for c, p in enumerate(row)
    )
    assert accuracy(logits, labels).item() == pytest.approx(right / count, abs=1e-15)
    assert cross_entropy(logits, labels).item() == pytest.approx(entropy / count, rel=1e-10)
    assert brier_score(logits, labels).item() == pytest.approx(brier / count, abs=1e-12)


@given(EXAMPLES, st.integers(0, 1000))
def test_scores_do_not_depend_on_the_order_of_examples(example: Example, seed: int) -> None:
    logits, labels = draw(*example)
    order = torch.randperm(len(labels), generator=stream(seed, "order"))
    for score in SCORES:
        torch.testing.assert_close(score(logits[order], labels[order]), score(logits, labels))


@given(EXAMPLES)
def test_scores_lie_in_their_ranges(example: Example) -> None:
    logits, labels = draw(*example)
    assert 0 <= accuracy(logits, labels) <= 1
    assert cross_entropy(logits, labels) >= 0
    assert 0 <= brier_score(logits, labels) <= 2
    assert 0 <= expected_calibration_error(logits, labels) <= 1


def test_closed_forms_of_uniform_and_certain_predictions() -> None:
    labels = torch.arange(8) % 4
    uniform = torch.zeros(8, 4)
    assert accuracy(uniform, labels) == 0.25  # ties go to the first class
    assert cross_entropy(uniform, labels).item() == pytest.approx(math.log(4), rel=1e-15)
    assert brier_score(uniform, labels).item() == pytest.approx(0.75, rel=1e-15)
    assert expected_calibration_error(uniform, labels).item() == pytest.approx(0.0, abs=1e-15)
    certain = 1000.0 * torch.eye(4)[labels]
    assert [score(certain, labels).item() for score in SCORES] == [1, 0, 0, 0]
    wrong = certain.roll(1, dims=1)
    assert accuracy(wrong, labels) == 0
    assert cross_entropy(wrong, labels) == 1000
    assert brier_score(wrong, labels) == 2
    assert expected_calibration_error(wrong, labels) == 1


def test_scores_accumulate_in_float64() -> None:
    logits, labels = draw(1000, 3, 4)
    for score in SCORES:
        assert score(logits.float(), labels).dtype == torch.float64
        torch.testing.assert_close(
            score(logits.float(), labels), score(logits.float().double(), labels), rtol=0, atol=0
        )


@pytest.mark.parametrize("score", SCORES)
def test_inputs_that_do_not_fit_are_refused(score: Callable[..., Tensor]) -> None:
    logits = torch.zeros(3, 4)
    with pytest.raises(ValueError, match="at least one example, got none"):
        score(logits[:0], torch.zeros(0, dtype=torch.int64))
    with pytest.raises(ValueError, match="labels must lie in 0 to 3, got 4"):
        score(logits, torch.tensor([0, 1, 4]))
    with pytest.raises(ValueError, match="labels must lie in 0 to 3, got -1"):
        score(logits, torch.tensor([0, 1, -1]))


def test_lengths_must_agree() -> None:
    # Called within, because at the boundary the suite's own shape checks speak first.
    for shape, count in (((3, 4), 2), ((3,), 3)):
        with pytest.raises(ValueError, match=r"a score needs logits .* of one length"):
            metrics.check_scored(torch.zeros(shape), torch.zeros(count, dtype=torch.int64))


@pytest.mark.parametrize("score", SCORES)
def test_nan_among_the_logits_makes_every_score_nan(score: Callable[..., Tensor]) -> None:
    labels = torch.tensor([0, 1, 0])
    assert score(torch.full((3, 4), torch.nan), labels).isnan()
    one = torch.eye(3, 4)
    one[1, 2] = torch.nan
    assert score(one, labels).isnan()


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_labels_of_any_integer_type_are_taken(
    score: Callable[..., Tensor], dtype: torch.dtype
) -> None:
    logits, labels = draw(50, 4, 3)
    assert torch.equal(score(logits, labels.to(dtype)), score(logits, labels))


def test_what_is_no_label_and_no_logit_is_named() -> None:
    check = unchecked(metrics.check_scored)
    for labels in (torch.tensor([0.5, 1.0]), torch.tensor([True, False])):
        with pytest.raises(TypeError, match="labels must be integers"):
            check(torch.zeros(2, 4), labels)
    with pytest.raises(TypeError, match="logits must be a float tensor, got torch"):
        check(torch.zeros(2, 4, dtype=torch.int64), torch.tensor([0, 1]))
    with pytest.raises(TypeError, match="logits must be a tensor, got list"):
        check([[0.0, 1.0]], torch.tensor([0, 1]))


@pytest.mark.parametrize("score", SCORES)
def test_blocks_change_nothing(score: Callable[..., Tensor], monkeypatch: Any) -> None:
    logits, labels = draw(101, 5, 9)
    whole = score(logits, labels)
    monkeypatch.setattr(metrics, "BLOCK", 5 * 7)
    torch.testing.assert_close(score(logits, labels), whole, rtol=1e-14, atol=0)
    monkeypatch.setattr(metrics, "BLOCK", 1)  # less than one example: one at a time
    torch.testing.assert_close(score(logits, labels), whole, rtol=1e-14, atol=0)


@pytest.mark.parametrize("name", ["brier_score", "expected_calibration_error", "cross_entropy"])
def test_no_second_array_of_the_size_of_the_logits_is_held(name: str) -> None:
    extra = peak_megabytes(f"""
        import torch
        from runtheory.evaluation import {name}
        logits = torch.zeros(25_000, 1_000).normal_()  # 95 MiB
        labels = torch.zeros(25_000, dtype=torch.int64)
        {name}(logits[:2000], labels[:2000])  # what the libraries keep for themselves
        start()
        {name}(logits, labels)
    """)
    assert extra < 48  # with the logits themselves half as much again


@pytest.mark.parametrize("score", SCORES)
def test_nothing_is_read_where_tensors_hold_no_numbers(score: Callable[..., Tensor]) -> None:
    with FakeTensorMode():
        found = score(torch.empty(6, 3, device="meta"), torch.zeros(6).long().to("meta"))
    assert found.device.type == "meta"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_scores_do_not_wait_for_the_device() -> None:
    logits, labels = draw(200, 5, 0)
    on_device = logits.cuda(), labels.cuda()
    torch.cuda.set_sync_debug_mode("error")
    try:
        scores = [score(*on_device) for score in SCORES]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for score, found in zip(SCORES, scores, strict=True):
        torch.testing.assert_close(found.cpu(), score(logits, labels))
