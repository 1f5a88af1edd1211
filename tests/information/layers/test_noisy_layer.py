from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from runtheory.information.layers import noisy_layer as noisy
from tests.information.shared import corners, unchecked
from tests.peak import peak_megabytes


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def bpsk(noise):
    """I(X; X + noise Z) for a fair X in {-1, 1}, by integration."""

    def integrand(t):
        density = stats.norm.pdf(t, 1, noise)
        return density * np.logaddexp(0, -2 * t / noise**2)

    return math.log(2) - integrate.quad(integrand, 1 - 12 * noise, 1 + 12 * noise)[0]


@pytest.mark.parametrize("noise", [0.3, 0.8, 2.0])
def test_a_noisy_bit_and_its_bracket(noise):
    exact = bpsk(noise)
    found = noisy.noisy_information(corners(1), noise, draws=4000, generator=stream())
    assert abs(found.value - exact) < 4 * found.standard_error + 1e-9
    bracket = noisy.information_bracket(corners(1), noise)
    assert bracket.low <= exact <= bracket.high


def test_the_printed_numbers_of_the_noisy_bit():
    assert bpsk(0.8) == pytest.approx(0.44169, abs=1e-5)
    bracket = noisy.information_bracket(corners(1), 0.8)
    assert bracket.low == pytest.approx(0.316, abs=6e-4)
    assert bracket.high == pytest.approx(0.650, abs=6e-4)


def test_independent_noisy_bits_add_up():
    found = noisy.noisy_information(corners(4), 0.8, draws=400, generator=stream(1))
    assert abs(found.value - 4 * bpsk(0.8)) < 4 * found.standard_error
    assert found.standard_error < 0.02
    one, four = (noisy.information_bracket(corners(d), 0.8) for d in (1, 4))
    assert four.low == pytest.approx(4 * one.low, abs=1e-12)
    assert four.high == pytest.approx(4 * one.high, abs=1e-12)


def test_the_standard_error_is_the_spread_over_repetitions():
    runs = [
        noisy.noisy_information(corners(2), 0.8, draws=10, generator=stream(seed))
        for seed in range(300)
    ]
    spread = np.std([run.value for run in runs])
    stated = math.sqrt(np.mean([run.standard_error**2 for run in runs]))
    assert stated == pytest.approx(spread, rel=0.2)


def test_the_ends_of_the_noisy_layer():
    centres = torch.randn((60, 5), generator=stream(3), dtype=torch.float64)
    apart = noisy.noisy_information(centres, 1e-3, generator=stream())
    assert apart.value == pytest.approx(math.log(60), abs=1e-9)
    assert noisy.information_bracket(centres, 1e-3).low == pytest.approx(math.log(60), abs=1e-9)
    one = noisy.noisy_information(centres[:1].expand(60, 5), 0.5, generator=stream())
    assert one.value == pytest.approx(0, abs=1e-12)
    assert noisy.information_bracket(centres[:1].expand(60, 5), 0.5).high == pytest.approx(0)


@settings(max_examples=30)
@given(st.integers(1, 4), st.floats(0.1, 3.0), st.integers(0, 30))
def test_the_bracket_holds_the_estimate_and_does_not_depend_on_chunks(dimension, noise, seed):
    centres = torch.randn((15, dimension), generator=stream(seed), dtype=torch.float64) + 100
    bracket = noisy.information_bracket(centres, noise)
    pieces = noisy.information_bracket(centres, noise, chunk=40)
    assert bracket.low == pytest.approx(pieces.low, abs=1e-12)
    found = noisy.noisy_information(centres, noise, draws=50, generator=stream(seed))
    margin = 5 * found.standard_error + 1e-9
    assert bracket.low - margin <= found.value <= bracket.high + margin
    assert bracket.high <= math.log(15) + 1e-12


def test_chunks_draw_the_same_noise():
    centres = torch.randn((10, 2), generator=stream(3), dtype=torch.float64)
    whole = noisy.noisy_information(centres, 0.5, draws=400, generator=stream())
    parts = noisy.noisy_information(centres, 0.5, draws=400, generator=stream(), chunk=30)
    assert abs(whole.value - parts.value) < 5 * (whole.standard_error + parts.standard_error)


def test_one_centre_tells_nothing_and_gradients_are_left_alone() -> None:
    one = torch.ones(1, 3, requires_grad=True)
    bracket = noisy.information_bracket(one, 0.5)
    assert (bracket.low, bracket.high) == (0.0, 0.0)
    assert math.copysign(1, bracket.low) == 1  # no minus zero
    assert noisy.noisy_information(one, 0.5, generator=stream()).value == pytest.approx(
        0, abs=1e-12
    )


def test_the_memory_of_the_estimate_is_that_of_a_block() -> None:
    peak = peak_megabytes(
        """
        import torch
        from runtheory.information.layers.noisy_layer import noisy_information
        draw = torch.Generator().manual_seed(0)
        centres = torch.randn(10_000, 8, generator=draw)
        noisy_information(centres[:9], 0.5, draws=2, generator=draw)
        start()
        noisy_information(centres, 0.5, draws=2, generator=draw)
        """
    )
    assert peak < 150


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: noisy.noisy_information(corners(1), 0.0, generator=stream()), "noise must be"),
        (
            lambda: noisy.noisy_information(corners(1), 1.0, draws=1, generator=stream()),
            "draws must be at least 2, got 1",
        ),
        (lambda: noisy.information_bracket(corners(1)[:0], 1.0), "at least 1 by 1, got"),
        (lambda: noisy.information_bracket(corners(1) * math.nan, 1.0), "centres must be finite"),
        (lambda: noisy.information_bracket(corners(1), 1.0, chunk=0), "chunk must be at least 1"),
        (lambda: noisy.information_bracket(corners(1), math.nan), "noise must be a number"),
        (
            lambda: noisy.noisy_information(corners(1), 1.0, generator=stream(), chunk=-1),
            "chunk must be at least 1",
        ),
        (
            lambda: unchecked(noisy.information_bracket)(torch.zeros(1, 5, 2), 1.0),
            "centres must have the axes",
        ),
        (
            lambda: unchecked(noisy.noisy_information)(
                torch.zeros(2, 3, 4, 4), 1.0, generator=stream()
            ),
            "centres must have the axes",
        ),
        (lambda: noisy.information_bracket(corners(1), -1.0), "noise must be positive"),
    ],
)
def test_wrong_arguments_of_noisy_layer_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
