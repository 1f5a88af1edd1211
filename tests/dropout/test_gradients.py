"""Per-example gradients under single masks, against plain automatic differentiation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from runtheory.dropout.gradients import masked_gradients, trainable_parameters
from runtheory.dropout.masks import draw_masks
from runtheory.randomness import stream


def _all_gradients(net, images, labels, **options) -> torch.Tensor:
    return torch.cat(list(masked_gradients(net, images, labels, **options)))


def test_gradients_match_one_at_a_time(small_net, examples) -> None:
    """The loop reference: each example and mask by plain automatic differentiation."""
    net, (images, labels) = small_net(), examples(70)
    masks = draw_masks(3, (70, 6), rate=0.4, generator=stream(0, "m"))
    gradients = _all_gradients(net, images, labels, masks=masks, rate=0.4)
    leaves = list(net.parameters())
    assert gradients.shape == (70, 3, sum(p.numel() for p in leaves))
    for b in (0, 21, 69):
        for m in range(3):
            logits = net.head(net.body(images[b : b + 1]) * masks[m, b] / 0.6)
            loss = nn.functional.cross_entropy(logits, labels[b : b + 1])
            expected = torch.cat([g.flatten() for g in torch.autograd.grad(loss, leaves)])
            torch.testing.assert_close(gradients[b, m], expected)


def test_soft_targets_weigh_the_gradients_of_the_labels(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(5)
    masks = draw_masks(2, (5, 6), rate=0.4, generator=stream(0, "m"))
    share = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    soft = _all_gradients(net, images, share.expand(5, 4), masks=masks, rate=0.4)
    each = [
        _all_gradients(net, images, torch.full_like(labels, k), masks=masks, rate=0.4)
        for k in range(4)
    ]
    torch.testing.assert_close(soft, torch.einsum("k,kbmp->bmp", share, torch.stack(each)))


def test_a_part_of_the_parameters(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(4)
    options = {"masks": draw_masks(2, (4, 6), rate=0.4, generator=stream(0, "m")), "rate": 0.5}
    whole = _all_gradients(net, images, labels, **options)
    names = ["head.weight", "head.bias"]
    head = _all_gradients(net, images, labels, parameters=names, **options)
    torch.testing.assert_close(head, whole[..., -head.shape[-1] :])
    body = _all_gradients(net, images, labels, parameters=["body.1.weight"], **options)
    torch.testing.assert_close(body, whole[..., : body.shape[-1]])


def test_frozen_parameters_are_left_out(small_net) -> None:
    net = small_net()
    net.head.bias.requires_grad_(False)
    assert list(trainable_parameters(net, None)) == ["body.1.weight", "body.1.bias", "head.weight"]


def test_unknown_names_and_none_at_all_are_refused(small_net) -> None:
    with pytest.raises(ValueError, match=r"got \['head.wait'\]"):
        trainable_parameters(small_net(), ["head.wait"])
    with pytest.raises(ValueError, match="at least one trainable parameter, got none"):
        trainable_parameters(small_net(), [])


def test_more_masks_than_gradients_at_once(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(2)
    masks = draw_masks(65, (2, 6), rate=0.4, generator=stream(0, "m"))
    chunks = list(masked_gradients(net, images, labels, masks=masks, rate=0.4))
    assert [len(chunk) for chunk in chunks] == [1, 1]
    few = _all_gradients(net, images, labels, masks=masks[63:], rate=0.4)
    torch.testing.assert_close(torch.cat(chunks)[:, 63:], few)


def test_labels_that_fit_no_class_or_image_are_refused(small_net, examples) -> None:
    net, (images, labels) = small_net(), examples(4)
    options: dict[str, Any] = {"rate": 0.4}
    options["masks"] = draw_masks(2, (4, 6), rate=0.4, generator=stream(0, "m"))
    for bad in (-100, 4):
        wrong = torch.where(torch.arange(4) == 2, bad, labels)
        with pytest.raises(ValueError, match=f"must lie in 0 to 3, got {bad}"):
            _all_gradients(net, images, wrong, **options)
    with pytest.raises(ValueError, match=r"must have shape \(4,\), got \(5,\)|axis batch|batch"):
        _all_gradients(net, images, labels.repeat(2)[:5], **options)
    with pytest.raises(ValueError, match=r"soft labels must have shape \(4, 4\), got \(4, 3\)"):
        _all_gradients(net, images, torch.ones(4, 3) / 3, **options)
    narrow = _all_gradients(net, images, labels.to(torch.uint8), **options)
    torch.testing.assert_close(narrow, _all_gradients(net, images, labels, **options))
