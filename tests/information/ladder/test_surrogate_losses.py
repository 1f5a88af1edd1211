from __future__ import annotations

import math

import numpy as np
import pytest

from runtheory.information.ladder import GaussianMeanModel
from runtheory.information.ladder import binary_gaussian as bg
from runtheory.information.ladder import surrogate_losses as surrogate

GRID = [
    (dimension, samples, mean)
    for dimension in (1, 2, 3, 10, 60, 400)
    for samples in (2, 3, 10, 50, 500)
    for mean in (0.0, 0.1, 1.0, 3.0)
]


def test_surrogate_losses_against_their_means():
    model = GaussianMeanModel(4, 6, 0.9, deviation=1.3)
    random = np.random.default_rng(1)
    points = random.standard_normal((100_000, 7, 4)) * 1.3 + np.array([0.9, 0, 0, 0])
    weights = points[:, :6].mean(1)
    squared = ((weights - points[:, 6]) ** 2).sum(1) - ((weights - points[:, 0]) ** 2).sum(1)
    gap = surrogate.squared_loss_gap(model)
    assert abs(squared.mean() - gap) < 4 * squared.std() / math.sqrt(len(squared))


def test_the_squared_loss_bounds_solve_their_minimisation():
    for parameters in GRID[::4]:
        model = GaussianMeanModel(*parameters)
        scale = 1 + 1 / model.samples
        dimension, nats = model.dimension, bg.representation_information(model, model.dimension)
        x = np.geomspace(1e-4, 1e4, 40_001)
        exact = (nats + dimension * scale * x - dimension / 2 * np.log1p(2 * scale * x)) / x
        bound = surrogate.squared_loss_exact_bound(model)
        assert bound == pytest.approx(float(exact.min()), rel=1e-5)
        assert surrogate.squared_loss_bound(model) == pytest.approx(
            float((nats / x + dimension * scale**2 * x).min()), rel=1e-5
        )
        assert surrogate.squared_loss_gap(model) <= bound <= surrogate.squared_loss_bound(model)
    ratio = [
        surrogate.squared_loss_exact_bound(GaussianMeanModel(1, n, 0.0)) for n in (10_000, 40_000)
    ]
    assert ratio[0] / ratio[1] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(("dimension", "samples", "deviation"), [(1, 2, 1.0), (10, 8, 1.3)])
def test_the_generating_function_of_the_excess_against_draws(
    dimension: int, samples: int, deviation: float
) -> None:
    """E exp(-x r) for independent weights and example, at the x where it is best."""
    random = np.random.default_rng(2)
    weights = random.standard_normal((200_000, dimension)) * deviation / math.sqrt(samples)
    example = random.standard_normal((200_000, dimension)) * deviation
    excess = ((weights - example) ** 2).sum(1) - (example**2).sum(1)
    x = 0.4 / deviation**2
    values = np.exp(-x * excess)
    moment = 1 + 2 * deviation**2 / samples * (x - 2 * x**2 * deviation**2)
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean() - moment ** (-dimension / 2)) < 4 * error


def test_the_bound_of_the_excess_loss_solves_its_minimisation() -> None:
    for parameters in GRID[::4]:
        model = GaussianMeanModel(*parameters, deviation=1.3)
        x = np.linspace(1e-3, (1 + math.sqrt(1 + 4 * model.samples)) / 4 - 1e-6, 200_001)
        moment = -model.dimension / 2 * np.log1p(2 / model.samples * (x - 2 * x**2))
        nats = bg.representation_information(model, model.dimension)
        values = (nats + x * model.dimension / model.samples + moment) / x
        bound = surrogate.excess_loss_bound(model)
        assert bound == pytest.approx(1.69 * float(values.min()), rel=1e-5)
        assert bound <= 1.69 * float(values.min()) * (1 + 1e-12)
        assert bound >= surrogate.squared_loss_gap(model)


def test_the_excess_loss_has_rate_and_constant_of_the_gap() -> None:
    model = GaussianMeanModel(7, 40_000, 0.5)
    ratio = surrogate.excess_loss_bound(model) / surrogate.squared_loss_gap(model)
    assert ratio == pytest.approx(1 + 1 / (4 * 40_000), rel=1e-8)
