from __future__ import annotations

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import Tensor

from runtheory.collapse.decomposition import least_squares_classifier, square_loss_parts
from runtheory.collapse.statistics import class_statistics
from runtheory.randomness import stream
from tests.collapse.examples import clouds

PENALTY = 0.02
GENERATOR = stream(0, "parts")
ROWS = torch.randn(3, 8, generator=GENERATOR, dtype=torch.float64)
BIAS = torch.randn(3, generator=GENERATOR, dtype=torch.float64)
CASES = [([6, 6, 6], 0.0), ([6, 6, 6], 5.0), ([3, 5, 12], 0.0), ([3, 5, 12], 5.0)]


def objective(features: Tensor, labels: Tensor, rows: Tensor, *, bias: Tensor) -> Tensor:
    """Return the penalised squared loss, sample by sample."""
    hot = torch.eye(3, dtype=torch.float64)[labels]
    loss = (features @ rows.T + bias - hot).square().sum() / (2 * len(labels))
    return loss + PENALTY / 2 * (rows.square().sum() + bias.square().sum())


@pytest.mark.parametrize(("counts", "offset"), CASES)
def test_the_squared_loss_is_the_sum_of_its_parts(counts: list[int], offset: float) -> None:
    features, labels = clouds(counts, 8, offset=offset)
    state = class_statistics(features, labels, classes=3)
    parts = square_loss_parts(state, ROWS, BIAS, penalty=PENALTY)
    whole = objective(features, labels, ROWS, bias=BIAS)
    torch.testing.assert_close(parts.total, whole, rtol=1e-11, atol=1e-12)
    best = objective(features, labels, parts.classifier, bias=parts.bias)
    torch.testing.assert_close(parts.variability + parts.alignment, best, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("counts", "offset"), CASES)
def test_the_least_squares_classifier_is_stationary(counts: list[int], offset: float) -> None:
    features, labels = clouds(counts, 8, offset=offset)
    state = class_statistics(features, labels, classes=3)
    rows, bias = least_squares_classifier(state, penalty=PENALTY)
    moving = rows.requires_grad_(True), bias.requires_grad_(True)
    loss = objective(features, labels, moving[0], bias=moving[1])
    slopes = torch.autograd.grad(loss, moving)
    assert max(float(slope.abs().max()) for slope in slopes) < 1e-11
    at_best = square_loss_parts(state, rows.detach(), bias.detach(), penalty=PENALTY)
    assert float(at_best.deviation) < 1e-24


def test_what_cannot_be_split_is_refused() -> None:
    features, labels = clouds([6, 6, 6], 8)
    state = class_statistics(features, labels, classes=3)
    with pytest.raises(ValueError, match="positive penalty"):
        square_loss_parts(state, ROWS, BIAS, penalty=0.0)
    with pytest.raises(ValueError, match="positive penalty"):
        least_squares_classifier(state, penalty=0.0)
    with pytest.raises((ValueError, TypeCheckError)):
        square_loss_parts(state, ROWS[:2], BIAS, penalty=0.1)
