from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.information.layers.channels import (
    channel_contraction,
    divergence_ratio,
    drop_connect_channel,
    dropout_channel,
    local_contraction,
    product_law,
)
from runtheory.information.layers.contraction import (
    dropout,
    erasure,
)


def random_rows(generator, *shape):
    rows = generator.gamma(0.5, size=shape) + 1e-3
    return rows / rows.sum(-1, keepdims=True)


def divergence(first, second):
    return sum(p * math.log(p / q) for p, q in zip(first, second, strict=True) if p > 0)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), inputs=st.integers(2, 5), outputs=st.integers(2, 5))
def test_no_pair_of_laws_contracts_less_than_the_coefficients(seed, inputs, outputs):
    generator = np.random.default_rng(seed)
    channel = random_rows(generator, inputs, outputs)
    found = channel_contraction(channel)
    assert found.divergence <= found.total_variation + 1e-12
    for first, second in random_rows(generator, 10, 2, inputs):
        assert divergence_ratio(channel, first, second) <= found.divergence + 1e-9
        shift = np.abs((first - second) @ channel).sum() / np.abs(first - second).sum()
        assert shift <= found.total_variation + 1e-12
        assert local_contraction(channel, first) <= found.divergence + 1e-12


def test_coefficient_is_reached_by_two_symbols():
    channel = random_rows(np.random.default_rng(3), 3, 4)
    pairs, shares = [(0, 1), (0, 2), (1, 2)], np.linspace(1e-4, 1 - 1e-4, 4001)
    best = 0.0
    for i, j in pairs:
        p, q = channel[i], channel[j]
        for share in shares:
            mixture = (1 - share) * p + share * q
            best = max(best, share * (1 - share) * ((p - q) ** 2 / mixture).sum())
            law = np.array([1 - share, share])
        assert local_contraction(channel[[i, j]], law) == pytest.approx(
            share * (1 - share) * ((p - q) ** 2 / mixture).sum()
        )
    assert channel_contraction(channel).divergence == pytest.approx(best, abs=1e-7)
    assert channel_contraction(channel).divergence >= best


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_dropout_against_its_channel(rate, width):
    channel = dropout_channel(width=width, rate=rate)
    exact, closed = channel_contraction(channel), dropout(rate, width=width)
    assert exact.divergence == pytest.approx(closed.divergence, abs=1e-12)
    assert exact.total_variation == pytest.approx(1 - rate**width, abs=1e-12)
    generator = np.random.default_rng(width)
    laws = random_rows(generator, 2, width, 2)
    first, second = product_law(list(laws[0])), product_law(list(laws[1]))
    # Independent coordinates: exactly 1 - rate. Coordinates that repeat one symbol: 1 - rate^width.
    assert divergence_ratio(channel, first, second) == pytest.approx(1 - rate, abs=1e-10)
    parts = sum(divergence(p, q) for p, q in zip(*laws, strict=True))
    kept = divergence(first @ channel, second @ channel)
    assert kept == pytest.approx((1 - rate) * parts, abs=1e-12)
    repeated = np.zeros((2, 2**width))
    repeated[:, [0, -1]] = laws[:, 0]
    assert divergence_ratio(channel, repeated[0], repeated[1]) == pytest.approx(1 - rate**width)


def test_erasure_contracts_every_pair_alike():
    channel = dropout_channel(width=1, rate=0.3, symbols=4)
    generator = np.random.default_rng(0)
    for first, second in random_rows(generator, 20, 2, 4):
        assert divergence_ratio(channel, first, second) == pytest.approx(0.7, abs=1e-10)
    assert erasure(0.3).divergence == pytest.approx(0.7)
    assert erasure(1.0).divergence == 0
    assert erasure(0.0).log_divergence_lost == -math.inf


def test_hidden_zeros_contract_no_less_than_visible_erasures():
    rate = 0.4
    hidden = np.zeros((4, 4))
    for symbol in range(4):
        for mask in range(4):
            kept = bin(mask).count("1")
            hidden[symbol, symbol & mask] += rate ** (2 - kept) * (1 - rate) ** kept
    assert channel_contraction(hidden).divergence == pytest.approx(1 - rate**2)
    first, second = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])
    visible = dropout_channel(width=2, rate=rate)
    assert divergence_ratio(hidden, first, second) < divergence_ratio(visible, first, second)


def test_wrong_arguments_of_channels_are_named() -> None:
    eye, half = np.eye(2), np.array([0.5, 0.5])
    for call, text in [
        (lambda: dropout_channel(width=12, rate=0.5), "2\\^22"),
        (lambda: channel_contraction(eye * 0.9), "probability vector"),
        (lambda: channel_contraction(eye[:1]), "two inputs"),
        (lambda: divergence_ratio(eye, half, half + np.array([1e-5, -1e-5])), "1e-07 nats"),
        (lambda: divergence_ratio(eye, half, np.array([1.0, 0.0])), "supports differ"),
        (lambda: divergence_ratio(eye, half, half * 2), "sum 2"),
        (lambda: local_contraction(eye, np.array([1.0, 0.0])), "law must be positive"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises((ValueError, TypeError)):
        divergence_ratio(eye, half, np.ones(3) / 3)


def test_hidden_zeros_merge_the_erasure_with_the_symbol_zero() -> None:
    visible = dropout_channel(width=2, rate=0.3)
    merge = np.zeros((9, 4))
    for place, outputs in enumerate(product(range(3), repeat=2)):
        shown = [0 if symbol == 2 else symbol for symbol in outputs]
        merge[place, 2 * shown[0] + shown[1]] = 1
    hidden = dropout_channel(width=2, rate=0.3, visible=False)
    np.testing.assert_allclose(hidden, visible @ merge, atol=1e-15)


def test_hidden_dropout_of_one_bit_is_a_z_channel() -> None:
    channel = dropout_channel(width=1, rate=0.3, visible=False)
    np.testing.assert_allclose(channel, np.array([[1, 0], [0.3, 0.7]]))
    # 1 - sum p q / ((1 - t) p + t q) = 1 - 0.3 / (1 - 0.7 t), greatest as t falls to zero
    assert channel_contraction(channel).divergence == pytest.approx(0.7, abs=1e-12)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_drop_connect_against_a_loop_over_masks(rate: float) -> None:
    points = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])
    weights = np.array([[1.0, 1.0], [0.5, 0.0], [2.0, -1.0]])
    channel = drop_connect_channel(points, weights, rate=rate)
    masses: dict[tuple[float, ...], list[float]] = {}
    for mask in product((0, 1), repeat=6):
        chance = math.prod(1 - rate if kept else rate for kept in mask)
        kept_weights = weights * np.array(mask).reshape(3, 2)
        for row, point in enumerate(points):
            key = (*mask, *(kept_weights @ point + 0.0))
            masses.setdefault(key, [0.0, 0.0, 0.0])[row] += chance
    expected = sorted(tuple(np.round(column, 12)) for column in masses.values() if any(column))
    assert sorted(tuple(np.round(column, 12)) for column in channel.T) == expected


def test_two_points_are_told_apart_unless_all_weights_are_dropped() -> None:
    points = np.array([[0.7, -1.1], [0.2, 0.4]])
    weights = np.array([[1.0, 0.6], [-0.3, 2.0]])
    channel = drop_connect_channel(points, weights, rate=0.3)
    assert channel_contraction(channel).divergence == pytest.approx(1 - 0.3**4, abs=1e-12)


def test_points_that_differ_everywhere_may_look_alike() -> None:
    channel = drop_connect_channel(np.eye(2), np.ones((1, 2)), rate=0.3)
    # Told apart only if exactly one of the two equal weights is dropped.
    assert channel_contraction(channel).divergence == pytest.approx(2 * 0.3 * 0.7, abs=1e-12)


def test_hidden_zeros_never_keep_more() -> None:
    generator = np.random.default_rng(0)
    for width in (1, 2, 3):
        visible = dropout_channel(width=width, rate=0.4)
        hidden = dropout_channel(width=width, rate=0.4, visible=False)
        for first, second in generator.dirichlet(np.ones(2**width), size=(20, 2)):
            kept = divergence_ratio(visible, first, second)
            assert divergence_ratio(hidden, first, second) <= kept + 1e-9


def test_drop_connect_refuses_what_it_cannot_enumerate() -> None:
    with pytest.raises(ValueError, match="at most 16 weights, got 17"):
        drop_connect_channel(np.ones((2, 17)), np.ones((1, 17)), rate=0.5)
    with pytest.raises(ValueError, match="rate must lie in"):
        drop_connect_channel(np.eye(2), np.eye(2), rate=1.2)
