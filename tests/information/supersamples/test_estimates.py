from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtheory.information.supersamples.estimates import (
    BINARY,
    DIFFERENCE,
    FAST_RATE,
    POOLED_BOUNDS,
    SINGLE,
    Frequencies,
    PooledBound,
    estimated_bound,
    estimated_disintegrated_bound,
    interpolation_identity,
    pooled_frequencies,
)
from runtheory.information.supersamples.loss_information import (
    difference_information,
    single_information,
)
from runtheory.information.supersamples.symbols import (
    difference_symbols,
    loss_symbols,
)
from runtheory.randomness import stream


def draw(seed, replicates=40, pairs=10, training=0.1, test=0.3):
    """Losses whose training copies err with one chance and whose test copies with another."""
    generator = stream(seed, "losses")
    masks = torch.randint(2, (replicates, pairs), generator=generator)
    chances = torch.full((replicates, pairs, 2), test, dtype=torch.float64)
    chances.scatter_(2, masks[:, :, None], training)
    uniform = torch.rand(chances.shape, generator=generator, dtype=torch.float64)
    return (uniform < chances).double(), masks


def loop_information(pairs):
    """Plug-in mutual information of a list of pairs, by counting."""
    total = len(pairs)
    joint, left, right = {}, {}, {}
    for a, b in pairs:
        joint[a, b] = joint.get((a, b), 0) + 1
        left[a] = left.get(a, 0) + 1
        right[b] = right.get(b, 0) + 1
    return sum(
        n / total * math.log(n * total / (left[a] * right[b])) for (a, b), n in joint.items()
    )


def swapped(losses, masks):
    """Every pair twice: as it is, and with its copies exchanged and its mask flipped."""
    for row, marks in zip(losses.tolist(), masks.tolist(), strict=True):
        for (first, second), mark in zip(row, marks, strict=True):
            yield first, second, mark
            yield second, first, 1 - mark


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), training=st.floats(0, 0.5), test=st.floats(0, 1))
def test_pooled_informations_by_counting(seed, training, test):
    losses, masks = draw(seed, training=training, test=test)
    asked = {"generator": stream(0, "null"), "permutations": 3}
    table = list(swapped(losses, masks))
    difference = loop_information([(b - a, u) for a, b, u in table])
    single = loop_information([(a, u) for a, _, u in table])
    pair = loop_information([((a, b), u) for a, b, u in table])
    found = estimated_bound(losses, masks, **asked, kind=DIFFERENCE)
    assert found.information == pytest.approx(difference, abs=1e-12)
    assert found.information == pytest.approx(pair, abs=1e-12)
    assert found.value == pytest.approx(math.sqrt(2 * difference), abs=1e-7)
    found = estimated_bound(losses, masks, **asked, kind=SINGLE)
    assert found.information == pytest.approx(single, abs=1e-12)
    assert found.value == pytest.approx(2 * math.sqrt(2 * single), abs=1e-7)
    flipped = estimated_bound(losses.flip(2), 1 - masks, **asked, kind=DIFFERENCE)
    assert flipped.information == pytest.approx(difference, abs=1e-12)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), test=st.floats(0, 1))
def test_interpolation_identity_gives_the_observed_test_error(seed, test):
    losses, masks = draw(seed, training=0.0, test=test)
    observed = float(losses.gather(2, 1 - masks[:, :, None]).mean())
    assert interpolation_identity(losses, masks) == pytest.approx(observed, abs=1e-13)


def test_estimates_lie_above_the_observed_gap_and_outside_the_null_band():
    losses, masks = draw(1, replicates=400, training=0.05, test=0.3)
    gap = 0.25
    for kind in POOLED_BOUNDS:
        found = estimated_bound(
            losses, masks, kind=kind, generator=stream(0, "null"), permutations=40
        )
        assert found.value >= gap - 0.02
        assert found.value > found.null_high >= found.null_low >= 0
        assert found.samples == 4000
    exact = difference_information(0.95 * 0.3, 0.05 * 0.7)
    found = estimated_bound(losses, masks, generator=stream(0, "null"), kind=DIFFERENCE)
    assert found.information == pytest.approx(exact, rel=0.1)


def test_a_mask_that_says_nothing_stays_in_its_band() -> None:
    inside = 0
    for seed in range(40):
        losses, masks = draw(seed, replicates=60, training=0.2, test=0.2)
        found = estimated_bound(
            losses, masks, kind=DIFFERENCE, generator=stream(seed, "null"), permutations=40
        )
        inside += found.null_low <= found.value <= found.null_high
    assert inside >= 28


def counted_table(pairs: int) -> torch.Tensor:
    """Losses of which three in ten are one, on either copy, independently: counted, not drawn."""
    shares = {(0.0, 0.0): 0.49, (0.0, 1.0): 0.21, (1.0, 0.0): 0.21, (1.0, 1.0): 0.09}
    rows = [pair for pair, share in shares.items() for _ in range(round(share * pairs))]
    return torch.tensor(rows, dtype=torch.float64)[:, None]  # (replicate, one pair, 2)


@pytest.mark.parametrize("kind", [DIFFERENCE, SINGLE])
def test_the_bias_is_the_exact_mean_for_fair_coins(kind: PooledBound) -> None:
    """Of 420 pairs that differ, binomially many gain: the mean information is a finite sum."""
    losses, pairs, differ = counted_table(1000), 1000, 420
    chances = stats.binom.pmf(np.arange(differ + 1), differ, 0.5)
    mean = 0.0
    for gained, chance in enumerate(chances):
        shift = (2 * gained - differ) / pairs
        table = Frequencies(
            pairs, 0.3 - shift / 2, 0.3 + shift / 2, gained / pairs, (differ - gained) / pairs
        )
        mean += chance * kind.information(table)
    masks = torch.zeros(pairs, 1, dtype=torch.int64)
    found = estimated_bound(losses, masks, kind=kind, generator=stream(0, "null"), permutations=1)
    assert found.bias == pytest.approx(mean, rel=0.02)


def test_the_null_band_is_the_middle_nine_tenths_of_exchanged_masks() -> None:
    losses, masks = draw(3, replicates=60, training=0.2, test=0.2)
    found = estimated_bound(
        losses, masks, kind=DIFFERENCE, generator=stream(0, "null"), permutations=50
    )
    order = stream(0, "null")
    values = [
        DIFFERENCE.value(pooled_frequencies(losses, masks[torch.randperm(60, generator=order)]))
        for _ in range(50)
    ]
    low, high = np.quantile(values, [0.05, 0.95])
    assert (found.null_low, found.null_high) == pytest.approx((low, high), rel=1e-12)


def test_disintegrated_bound_by_counting():
    losses, masks = draw(2, replicates=24, pairs=3)
    groups = torch.arange(3).repeat_interleave(8)
    for symbols in (loss_symbols(losses), difference_symbols(losses)):
        found = estimated_disintegrated_bound(
            symbols, masks, groups, generator=stream(0, "null"), permutations=5
        )
        roots, informations = [], []
        for group in range(3):
            for pair in range(3):
                rows = (groups == group).nonzero().squeeze(1)
                table = [(int(symbols[r, pair]), int(masks[r, pair])) for r in rows]
                informations.append(loop_information(table))
                roots.append(math.sqrt(2 * informations[-1]))
        assert found.value == pytest.approx(np.mean(roots))
        assert found.information == pytest.approx(np.mean(informations))
        assert found.samples == 8


def test_disintegrated_band_shuffles_within_groups():
    # Masks and symbols differ between groups but not within: no information inside any group.
    groups = torch.arange(2).repeat_interleave(6)
    masks = groups[:, None].expand(12, 4).contiguous()
    found = estimated_disintegrated_bound(
        masks.clone(), masks, groups, generator=stream(0, "null"), permutations=20
    )
    assert found.value == 0
    assert found.null_high == 0


def test_disintegrated_floor_is_what_the_bias_says():
    generator = stream(3, "independent")
    symbols = torch.randint(2, (100, 200), generator=generator)
    masks = torch.randint(2, (100, 200), generator=generator)
    groups = torch.zeros(100, dtype=torch.int64)
    found = estimated_disintegrated_bound(
        symbols, masks, groups, generator=stream(0, "null"), permutations=40
    )
    assert found.bias == pytest.approx(1 / 200)
    assert found.information == pytest.approx(found.bias, abs=5 * found.bias * math.sqrt(2 / 200))
    # E sqrt(chi-square_1) = sqrt(2 / pi): the floor of sqrt(2 I) at 100 masks is about 0.08.
    assert found.value == pytest.approx(math.sqrt(2 / math.pi) * math.sqrt(0.01), rel=0.15)
    assert found.null_low <= found.value * 1.1
    assert found.null_high >= found.value * 0.9


def test_binary_and_fast_rate_estimates_use_the_train_error():
    losses, masks = draw(5, replicates=200, training=0.0, test=0.2)
    observed = float(losses.gather(2, 1 - masks[:, :, None]).mean())
    found = estimated_bound(
        losses, masks, generator=stream(0, "null"), permutations=2, kind=FAST_RATE
    )
    single = single_information(0.0, observed)
    assert found.value == pytest.approx(2 * single / math.log(2))
    found = estimated_bound(losses, masks, generator=stream(0, "null"), permutations=2, kind=BINARY)
    assert found.value == pytest.approx(2 * (1 - math.exp(-observed * math.log(2))))
    assert {field.name for field in fields(found)} >= {"value", "null_low", "null_high", "bias"}


def test_wrong_estimates_are_named():
    losses, masks = draw(0, replicates=4, pairs=2)
    groups = torch.tensor([0, 0, 1, 1])
    symbols = loss_symbols(losses)
    asked = {"generator": stream(0, "null"), "permutations": 2}
    for kind in POOLED_BOUNDS:
        with pytest.raises(ValueError, match="losses must be zero or one"):
            estimated_bound(losses + 0.5, masks, kind=kind, **asked)
        with pytest.raises(ValueError, match="two replicates"):
            estimated_bound(losses[:1], masks[:1], kind=kind, **asked)
        with pytest.raises((ValueError, TypeError)):
            estimated_bound(losses, masks[:, :1], kind=kind, **asked)
        with pytest.raises(ValueError, match="permutations"):
            estimated_bound(losses, masks, kind=kind, generator=stream(0, "null"), permutations=0)
    for arguments, text in [
        ((symbols - 9, masks, groups), "negative"),
        ((symbols, masks, torch.tensor([0, 0, 0, 1])), "two replicates"),
        ((symbols, masks + 2, groups), "masks must be zero or one"),
    ]:
        with pytest.raises(ValueError, match=text):
            estimated_disintegrated_bound(*arguments, **asked)
    with pytest.raises(ValueError, match="training error 0"):
        interpolation_identity(torch.ones_like(losses), masks)
