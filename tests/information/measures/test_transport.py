from __future__ import annotations

import ast
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runtheory.information.measures import divergence_estimates as estimates
from runtheory.information.measures import transport
from tests.information.shared import normal


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=12),
    st.lists(st.floats(-5, 5), min_size=1, max_size=12),
)
def test_transport_on_the_line_against_scipy(first, second):
    left = torch.tensor(first, dtype=torch.float64)
    right = torch.tensor(second, dtype=torch.float64)
    expected = stats.wasserstein_distance(first, second)
    assert float(transport.wasserstein_line(left, right)) == pytest.approx(expected, abs=1e-12)
    repeated = transport.wasserstein_line(left.repeat(3), right)
    assert float(repeated) == pytest.approx(expected, abs=1e-12)


def test_transport_on_the_line_between_normal_laws():
    """Folded normal: difference of quantiles D + t Z."""
    count = 200_000
    levels = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    quantiles = torch.special.ndtri(levels)
    found = transport.wasserstein_line(quantiles, 0.1 + 1.3 * quantiles)
    assert float(found) == pytest.approx(stats.foldnorm.mean(0.1 / 0.3, scale=0.3), rel=1e-4)


def test_transport_on_the_line_takes_rows():
    first, second = normal(4, 30), normal(4, 17, seed=2)
    rows = transport.wasserstein_line(first, second)
    for k in range(4):
        assert float(rows[k]) == float(transport.wasserstein_line(first[k], second[k]))


@pytest.mark.parametrize("dimension", [1, 2, 10])
def test_slices_of_a_shift(dimension):
    points = normal(50, dimension)
    shift = normal(1, dimension, seed=5)
    exact = float(shift.norm()) * math.gamma(dimension / 2)
    exact /= math.sqrt(math.pi) * math.gamma((dimension + 1) / 2)
    generator = torch.Generator().manual_seed(0)
    found = transport.sliced_wasserstein(
        points, points + shift, directions=4000, generator=generator
    )
    assert abs(found.value - exact) <= 4 * found.standard_error + 1e-12
    assert found.standard_error < 0.02 * float(shift.norm())


@pytest.mark.parametrize("dimension", [1, 3])
def test_exact_transport_and_what_lies_below_it(dimension):
    first, second = normal(60, dimension), normal(40, dimension, 0.7, seed=4)
    exact = transport.wasserstein(first, second)
    generator = torch.Generator().manual_seed(0)
    assert transport.sliced_wasserstein(first, second, generator=generator).value <= exact + 1e-12
    assert float((first.mean(0) - second.mean(0)).norm()) <= exact + 1e-12
    if dimension == 1:
        line = transport.wasserstein_line(first[:, 0], second[:, 0])
        assert exact == pytest.approx(float(line), abs=1e-10)
    moved = transport.wasserstein(first, first + 0.5)
    assert moved == pytest.approx(0.5 * math.sqrt(dimension), abs=1e-9)
    # A 1-Lipschitz map does not increase it.
    assert transport.wasserstein(first.tanh(), second.tanh()) <= exact + 1e-12


def test_two_samples_of_one_law_are_never_at_distance_zero():
    wide = transport.wasserstein(normal(200, 10), normal(200, 10, seed=9))
    narrow = transport.wasserstein(normal(200, 1), normal(200, 1, seed=9))
    assert narrow < 0.3 < 2 < wide


def test_importing_loads_neither_transport_solver_nor_scikit_learn():
    for module in (estimates, transport):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        names = {
            name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        }
        assert "torch" in names
        assert not {"ot", "sklearn.linear_model"} & names


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: transport.wasserstein_line(torch.zeros(0), torch.zeros(2)),
            "must not be empty, got 0 and 2",
        ),
        (
            lambda: transport.sliced_wasserstein(
                normal(5, 2), normal(5, 2), directions=1, generator=torch.Generator()
            ),
            "directions must be at least 2",
        ),
        (lambda: transport.wasserstein(normal(5, 2), normal(5, 3)), "same dimension, got 2 and 3"),
        (lambda: transport.wasserstein(normal(9, 2), normal(5, 2), most=8), "1 to 8 points, got 9"),
    ],
)
def test_wrong_arguments_of_transport_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_solver_that_stopped_early_gives_no_distance(monkeypatch) -> None:
    import ot

    def stopped(*_, **__):
        return 0.5, {"warning": "numItermax reached before optimality"}

    monkeypatch.setattr(ot, "emd2", stopped)
    with pytest.raises(RuntimeError, match="did not finish: numItermax reached"):
        transport.wasserstein(normal(4, 2), normal(4, 2, seed=1))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_points_that_are_no_numbers_have_no_distance(value: float) -> None:
    broken = normal(4, 2)
    broken[1, 0] = value
    for first, second in ((broken, normal(4, 2)), (normal(4, 2), broken)):
        with pytest.raises(ValueError, match="must be finite"):
            transport.wasserstein(first, second)
        with pytest.raises(ValueError, match="must be finite"):
            transport.sliced_wasserstein(first, second, generator=torch.Generator())
