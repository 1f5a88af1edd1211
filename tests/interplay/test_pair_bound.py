"""The bound from counts of pairs: against the estimator, its two ends, and its null law."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.information.supersamples.estimates import DIFFERENCE, estimated_bound
from runtheory.interplay.pair_bound import pair_bound
from runtheory.randomness import stream


def test_it_is_the_estimator_of_the_chapter_on_bounds() -> None:
    generator = stream(0, "losses")
    losses = (torch.rand(2, 300, 2, generator=generator) < 0.3).double()
    masks = torch.randint(2, (2, 300), generator=generator)
    known = estimated_bound(losses, masks, kind=DIFFERENCE, generator=generator, permutations=1)
    trained = losses.gather(2, masks[:, :, None]).squeeze(2)
    held = losses.sum(2) - trained
    gained, lost = int((held > trained).sum()), int((trained > held).sum())
    found = pair_bound({"pairs": 600, "gained": gained, "lost": lost})
    assert found.bound == pytest.approx(known.value, rel=1e-12)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 1000))
def test_it_lies_between_the_two_ends(gained: int, lost: int, rest: int) -> None:
    if gained + lost == 0:
        return
    found = pair_bound({"pairs": gained + lost + rest, "gained": gained, "lost": lost})
    scaled = abs(found.gap) / math.sqrt(found.disagreement)
    assert scaled - 1e-9 <= found.bound <= math.sqrt(2 * math.log(2)) * scaled + 1e-9


def test_fresh_coins_fall_into_the_band_nine_times_in_ten() -> None:
    disagreeing, pairs, rounds = 400, 5000, 4000
    gained = np.random.default_rng(0).binomial(disagreeing, 0.5, rounds)
    band = pair_bound({"pairs": pairs, "gained": disagreeing // 2, "lost": disagreeing // 2})
    counts, place = np.unique(gained, return_inverse=True)  # each bound once: it is slow
    bounds = [
        pair_bound({"pairs": pairs, "gained": count, "lost": disagreeing - count}).bound
        for count in counts
    ]
    values = np.array(bounds)[place]
    above = float((values > band.null_high).mean())
    below = float((values < band.null_low).mean())
    # The count is whole, so a tail holds 5% up to the mass of one count on either side.
    grain = 2 * 0.0399
    error = 5 * math.sqrt(0.05 * 0.95 / rounds)
    assert 0.05 - grain - error < above <= 0.05 + error
    assert below <= 0.05 + error + grain


def test_no_disagreement_is_no_bound_at_all() -> None:
    found = pair_bound({"pairs": 10, "gained": 0, "lost": 0})
    assert (found.gap, found.bound, found.null_high) == (0.0, 0.0, 0.0)


def test_counts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="fit each other"):
        pair_bound({"pairs": 10, "gained": 8, "lost": 3})


@pytest.mark.parametrize("name", ["pairs", "gained", "lost"])
@pytest.mark.parametrize("wrong", [10.9, math.nan, math.inf])
def test_counts_are_whole_and_not_cut(name: str, wrong: float) -> None:
    counts = {"pairs": 100, "gained": 10, "lost": 4}
    assert pair_bound({**counts, name: float(counts[name])}) == pair_bound(counts)
    with pytest.raises(ValueError, match=f"{name} must be a whole number, got"):
        pair_bound({**counts, name: wrong})
