"""What a random subspace leaves of a squared error: by least squares, by its law, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from runtheory.capacity.random_subspaces import quadratic
from runtheory.randomness import stream


def problem(seed: int, constraints: int, parameters: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = stream(seed, "problem")
    matrix = torch.randn((constraints, parameters), generator=generator, dtype=torch.float64)
    return matrix, torch.randn(constraints, generator=generator, dtype=torch.float64)


def orthonormal(constraints: int, parameters: int) -> torch.Tensor:
    matrix, _ = problem(0, constraints, parameters)
    return torch.linalg.qr(matrix.T).Q.T


@given(seed=st.integers(0, 300), constraints=st.integers(1, 6), parameters=st.integers(1, 9))
def test_ratios_are_those_of_least_squares(seed, constraints, parameters) -> None:
    matrix, residual = problem(seed, constraints, parameters)
    directions = quadratic.draw_directions(
        parameters, directions=7, replicates=2, generator=stream(seed, "directions")
    )
    ratios = quadratic.least_ratios(matrix, residual, directions=directions)
    for replicate in range(2):
        for count in range(1, 8):
            reached = (matrix @ directions[replicate, :, :count]).numpy()
            best = np.linalg.lstsq(reached, residual.numpy(), rcond=1e-9)[0]
            left = np.square(residual.numpy() - reached @ best).sum()
            expected = left / float(residual.square().sum())
            assert float(ratios[replicate, count - 1]) == pytest.approx(expected, abs=1e-8)


def test_by_hand_as_on_the_page() -> None:
    constraints = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    directions = torch.tensor([[[0.6, 1.0], [0.0, 1.0], [0.8, 1.0]]])
    residual = torch.tensor([3.0, 4.0])
    ratios = quadratic.least_ratios(constraints, residual, directions=directions)
    torch.testing.assert_close(ratios, torch.tensor([[0.64, 0.0]], dtype=torch.float64))
    ratios = quadratic.least_ratios(constraints, residual, directions=directions.flip(2))
    torch.testing.assert_close(ratios, torch.tensor([[0.02, 0.0]], dtype=torch.float64))


@pytest.mark.parametrize(("constraints", "parameters"), [(2, 2), (5, 30), (9, 12)])
def test_mean_and_variance_of_the_law(constraints, parameters) -> None:
    matrix, residual = orthonormal(constraints, parameters), problem(1, constraints, 1)[1]
    draws = 4000
    directions = quadratic.draw_directions(
        parameters, directions=constraints, replicates=draws, generator=stream(2, "law")
    )
    ratios = quadratic.least_ratios(matrix, residual, directions=directions).numpy()
    for dimension in range(1, constraints):
        law = quadratic.ratio_distribution(constraints, dimension=dimension)
        found = ratios[:, dimension - 1]
        mean = quadratic.mean_ratio(constraints, dimension=dimension)
        assert law.mean() == pytest.approx(mean)
        assert abs(found.mean() - mean) < 5 * law.std() / math.sqrt(draws)
        variance, kurtosis = law.stats("vk")
        error = float(variance) * math.sqrt((float(kurtosis) + 2) / draws)
        assert abs(found.var() - float(variance)) < 5 * error
    assert ratios[:, -1].max() < 1e-20


def test_the_law_is_that_of_squared_normals() -> None:
    normal = np.random.default_rng(0).normal(size=(20_000, 7)) ** 2
    shares = normal[:, 4:].sum(1) / normal.sum(1)
    law = quadratic.ratio_distribution(7, dimension=4)
    for level in (0.1, 0.5, 0.9):
        below = (shares < law.ppf(level)).mean()
        assert abs(below - level) < 5 * math.sqrt(level * (1 - level) / 20_000)
    assert law.cdf(0.3) == pytest.approx(beta(1.5, 2.0).cdf(0.3))


def test_dependent_directions_add_nothing() -> None:
    matrix, residual = problem(3, 4, 6)
    one = quadratic.draw_directions(6, directions=2, replicates=1, generator=stream(3, "one"))
    again = torch.cat([one[:, :, :1], -2 * one[:, :, :1], one[:, :, 1:], torch.zeros(1, 6, 1)], 2)
    found = quadratic.least_ratios(matrix, residual, directions=again)
    expected = quadratic.least_ratios(matrix, residual, directions=one)
    torch.testing.assert_close(found, expected[:, [0, 0, 1, 1]])


def test_lengths_of_directions_do_not_matter() -> None:
    matrix, residual = problem(4, 5, 8)
    one = quadratic.draw_directions(8, directions=5, replicates=3, generator=stream(4, "one"))
    scaled = one * torch.logspace(-6, 6, 5, dtype=torch.float64)
    torch.testing.assert_close(
        quadratic.least_ratios(matrix, residual, directions=scaled),
        quadratic.least_ratios(matrix, residual, directions=one),
        atol=1e-10,
        rtol=1e-7,
    )


@pytest.mark.parametrize("first", [0.5, 1.0, 3.0])
def test_two_unequal_rows(first) -> None:
    draws = 20_000
    directions = quadratic.draw_directions(
        2, directions=1, replicates=draws, generator=stream(5, "unequal")
    )
    matrix = torch.diag(torch.tensor([first, 2.0], dtype=torch.float64))
    ratios = quadratic.least_ratios(
        matrix, torch.tensor([1.0, 0.0], dtype=torch.float64), directions=directions
    )
    error = float(ratios.std()) / math.sqrt(draws)
    assert abs(float(ratios.mean()) - 2 / (first + 2)) < 5 * error


def test_ends_of_the_mean_and_what_is_refused() -> None:
    assert [quadratic.mean_ratio(4, dimension=d) for d in (0, 1, 4, 9)] == [1.0, 0.75, 0.0, 0.0]
    for dimension in (0, 4):
        with pytest.raises(ValueError, match="dimension must lie in"):
            quadratic.ratio_distribution(4, dimension=dimension)
    matrix, residual = problem(6, 3, 4)
    directions = torch.ones(1, 4, 1)
    with pytest.raises(ValueError, match="residual_length must be positive"):
        quadratic.least_ratios(matrix, torch.zeros(3), directions=directions)
    with pytest.raises(ValueError, match="residual must have constraint = 3"):
        quadratic.least_ratios(matrix, residual[:2], directions=directions)
    with pytest.raises(ValueError, match="directions must be at least 1"):
        quadratic.draw_directions(3, directions=0, replicates=1, generator=stream(0, "none"))
