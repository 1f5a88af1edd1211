"""The patch model: laws of selection, the network and its descent."""

from __future__ import annotations

import math

import pytest
import torch

from runtheory.mixing.kernels import mixup_kernel
from runtheory.mixing.patch_network import descend, feature_response, patch_logits, smooth_leaky
from runtheory.mixing.patches import (
    apply_patch_cutmix,
    apply_patch_cutout,
    draw_patch_cutmix,
    draw_patch_cutout,
    patch_cutmix_kernel,
    patch_cutout_kernel,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_patch_cutmix_takes_the_stated_patches_and_their_share_of_the_label():
    patches = torch.randn(6, 4, 3, generator=generator())
    labels = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    plan = draw_patch_cutmix(6, 4, derangement=True, generator=generator())
    mixed, targets = apply_patch_cutmix(plan, patches, labels)
    for i in range(6):
        j, count = int(plan.partner[i]), int(plan.pasted[i].sum())
        for p in range(4):
            assert torch.equal(mixed[i, p], patches[j if plan.pasted[i, p] else i, p])
        expected = (1 - count / 4) * labels[i] + count / 4 * labels[j]
        assert targets[i].item() == pytest.approx(float(expected))


@pytest.mark.parametrize("patches", [2, 3, 7])
def test_pasted_patches_follow_their_closed_form(patches):
    draws = 40_000
    pasted = draw_patch_cutmix(draws, patches, generator=generator()).pasted.double()
    one, two = patch_cutmix_kernel()
    assert two == pytest.approx(mixup_kernel(1.0))
    tolerance = 5 * 0.5 / math.sqrt(draws)
    assert (pasted.mean(0) - one).abs().max() < tolerance
    assert abs((pasted[:, 0] * pasted[:, 1]).mean() - two) < tolerance


def test_removed_patches_follow_their_closed_form():
    draws = 40_000
    removed = draw_patch_cutout(draws, 5, removed=2, generator=generator())
    assert (removed.sum(1) == 2).all()
    one, two = patch_cutout_kernel(5, 2)
    assert abs(removed[:, 3].double().mean() - one) < 5 * 0.5 / math.sqrt(draws)
    both = (removed[:, 0] & removed[:, 4]).double().mean()
    assert abs(both - two) < 5 * 0.5 / math.sqrt(draws)
    assert (apply_patch_cutout(removed[:9], torch.ones(9, 5, 2)).sum((1, 2)) == 6).all()


def test_the_activation_is_smooth_and_has_its_three_branches():
    values = torch.tensor([-2.0, 0.0, 0.5, 1.0, 3.0], dtype=torch.float64, requires_grad=True)
    out = smooth_leaky(values, slope=0.1, radius=1.0)
    expected = torch.tensor([-0.2, 0.0, 0.9 * 0.125 + 0.05, 0.55, 3 - 0.45], dtype=torch.float64)
    assert torch.allclose(out, expected)
    ends = torch.tensor([-1e-9, 1e-9, 1 - 1e-9, 1 + 1e-9], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(smooth_leaky(ends).sum(), ends)
    assert torch.allclose(slope, torch.tensor([0.1, 0.1, 1.0, 1.0], dtype=torch.float64))


def test_descent_learns_a_frequent_feature_and_leaves_its_input_alone():
    labels = torch.tensor([0.0, 1.0]).repeat(40)
    features = torch.eye(8)[:2]
    patches = 0.05 * torch.randn(80, 3, 8, generator=generator())
    patches[:, 1] += features[labels.long()]
    filters = 0.01 * torch.randn(2, 8, generator=generator(1))
    before = filters.clone()

    def plain(inputs, targets):
        return inputs, targets

    path = list(descend(filters, patches, labels, augment=plain, learning_rate=0.5, steps=60))
    assert len(path) == 61
    assert torch.equal(filters, before)
    assert torch.equal(path[0], before)
    assert ((patch_logits(path[-1], patches) > 0) == (labels > 0.5)).all()
    response = feature_response(path[-1], features)
    assert response[0] < 0 < response[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_patch_cutmix(0, 3, generator=generator()), "must be at least 1"),
        (lambda: draw_patch_cutout(2, 3, removed=4, generator=generator()), "removed must lie"),
        (
            lambda: apply_patch_cutout(torch.zeros(2, 3, dtype=torch.bool), torch.ones(2, 4, 1)),
            "plan is for",
        ),
        (lambda: patch_cutout_kernel(1, 1), "two patches"),
    ],
)
def test_wrong_input_gets_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()
