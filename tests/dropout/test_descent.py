"""Expected paths of descent under dropout, against every path listed and against sampled ones."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from runtheory.dropout import descent
from runtheory.dropout.oracle import all_masks
from runtheory.dropout.penalties import expected_squared_error
from runtheory.dropout.updates import best_decrease
from runtheory.randomness import stream

RATE = 0.3


def _data(examples=3, features=2, seed=0):
    generator = stream(seed, "regression")
    inputs = torch.randn(examples, features, generator=generator, dtype=torch.float64)
    return inputs, torch.randn(examples, generator=generator, dtype=torch.float64)


def _listed(inputs, targets, weights, *, batch, samples):
    """Every gradient of a batch with its probability, by the equation, in plain loops."""
    masks, chances = all_masks(inputs.shape[1], rate=RATE)
    one = []
    for x, y in zip(inputs, targets, strict=True):
        for choice in product(range(len(masks)), repeat=samples):
            total = torch.zeros_like(weights)
            for m in choice:
                dropped = masks[m].double() / (1 - RATE) * x
                total += (dropped @ weights - y) * dropped / samples
            one.append((total, float(chances[list(choice)].prod()) / len(inputs)))
    for drawn in product(one, repeat=batch):
        chance = 1.0
        for _, probability in drawn:
            chance *= probability
        yield sum(g for g, _ in drawn) / batch, chance


@pytest.mark.parametrize(("batch", "samples"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_one_update_has_the_listed_moments(batch, samples) -> None:
    inputs, targets = _data()
    model = descent.masked_regression(inputs, targets, rate=RATE)
    weights = torch.tensor([0.4, -0.7], dtype=torch.float64)
    state = model.start(weights)
    found = descent.update(model, state, 0.2, batch=batch, samples=samples)
    second = torch.zeros(3, 3, dtype=torch.float64)
    for gradient, chance in _listed(inputs, targets, weights, batch=batch, samples=samples):
        second += chance * model.start(weights - 0.2 * gradient)
    torch.testing.assert_close(found, second)


def test_two_updates_have_the_listed_moments() -> None:
    """The second update starts from random weights: the state carries what is needed of them."""
    inputs, targets = _data(examples=2)
    model = descent.masked_regression(inputs, targets, rate=RATE)
    weights, state = torch.tensor([0.4, -0.7], dtype=torch.float64), None
    state = model.start(weights)
    for _ in range(2):
        state = descent.update(model, state, 0.2, batch=1, samples=2)
    second = torch.zeros(3, 3, dtype=torch.float64)
    for first, chance in _listed(inputs, targets, weights, batch=1, samples=2):
        moved = weights - 0.2 * first
        for gradient, further in _listed(inputs, targets, moved, batch=1, samples=2):
            second += chance * further * model.start(moved - 0.2 * gradient)
    torch.testing.assert_close(state, second)


def test_the_excess_is_that_of_the_expected_squared_error() -> None:
    inputs, targets = _data(examples=6, features=3)
    model = descent.masked_regression(inputs, targets, rate=RATE)
    weights = torch.tensor([0.4, -0.7, 2.0], dtype=torch.float64)
    error, least = (
        expected_squared_error(inputs, targets, w, rate=RATE) for w in (weights, model.minimiser)
    )
    excess = descent.expected_excess(model, model.start(weights))
    assert float(excess) == pytest.approx(float(error - least) / 12)
    assert abs(descent.expected_excess(model, model.start(model.minimiser))) < 1e-12


def test_the_best_step_gains_what_the_theorem_says() -> None:
    inputs, targets = _data(examples=5)
    model = descent.masked_regression(inputs, targets, rate=RATE)
    weights = torch.tensor([0.4, -0.7], dtype=torch.float64)
    state = model.start(weights)
    data, mask = descent.covariances(model, state)
    gradient = model.products[:-1] @ torch.cat([weights, -torch.ones(1).double()])
    gain = best_decrease(model.hessian, gradient, data=data, mask=mask, batch=2, samples=3)
    path = descent.expected_path(model, state, updates=1, batch=2, samples=3)
    assert float(path[0] - path[1]) == pytest.approx(float(gain))
    size = descent.best_step(model, state, batch=2, samples=3)
    for other in (0.9 * size, 1.1 * size):
        worse = descent.expected_path(model, state, updates=1, batch=2, samples=3, step_size=other)
        assert worse[1] > path[1]


def test_a_path_is_the_mean_of_sampled_runs() -> None:
    inputs, targets = _data(examples=4, features=2)
    model = descent.masked_regression(inputs, targets, rate=RATE)
    generator, runs = stream(0, "runs"), 20_000
    weights = torch.zeros(runs, 2, dtype=torch.float64)
    for _ in range(5):
        rows = torch.randint(4, (runs,), generator=generator)
        masks = (torch.rand(3, runs, 2, generator=generator) < 1 - RATE).double() / (1 - RATE)
        dropped = masks * inputs[rows]
        residual = (dropped * weights).sum(2) - targets[rows]
        weights = weights - 0.1 * (residual[..., None] * dropped).mean(0)
    off = weights - model.minimiser
    excess = torch.einsum("ra,ab,rb->r", off, model.hessian, off) / 2
    path = descent.expected_path(
        model, model.start(torch.zeros(2)), updates=5, batch=1, samples=3, step_size=0.1
    )
    assert abs(float(excess.mean() - path[-1])) < 5 * float(excess.std()) / runs**0.5


def test_descent_approaches_its_diffusion_in_the_first_order() -> None:
    inputs, targets = _data(examples=5)
    model = descent.masked_regression(inputs, targets, rate=RATE)
    state = model.start(torch.ones(2))
    errors = []
    for size in (0.005, 0.0025):
        steps = round(0.4 / size)
        path = descent.expected_path(
            model, state, updates=steps, batch=1, samples=2, step_size=size
        )
        limit = descent.diffusion(model, state, time=0.4, step_size=size, batch=1, samples=2)
        errors.append(float(path[-1] - descent.expected_excess(model, limit)))
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.1)


def test_a_diffusion_without_noise_is_the_gradient_flow() -> None:
    inputs, targets = _data(examples=5)
    model = descent.masked_regression(inputs, targets, rate=RATE)
    found = descent.diffusion(
        model, model.start(torch.zeros(2)), time=0.7, step_size=0.0, batch=1, samples=1
    )
    shrunk = torch.linalg.matrix_exp(-0.7 * model.hessian)
    weights = model.minimiser - shrunk @ model.minimiser
    torch.testing.assert_close(found, model.start(weights))


def test_a_minimum_without_noise_needs_no_step() -> None:
    inputs = torch.eye(2, dtype=torch.float64)
    model = descent.masked_regression(inputs, torch.zeros(2), rate=0.0)
    assert descent.best_step(model, model.start(torch.zeros(2)), batch=1, samples=1) == 0


def test_wrong_settings_are_refused() -> None:
    inputs, targets = _data()
    model = descent.masked_regression(inputs, targets, rate=RATE)
    state = model.start(torch.zeros(2))
    with pytest.raises(ValueError, match="rate"):
        descent.masked_regression(inputs, targets, rate=1.0)
    with pytest.raises(ValueError, match="finite"):
        descent.masked_regression(inputs * float("nan"), targets, rate=RATE)
    with pytest.raises(ValueError, match="batch"):
        descent.update(model, state, 0.1, batch=0, samples=1)
    with pytest.raises(ValueError, match="time"):
        descent.diffusion(model, state, time=-1.0, step_size=0.1, batch=1, samples=1)
