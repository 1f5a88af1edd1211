"""The fast gradient sign attack, against the gradient of a linear network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from runtheory.evaluation.attack import fast_gradient_sign


def test_the_attack_steps_by_the_sign_of_the_gradient_and_stays_in_the_scale() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).eval()
    images, labels = torch.rand(5, 3, 2, 2), torch.tensor([0, 1, 2, 0, 1])
    attacked = fast_gradient_sign(network, images, labels, radius=0.1)
    residual = network(images).softmax(1) - torch.eye(3)[labels]
    gradient = (residual @ network[1].weight).reshape(images.shape)
    assert torch.allclose(attacked, (images + 0.1 * gradient.sign()).clamp(0, 1))
    loss = nn.functional.cross_entropy
    assert loss(network(attacked), labels) > loss(network(images), labels)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(fast_gradient_sign(network, images, labels, radius=0.0), images)


def test_a_negative_radius_is_refused() -> None:
    with pytest.raises(ValueError, match="radius must not be negative"):
        fast_gradient_sign(nn.Flatten(), torch.zeros(1, 1, 1, 2), torch.tensor([0]), radius=-1.0)
