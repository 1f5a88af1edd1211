"""Estimates of dependence against oracles, and what is said of their errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import digamma

from runtheory.information.layers import noisy_layer as noisy
from runtheory.information.measures import mutual_information as mi


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def correlated(count, correlation, seed=0):
    pair = torch.randn((2, count, 1), generator=stream(seed), dtype=torch.float64)
    return pair[0], correlation * pair[0] + math.sqrt(1 - correlation**2) * pair[1]


def bpsk(noise):
    """I(X; X + noise Z) for a fair X in {-1, 1}, by integration."""

    def integrand(t):
        density = stats.norm.pdf(t, 1, noise)
        return density * np.logaddexp(0, -2 * t / noise**2)

    return math.log(2) - integrate.quad(integrand, 1 - 12 * noise, 1 + 12 * noise)[0]


def corners(dimension):
    grid = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * dimension)
    return grid.reshape(-1, dimension)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), min_size=2, max_size=40))
def test_the_plug_in_against_loops(pairs):
    first = torch.tensor([a for a, _ in pairs])
    second = torch.tensor([b for _, b in pairs])
    found = mi.plug_in_information(first, second)
    nats, size = 0.0, len(pairs)
    for pair in set(pairs):
        joint = pairs.count(pair) / size
        row = sum(a == pair[0] for a, _ in pairs) / size
        column = sum(b == pair[1] for _, b in pairs) / size
        nats += joint * math.log(joint / (row * column))
    assert found.value == pytest.approx(nats, abs=1e-12)
    cells, rows = len(set(pairs)), len({a for a, _ in pairs})
    bias = (cells - rows - len({b for _, b in pairs}) + 1) / (2 * size)
    assert found.bias == pytest.approx(bias, abs=1e-15)
    assert found.corrected == found.value - found.bias
    assert math.isnan(found.null_mean)


def test_the_bias_of_the_plug_in_is_what_it_states():
    """Thirty draws of two independent fair bits: 1/60 = .0167 to first order, .0176 in truth."""
    replicates = [
        mi.plug_in_information(
            torch.randint(0, 2, (30,), generator=stream(seed)),
            torch.randint(0, 2, (30,), generator=stream(seed + 5000)),
        )
        for seed in range(500)
    ]
    values = np.array([found.value for found in replicates])
    error = values.std() / math.sqrt(len(values))
    assert replicates[0].bias == pytest.approx(1 / 60)
    assert abs(values.mean() - 1 / 60) < 4 * error + 0.002
    assert values.mean() > 5 * error
    corrected = np.array([found.corrected for found in replicates])
    assert abs(corrected.mean()) < abs(values.mean()) / 5


def test_the_null_band_holds_independent_columns_and_not_dependent_ones():
    first = torch.randint(0, 3, (300,), generator=stream(0))
    second = torch.randint(0, 3, (300,), generator=stream(1))
    nothing = mi.plug_in_information(first, second, permutations=200, generator=stream(2))
    assert nothing.null_low <= nothing.value <= nothing.null_high
    assert nothing.null_mean == pytest.approx(nothing.bias, rel=0.3)
    copied = torch.where(torch.arange(300) % 2 == 0, first, second)
    something = mi.plug_in_information(first, copied, permutations=200, generator=stream(2))
    assert something.value > 5 * something.null_high
    assert something.value > something.corrected > something.null_high


@pytest.mark.parametrize(("correlation", "slack"), [(0.0, 0.04), (0.9, 0.05), (0.99, 0.08)])
def test_neighbours_estimate_the_information_of_a_gaussian(correlation, slack):
    found = mi.neighbour_information(*correlated(3000, correlation))
    assert abs(found + 0.5 * math.log(1 - correlation**2)) < slack


def test_neighbours_against_loops():
    first, second = correlated(25, 0.6, seed=4)
    x = torch.cat([first, normal_column(25)], dim=1)
    y, k = second, 3
    total = 0.0
    for i in range(25):
        dx = (x - x[i]).abs().amax(1)
        dy = (y - y[i]).abs().amax(1)
        radius = float(torch.maximum(dx, dy).sort().values[k])
        nx = int((dx < radius).sum()) - 1
        ny = int((dy < radius).sum()) - 1
        total += digamma(nx + 1) + digamma(ny + 1)
    expected = digamma(k) + digamma(25) - total / 25
    assert mi.neighbour_information(x, y, neighbours=k) == pytest.approx(expected, abs=1e-12)


def normal_column(count):
    return torch.randn((count, 1), generator=stream(77), dtype=torch.float64)


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


def test_the_binned_entropy_of_distinct_inputs_grows_to_their_number():
    points = torch.rand((1000, 1), generator=stream(), dtype=torch.float64)
    values = [
        mi.binned_entropy(points, bins, low=0.0, high=1.0).value for bins in (1, 2, 30, 1000, 10**9)
    ]
    assert values[0] == 0
    assert values[1] == pytest.approx(math.log(2), abs=0.01)
    assert values == sorted(values)
    assert values[-1] == pytest.approx(math.log(1000), abs=1e-12)
    grid = (torch.arange(1000, dtype=torch.float64)[:, None] + 0.5) / 1000
    full = mi.binned_entropy(grid, 1000, low=0.0, high=1.0)
    assert full.value == pytest.approx(full.ceiling, abs=1e-12)
    assert full.cells == 1000
    assert full.bias == pytest.approx(-999 / 2000)


def test_the_cells_of_binned_vectors():
    points = torch.tensor([[-9.0, 0.1], [-1.0, 0.2], [1.0, 0.9], [0.99, 0.99]])
    found = mi.binned_entropy(points, 2, low=-1.0, high=1.0)
    assert found.cells == 2  # the ends and what lies beyond belong to the outermost bins
    assert found.value == pytest.approx(math.log(2))


COLUMN = torch.tensor([0, 1, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mi.plug_in_information(COLUMN, COLUMN[:2]), "got 3 and 2"),
        (lambda: mi.plug_in_information(COLUMN[:1], COLUMN[:1]), "2 entries, got 1 and 1"),
        (lambda: mi.plug_in_information(COLUMN, COLUMN, permutations=3), "a generator"),
        (lambda: mi.neighbour_information(*correlated(5, 0.1)), "5 neighbours need"),
        (
            lambda: mi.neighbour_information(*correlated(9, 0.1), neighbours=0),
            "0 neighbours need",
        ),
        (
            lambda: mi.neighbour_information(
                torch.zeros((9, 1), dtype=torch.float64), correlated(9, 0.1)[1]
            ),
            "zero variance",
        ),
        (
            lambda: mi.neighbour_information(*[part.round() for part in correlated(500, 0.1)]),
            "points coincide",
        ),
        (lambda: noisy.noisy_information(corners(1), 0.0, generator=stream()), "noise must be"),
        (
            lambda: noisy.noisy_information(corners(1), 1.0, draws=1, generator=stream()),
            "draws must be at least 2, got 1",
        ),
        (lambda: noisy.information_bracket(corners(1)[:0], 1.0), "at least one centre, got 0"),
        (lambda: noisy.information_bracket(corners(1), -1.0), "noise must be positive"),
        (lambda: mi.binned_entropy(corners(2), 3, low=1.0, high=1.0), "low < high"),
        (lambda: mi.binned_entropy(corners(2)[:1], 3, low=0.0, high=1.0), "need 2 rows"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
