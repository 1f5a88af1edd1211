from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import digamma

from runtheory.information.measures import mutual_information as mi
from tests.information.shared import corners


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def correlated(count, correlation, seed=0):
    pair = torch.randn((2, count, 1), generator=stream(seed), dtype=torch.float64)
    return pair[0], correlation * pair[0] + math.sqrt(1 - correlation**2) * pair[1]


def test_plug_in_of_many_tables_against_loops() -> None:
    random = np.random.default_rng(1)
    tables = random.dirichlet(np.full(6, 0.3), size=(2, 5)).reshape(2, 5, 3, 2)
    tables[0, 0, 1] = 0  # an empty row
    found = mi.plug_in(tables)
    assert found.shape == (2, 5)
    for place in np.ndindex(2, 5):
        law = tables[place] / tables[place].sum()
        terms = [
            law[a, b] * math.log(law[a, b] / law[a].sum() / law[:, b].sum())
            for a, b in np.ndindex(3, 2)
            if law[a, b] > 0
        ]
        assert found[place] == pytest.approx(sum(terms), abs=1e-14)


def test_plug_in_takes_counts_and_keeps_the_digits_of_little() -> None:
    assert float(mi.plug_in(np.array([[7, 0], [0, 7]]))) == pytest.approx(math.log(2))
    assert float(mi.plug_in(np.array([[6, 3], [2, 1]]))) == 0
    excess = np.array([[1.0, -1.0], [-1.0, 1.0]]) * 1e-7
    # Half of chi square: four terms of (1e-7)^2 / 0.25, less a fourth order.
    assert float(mi.plug_in(0.25 + excess)) == pytest.approx(8e-14, rel=1e-7)


def test_plug_in_refuses_what_is_no_table() -> None:
    with pytest.raises(ValueError, match="joint must not be negative"):
        mi.plug_in(np.array([[1.0, -0.5], [0.2, 0.3]]))
    with pytest.raises(ValueError, match="total must be positive"):
        mi.plug_in(np.zeros((2, 2)))


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
        (lambda: mi.binned_entropy(corners(2), 3, low=1.0, high=1.0), "low < high"),
        (lambda: mi.binned_entropy(corners(2)[:1], 3, low=0.0, high=1.0), "at least 2 by 1"),
    ],
)
def test_wrong_arguments_of_mutual_information_are_named(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call()
