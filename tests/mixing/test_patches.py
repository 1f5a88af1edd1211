"""CutMix and Cutout on patches: what is taken, and the laws of what is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from runtheory.mixing.kernels import mixup_kernel
from runtheory.mixing.patches import (
    apply_patch_cutmix,
    apply_patch_cutout,
    draw_patch_cutmix,
    draw_patch_cutout,
    orthogonal_patches,
    patch_cutmix_kernel,
    patch_cutout_kernel,
)
from tests.mixing.batches import generator


def test_orthogonal_patches_have_their_norms_and_share_features_alone() -> None:
    patches, labels = orthogonal_patches((3, 2), (4.0, 0.25))
    signs = 2 * labels - 1
    assert labels.tolist() == [0, 1, 0, 1, 0]
    flat = (patches * signs[:, None, None]).flatten(0, 1)  # (example * patch, dimension)
    gram = flat @ flat.T
    expected = torch.diag(torch.tensor([1, 4, 0.25] * 5, dtype=torch.float64))
    for i, j in ((0, 1), (0, 2), (1, 2), (3, 4)):
        expected[3 * i, 3 * j] = expected[3 * j, 3 * i] = 1  # one feature
    torch.testing.assert_close(gram, expected)


def test_patch_cutmix_takes_the_stated_patches_and_their_share_of_the_label() -> None:
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
def test_pasted_patches_follow_their_closed_form(patches: int) -> None:
    draws = 40_000
    pasted = draw_patch_cutmix(draws, patches, generator=generator()).pasted.double()
    one, two = patch_cutmix_kernel()
    assert two == pytest.approx(mixup_kernel(1.0))
    tolerance = 5 * 0.5 / math.sqrt(draws)
    assert (pasted.mean(0) - one).abs().max() < tolerance
    assert abs((pasted[:, 0] * pasted[:, 1]).mean() - two) < tolerance


def test_removed_patches_follow_their_closed_form() -> None:
    draws = 40_000
    removed = draw_patch_cutout(draws, 5, removed=2, generator=generator())
    assert (removed.sum(1) == 2).all()
    one, two = patch_cutout_kernel(5, 2)
    assert abs(removed[:, 3].double().mean() - one) < 5 * 0.5 / math.sqrt(draws)
    both = (removed[:, 0] & removed[:, 4]).double().mean()
    assert abs(both - two) < 5 * 0.5 / math.sqrt(draws)
    assert (apply_patch_cutout(removed[:9], torch.ones(9, 5, 2)).sum((1, 2)) == 6).all()


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
def test_wrong_input_gets_a_clear_error(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
