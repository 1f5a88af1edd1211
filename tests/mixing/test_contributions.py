"""The contributions of patches: the expected CutMix loss, its minimiser, and linear training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch

from runtheory.mixing.contributions import (
    even_contributions,
    expected_cutmix_loss,
    least_contributions,
    linear_descent,
    margin_over_time,
)

LABELS = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0], dtype=torch.float64)


def table(rows: int, columns: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, dtype=torch.float64, generator=generator)


def test_the_expected_loss_is_its_definition_written_as_loops() -> None:
    h, total = table(5, 3), 0.0
    for i, j in itertools.product(range(5), repeat=2):
        for n in range(4):
            for chosen in itertools.combinations(range(3), n):
                logit = sum(float(h[j if p in chosen else i, p]) for p in range(3))
                target = (1 - n / 3) * float(LABELS[i]) + n / 3 * float(LABELS[j])
                loss = math.log1p(math.exp(logit)) - target * logit
                total += loss / 25 / 4 / math.comb(3, n)
    assert float(expected_cutmix_loss(h, LABELS)) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("patches", [3, 4])
def test_the_minimiser_is_even_up_to_offsets_of_the_positions(patches: int) -> None:
    found = least_contributions(LABELS, table(5, patches, seed=1))
    positive, negative = even_contributions(patches, positive=0.4)
    offsets = found - (negative + (positive - negative) * LABELS[:, None])
    assert (offsets - offsets.mean(0)).abs().max() < 1e-9
    assert abs(offsets.mean(0).sum()) < 1e-9
    assert offsets.abs().max() > 0.1  # the start had offsets, which cost nothing


@pytest.mark.parametrize("positive", [0.02, 0.5, 0.7, 0.98])
@pytest.mark.parametrize("patches", [3, 16])
def test_even_contributions_are_stationary(patches: int, positive: float) -> None:
    values = even_contributions(patches, positive=positive)
    assert values[0] > 0 > values[1]
    if positive == 0.5:
        assert values[0] == pytest.approx(-values[1])


def test_linear_descent_follows_the_flow_and_keeps_the_share() -> None:
    features, noise = 4, 9.0
    patches = torch.zeros(features, 2, 1 + features, dtype=torch.float64)
    patches[:, 0, 0] = 1
    patches[:, 1, 1:] = math.sqrt(noise) * torch.eye(features, dtype=torch.float64)
    everything = torch.ones(1, 2, dtype=torch.bool)
    labels = torch.ones(features, dtype=torch.float64)
    weights = linear_descent(patches, labels, everything, learning_rate=1e-3, steps=4000)
    margins = weights @ patches.sum(1).T
    rate = (features + noise) / features
    times = 1e-3 * torch.arange(4001, dtype=torch.float64)
    assert torch.allclose(margins[:, 0], margin_over_time(rate, times), atol=3e-3)
    share = weights[1:, 0] / margins[1:, 0]
    assert torch.allclose(share, torch.full_like(share, features / (features + noise)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expected_cutmix_loss(table(4, 3), LABELS), "as many labels"),
        (lambda: even_contributions(2), "patches must be at least 3"),
        (lambda: margin_over_time(-1.0, torch.ones(2)), "not be negative"),
        (
            lambda: linear_descent(
                torch.ones(5, 1, 2, dtype=torch.float64),
                LABELS,
                torch.ones(1, 1, dtype=torch.bool),
                learning_rate=0.0,
                steps=1,
            ),
            "learning_rate must be positive",
        ),
    ],
)
def test_wrong_input_gets_a_clear_error(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
