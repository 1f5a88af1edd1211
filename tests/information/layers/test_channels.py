import math
from itertools import product

import numpy as np
import pytest

from runtheory.information.layers.channels import (
    channel_contraction,
    divergence_ratio,
    drop_connect_channel,
    dropout_channel,
)


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
    np.testing.assert_allclose(channel, [[1, 0], [0.3, 0.7]])
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
