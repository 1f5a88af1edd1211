"""Masks that keep a prefix: lengths, their chances, and what is drawn."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout.masks import apply_masks
from runtheory.dropout.ordered import draw_lengths, draw_ordered_masks, keep_chances, prefix_masks
from runtheory.randomness import stream

UNEVEN = torch.tensor([0.5, 0.0, 0.3, 0.2], dtype=torch.float64)


@given(
    samples=st.integers(1, 5),
    batch=st.integers(1, 4),
    width=st.integers(1, 7),
    seed=st.integers(0, 99),
    shared=st.booleans(),
)
def test_masks_keep_a_prefix_and_are_reproducible_and_shared_only_if_asked(
    samples, batch, width, seed, shared
) -> None:
    weights = torch.rand(width, generator=stream(seed, "w"), dtype=torch.float64) + 0.1

    def draw():
        return draw_ordered_masks(
            samples,
            batch,
            chances=weights / weights.sum(),
            generator=stream(seed, "m"),
            batch_shared=shared,
        )

    masks = draw()
    assert masks.shape == (samples, batch, width)
    assert masks.dtype == torch.bool
    assert masks[..., 0].all()
    assert (masks[..., 1:] <= masks[..., :-1]).all()
    assert torch.equal(masks, draw())
    if shared:
        assert (masks == masks[:, :1]).all()


@given(width=st.integers(1, 9), data=st.data())
def test_prefixes_match_a_loop(width, data) -> None:
    lengths = data.draw(st.lists(st.integers(0, width), min_size=1, max_size=6))
    masks = prefix_masks(torch.tensor(lengths), width)
    for length, mask in zip(lengths, masks.tolist(), strict=True):
        assert mask == [place < length for place in range(width)]


def test_chances_of_being_kept_match_a_loop_over_the_lengths() -> None:
    kept = [sum(float(UNEVEN[length]) for length in range(place, 4)) for place in range(4)]
    assert keep_chances(UNEVEN).tolist() == pytest.approx(kept, rel=1e-15)


def test_drawn_masks_keep_each_feature_as_often_as_stated() -> None:
    """Within 5 standard errors, for a law whose tail sums differ from its sums from the front."""
    masks = draw_ordered_masks(40, 500, chances=UNEVEN, generator=stream(0, "m"))
    seen, stated = masks.double().mean((0, 1)), keep_chances(UNEVEN)
    error = (stated * (1 - stated) / 20_000).sqrt()
    assert ((seen - stated).abs() <= 5 * error).all()
    lengths = masks.sum(-1).double()
    assert abs(lengths.mean() - stated.sum()) < 5 * lengths.std() / math.sqrt(20_000)


def test_lengths_are_independent_and_those_of_chance_zero_do_not_come() -> None:
    lengths = draw_lengths((200, 100), chances=UNEVEN, generator=stream(1, "m")).double()
    assert set(lengths.unique().tolist()) == {1, 3, 4}
    centred = (lengths - lengths.mean()) / lengths.std()
    for left, right in ((centred[1:], centred[:-1]), (centred[:, 1:], centred[:, :-1])):
        assert abs((left * right).mean()) < 5 / math.sqrt(left.numel())


@pytest.mark.parametrize("place", [0, 2])
def test_all_weight_on_one_length_gives_that_length(place) -> None:
    chances = torch.zeros(3)
    chances[place] = 1
    lengths = draw_lengths((50,), chances=chances, generator=stream(0, "m"))
    assert (lengths == place + 1).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_rounded_law_still_reaches_its_end_and_keeps_its_dtype(dtype) -> None:
    even = torch.full((10,), 0.1, dtype=dtype)
    lengths = draw_lengths((2_000,), chances=even, generator=stream(0, "m"))
    assert set(lengths.tolist()) == set(range(1, 11))
    assert keep_chances(even).dtype == dtype


def test_masks_are_applied_without_a_factor() -> None:
    features = torch.randn(3, 4, generator=stream(0, "f"))
    masks = draw_ordered_masks(2, 3, chances=UNEVEN, generator=stream(0, "m"))
    dropped = apply_masks(features, masks, rate=0.0)
    assert torch.equal(dropped, torch.where(masks, features.expand(2, 3, 4), 0.0))


def test_no_draws_give_no_masks() -> None:
    assert draw_lengths((0, 2), chances=UNEVEN, generator=stream(0, "m")).shape == (0, 2)
    assert prefix_masks(torch.zeros(0, 2, dtype=torch.int64), 3).shape == (0, 2, 3)


def test_errors_say_what_came() -> None:
    generator = stream(0, "m")
    with pytest.raises(ValueError, match=r"chances must add up to one, got 0\.9"):
        keep_chances(torch.tensor([0.5, 0.4]))
    with pytest.raises(ValueError, match=r"chances must not be negative, got -0\.5"):
        draw_lengths((2,), chances=torch.tensor([1.5, -0.5]), generator=generator)
    with pytest.raises(ValueError, match="chances must be finite"):
        draw_lengths((2,), chances=torch.tensor([1.0, math.nan]), generator=generator)
    with pytest.raises(ValueError, match="chances must have at least one entry"):
        keep_chances(torch.zeros(0))
    with pytest.raises(ValueError, match="lengths must lie in 0 to 3, got 4"):
        prefix_masks(torch.tensor([1, 4]), 3)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        prefix_masks(torch.tensor([0]), 0)
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        draw_ordered_masks(0, 2, chances=UNEVEN, generator=generator)
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        draw_ordered_masks(2, 0, chances=UNEVEN, generator=generator)
