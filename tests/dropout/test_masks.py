"""Masks drawn as a plan and applied purely."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.masks import apply_masks, draw_masks
from runtheory.randomness import stream


@given(
    samples=st.integers(1, 5),
    batch=st.integers(1, 4),
    rate=st.floats(0, 0.95),
    seed=st.integers(0, 99),
    batch_shared=st.booleans(),
)
def test_masks_are_boolean_reproducible_and_shared_only_if_asked(
    samples, batch, rate, seed, batch_shared
) -> None:
    def draw():
        return draw_masks(
            samples, (batch, 7), rate=rate, generator=stream(seed, "m"), batch_shared=batch_shared
        )

    masks = draw()
    assert masks.shape == (samples, batch, 7)
    assert masks.dtype == torch.bool
    assert torch.equal(masks, draw())
    if batch_shared:
        assert (masks == masks[:, :1]).all()
    if rate == 0:
        assert masks.all()


@pytest.mark.parametrize("samples", [1, 6])
def test_keep_frequency_and_independence(samples) -> None:
    """Means and all pair correlations of neighbouring entries lie within 5 standard errors."""
    rate = 0.3
    masks = draw_masks(samples, (400, 100), rate=rate, generator=stream(0, "m")).double()
    centred = (masks - (1 - rate)) / math.sqrt(rate * (1 - rate))
    assert abs(centred.mean()) < 5 / math.sqrt(centred.numel())
    pairs = [(centred[:, 1:], centred[:, :-1]), (centred[..., 1:], centred[..., :-1])]
    if samples > 1:
        pairs.append((centred[1:], centred[:-1]))
    for left, right in pairs:
        assert abs((left * right).mean()) < 5 / math.sqrt(left.numel())


def test_samples_differ_and_examples_differ() -> None:
    masks = draw_masks(4, (3, 64), rate=0.5, generator=stream(0, "m"))
    assert len(masks.flatten(0, 1).unique(dim=0)) == 12


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.8])
def test_one_sample_is_drawn_and_applied_bitwise_as_by_pytorch(rate) -> None:
    features = torch.randn(33, 65, generator=stream(0, "features"))
    state = stream(1, "masks").get_state()
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(state)
        theirs = torch.nn.functional.dropout(features, rate, training=True)
    masks = draw_masks(1, features.shape, rate=rate, generator=stream(1, "masks"))
    assert torch.equal(apply_masks(features, masks, rate=rate)[0], theirs)


def test_apply_matches_the_equation_in_a_loop() -> None:
    features = torch.randn(3, 5, generator=stream(0, "features"), dtype=torch.float64)
    masks = draw_masks(4, (3, 5), rate=0.4, generator=stream(0, "masks"))
    dropped = apply_masks(features, masks, rate=0.4)
    for m in range(4):
        for b in range(3):
            for j in range(5):
                expected = float(features[b, j]) / 0.6 if masks[m, b, j] else 0.0
                assert float(dropped[m, b, j]) == pytest.approx(expected, rel=1e-15)


def test_noise_has_mean_one_and_the_stated_variance() -> None:
    ones = torch.ones(1, 200_000, dtype=torch.float64)
    masks = draw_masks(2, ones.shape, rate=0.25, generator=stream(0, "m"))
    noise = apply_masks(ones, masks, rate=0.25)
    error = math.sqrt(1 / 3 / noise.numel())
    assert abs(noise.mean() - 1) < 5 * error
    fourth = ((noise - 1) ** 2).std() / math.sqrt(noise.numel())
    assert abs(((noise - 1) ** 2).mean() - 1 / 3) < 5 * fourth


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_apply_keeps_dtype_shape_and_input(dtype) -> None:
    features = torch.randn(2, 3, 4, generator=stream(0, "f")).to(dtype)
    before = features.clone()
    masks = draw_masks(5, features.shape, rate=0.5, generator=stream(0, "m"))
    dropped = apply_masks(features, masks, rate=0.5)
    assert dropped.dtype == dtype
    assert dropped.shape == (5, 2, 3, 4)
    assert torch.equal(features, before)


def test_errors_say_what_came() -> None:
    generator = stream(0, "m")
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 1.2"):
        draw_masks(1, (2, 3), rate=1.2, generator=generator)
    with pytest.raises(ValueError, match=r"got 1.0"):
        draw_masks(1, (2, 3), rate=1.0, generator=generator)
    with pytest.raises(ValueError, match=r"got nan"):
        draw_masks(1, (2, 3), rate=math.nan, generator=generator)
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        draw_masks(0, (2, 3), rate=0.5, generator=generator)
    with pytest.raises(ValueError, match=r"shape must be \(batch, feature, \.\.\.\), got \(2,\)"):
        draw_masks(1, (2,), rate=0.5, generator=generator)
