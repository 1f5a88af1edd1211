"""Noise of mixed gradients: unbiased sums, independent partners, and boxes that batches share."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from runtheory.instruments.box_noise import MixedGradient, box_noise, of_pairs
from runtheory.mixing import draw_cutmix
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.plans import CutmixPlan
from runtheory.randomness import stream


def linear_problem() -> MixedGradient:
    generator = stream(0, "problem")
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    images = torch.randn(40, 1, 4, 4, generator=generator)
    return MixedGradient(net, images, torch.arange(40) % 3, 3)


def test_variance_and_covariance_are_those_of_known_pairs() -> None:
    generator = stream(1, "pairs")
    common = torch.randn(300, 40, 1, 5, generator=generator, dtype=torch.float64)
    own = torch.randn(300, 40, 2, 5, generator=generator, dtype=torch.float64)
    noise = of_pairs(2 * common + own)  # five parameters: 5 * (4 + 1) and 5 * 4
    for estimate, expected in ((noise.variance, 25.0), (noise.covariance, 20.0)):
        error = float(estimate.std() / 300**0.5)
        assert abs(float(estimate.mean()) - expected) < 4 * error
        assert error < 0.3  # so that a divisor n in place of n - 1 (2.5 per cent) ...
    loop = torch.stack([pair[:, 0].var(0).sum() + pair[:, 1].var(0).sum() for pair in common + own])
    assert torch.allclose(of_pairs(common + own).variance, loop / 2)  # ... is seen exactly


def test_the_gradient_is_that_of_the_first_half_with_partners_from_the_second() -> None:
    problem = linear_problem()
    boxes = Boxes(torch.tensor([[0, 2, 0, 4]] * 6), 4, 4)
    plan = CutmixPlan(torch.arange(6), boxes)
    index = torch.randint(40, (6,), generator=stream(2, "images"))
    images, labels = problem.images[index], problem.labels[index]
    losses = []
    for one in range(3):
        mixed = images[one].clone()
        mixed[:, :2] = images[one + 3][:, :2]
        logarithms = problem.net(mixed[None]).log_softmax(1)[0]
        losses.append(-(logarithms[labels[one]] + logarithms[labels[one + 3]]) / 2)
    parts = torch.autograd.grad(torch.stack(losses).mean(), list(problem.net.parameters()))
    expected = torch.cat([part.flatten() for part in parts])
    measured = problem(plan, generator=stream(2, "images"))
    assert torch.allclose(measured, expected, atol=1e-6)


def test_own_boxes_leave_little_in_common_and_a_shared_one_more() -> None:
    problem, covariance = linear_problem(), {}
    for own in (True, False):
        draw = partial(draw_cutmix, per_image=own)
        noise = box_noise(
            problem, draw, batch=50, plans=400, groups=20, generator=stream(3, "noise")
        )
        covariance[own] = float(noise.covariance.mean())
    assert covariance[False] > 4 * abs(covariance[True])


def test_groups_that_are_not_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="got 5 in 2 groups"):
        box_noise(
            linear_problem(), draw_cutmix, batch=2, plans=5, groups=2, generator=stream(0, "noise")
        )
