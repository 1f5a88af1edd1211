"""One pass over all masks equals a loop; training and evaluation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from runtheory.dropout.head import MultiSampleHead, body_and_head, sample_logits
from runtheory.dropout.masks import draw_masks
from runtheory.randomness import stream


def _features(batch, width, dtype=torch.float64):
    return torch.randn(batch, width, generator=stream(0, "features"), dtype=dtype)


@pytest.mark.parametrize(("samples", "batch"), [(1, 1), (1, 5), (3, 1), (3, 5), (5, 3)])
def test_one_pass_equals_a_loop_over_samples_and_examples(linear, samples, batch) -> None:
    """Batch differs from samples and features are distinct, so a transposed order would show."""
    head, features = linear(7, 4), _features(batch, 7)
    masks = draw_masks(samples, features.shape, rate=0.5, generator=stream(0, "m"))
    logits = sample_logits(head, features, masks, rate=0.5)
    assert logits.shape == (samples, batch, 4)
    for m in range(samples):
        for b in range(batch):
            expected = head((features[b] * masks[m, b] / 0.5)[None])[0]
            torch.testing.assert_close(logits[m, b], expected)


def test_evaluation_is_the_plain_head_whatever_the_masks(linear) -> None:
    plain, features = linear(7, 4), _features(5, 7)
    head = MultiSampleHead(plain, samples=3, rate=0.5)
    masks = head.draw_masks(features, generator=stream(0, "m"))
    assert head(features, masks).shape == (3, 5, 4)
    head.eval()
    assert torch.equal(head(features), plain(features))
    assert torch.equal(head(features, masks), plain(features))


def test_features_may_have_more_axes() -> None:
    head = nn.Sequential(nn.Flatten(), nn.Linear(12, 4)).double()
    features = torch.randn(5, 3, 2, 2, generator=stream(0, "f"), dtype=torch.float64)
    masks = draw_masks(2, features.shape, rate=0.3, generator=stream(0, "m"))
    logits = sample_logits(head, features, masks, rate=0.3)
    torch.testing.assert_close(logits[1], head(features * masks[1] / 0.7))


def test_batch_normalisation_in_the_head_pools_over_samples() -> None:
    """One update from pooled statistics, where a loop makes one update for each copy."""
    features = _features(6, 4)
    masks = draw_masks(3, features.shape, rate=0.5, generator=stream(0, "m"))
    pooled, looped = (nn.BatchNorm1d(4, dtype=torch.float64) for _ in range(2))
    logits = sample_logits(pooled, features, masks, rate=0.5)
    loop = torch.stack([looped(features * mask / 0.5) for mask in masks])
    rows = (features * masks / 0.5).flatten(0, 1)
    expected = (rows - rows.mean(0)) / (rows.var(0, correction=0) + pooled.eps).sqrt()
    torch.testing.assert_close(logits.flatten(0, 1), expected)
    assert not torch.allclose(logits, loop)
    updates = [norm.state_dict()["num_batches_tracked"] for norm in (pooled, looped)]
    assert updates == [1, 3]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_and_low_precision(linear, dtype) -> None:
    head = MultiSampleHead(linear(7, 4, dtype=torch.float32), samples=3, rate=0.5)
    features = _features(5, 7, torch.float32)
    masks = head.draw_masks(features, generator=stream(0, "m"))
    exact = head(features, masks)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = head(features.to(dtype), masks)
    assert logits.dtype == torch.bfloat16
    torch.testing.assert_close(logits.float(), exact, rtol=0.05, atol=0.05)


def test_errors_say_what_came(linear) -> None:
    head = MultiSampleHead(linear(7, 4), samples=3, rate=0.5)
    features = _features(5, 7)
    with pytest.raises(ValueError, match=r"needs masks, got None: draw them with draw_masks"):
        head(features)
    with pytest.raises(ValueError, match="masks must hold 3 samples, got 2"):
        head(features, draw_masks(2, features.shape, rate=0.5, generator=stream(0, "m")))
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        MultiSampleHead(linear(7, 4), samples=0, rate=0.5)
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got -0.1"):
        MultiSampleHead(linear(7, 4), samples=1, rate=-0.1)
    with pytest.raises(ValueError, match="must have a body and a head, got Linear"):
        body_and_head(nn.Linear(2, 2))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_no_hidden_synchronisation_on_cuda(linear) -> None:
    head = MultiSampleHead(linear(7, 4).cuda(), samples=3, rate=0.5)
    features = _features(5, 7).cuda()
    generator = stream(0, "m", device="cuda")
    torch.cuda.set_sync_debug_mode("error")
    try:
        head(features, head.draw_masks(features, generator=generator)).sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")
