"""The two-filter network on patches, and its descent."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from runtheory.mixing.patch_network import descend, feature_response, patch_logits, smooth_leaky
from tests.mixing.batches import generator


def test_the_activation_is_smooth_and_has_its_three_branches() -> None:
    values = torch.tensor([-2.0, 0.0, 0.5, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    out = smooth_leaky(values, slope=0.1, radius=1.0)
    expected = torch.tensor([-0.2, 0.0, 0.9 * 0.125 + 0.05, 0.55, 3 - 0.45], dtype=torch.float64)
    assert torch.allclose(out, expected)
    ends = torch.tensor([-1e-9, 1e-9, 1 - 1e-9, 1 + 1e-9], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(smooth_leaky(ends).sum(), ends)
    assert torch.allclose(slope, torch.tensor([0.1, 0.1, 1.0, 1.0], dtype=torch.float64))


def test_descent_learns_a_frequent_feature_and_leaves_its_input_alone() -> None:
    labels = torch.tensor([0.0, 1.0]).repeat(40)
    features = torch.eye(8)[:2]
    patches = 0.05 * torch.randn(80, 3, 8, generator=generator())
    patches[:, 1] += features[labels.long()]
    filters = 0.01 * torch.randn(2, 8, generator=generator(1))
    before = filters.clone()

    def plain(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return inputs, targets

    path = list(descend(filters, patches, labels, augment=plain, learning_rate=0.5, steps=60))
    assert len(path) == 61
    assert torch.equal(filters, before)
    assert torch.equal(path[0], before)
    assert ((patch_logits(path[-1], patches) > 0) == (labels > 0.5)).all()
    response = feature_response(path[-1], features)
    assert response[0] < 0 < response[1]


def test_a_descent_that_cannot_go_is_refused() -> None:
    filters, patches, labels = torch.zeros(2, 3), torch.ones(1, 2, 3), torch.ones(1)
    given = {"augment": lambda inputs, targets: (inputs, targets)}
    with pytest.raises(ValueError, match="learning_rate must be positive, got 0"):
        next(descend(filters, patches, labels, learning_rate=0.0, steps=1, **given))
    with pytest.raises(ValueError, match="steps must not be negative, got -1"):
        next(descend(filters, patches, labels, learning_rate=1.0, steps=-1, **given))
    with pytest.raises(ValueError, match="slope must lie in"):
        smooth_leaky(torch.zeros(1), slope=2.0)
