"""Situations in which public code was reported wrong, each against PyTorch's own layers."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from runtheory.dropout.head import sample_logits
from runtheory.dropout.masks import apply_masks, draw_masks
from runtheory.dropout.objectives import loss_of_mean_logits, mean_of_losses


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_one_mask_is_the_dropout_of_pytorch_bit_for_bit() -> None:
    features = torch.randn(16, 32, generator=generator())
    masks = draw_masks(1, features.shape, rate=0.5, generator=generator(3))
    torch.manual_seed(3)
    kept = functional.dropout(torch.ones_like(features), 0.5) != 0
    ours = apply_masks(features, masks, rate=0.5)[0]
    torch.manual_seed(3)
    theirs = functional.dropout(features, 0.5)
    assert torch.equal(masks[0], kept)
    assert torch.equal(ours, theirs)


def test_the_loss_is_the_mean_over_heads_that_share_their_weights() -> None:
    features = torch.randn(6, 8, generator=generator())
    labels = torch.arange(6) % 3
    head = nn.Linear(8, 3)
    masks = draw_masks(5, features.shape, rate=0.4, generator=generator(1))
    logits = sample_logits(head, features, masks, rate=0.4)
    each = [functional.cross_entropy(head(features * mask / 0.6), labels) for mask in masks]
    torch.testing.assert_close(mean_of_losses(logits, labels), torch.stack(each).mean())
    averaged = torch.stack([head(features * mask / 0.6) for mask in masks]).mean(0)
    torch.testing.assert_close(
        loss_of_mean_logits(logits, labels), functional.cross_entropy(averaged, labels)
    )
    # By convexity the loss of the mean is never above: the two are not one objective.
    assert loss_of_mean_logits(logits, labels) < mean_of_losses(logits, labels)
