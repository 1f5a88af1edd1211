import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.information.ladder.noisy_descent import (
    NoisyDescent,
    excess_bound,
    iterate_information,
    path_information,
    path_information_given_others,
    recursion_information,
    responses,
    squared_gap,
    squared_test_loss,
    step_information,
)

MODELS = st.builds(
    NoisyDescent,
    dimension=st.integers(1, 20),
    samples=st.integers(2, 30),
    steps=st.integers(1, 60),
    learning_rate=st.floats(0.01, 1.9),
    noise=st.floats(0.01, 5),
    deviation=st.floats(0.1, 3),
    start=st.floats(0, 4),
)


def unrolled(model: NoisyDescent) -> np.ndarray:
    """The matrix that takes (A_1 .. A_n, xi_1 .. xi_T) of one coordinate to (W_1 .. W_T)."""
    rows = np.zeros((model.steps + 1, model.samples + model.steps))
    for t in range(1, model.steps + 1):
        rows[t] = (1 - model.learning_rate) * rows[t - 1]
        rows[t, : model.samples] += model.learning_rate / model.samples
        rows[t, model.samples + t - 1] += model.noise
    return rows[1:]


def log_det_information(model: NoisyDescent, rows: np.ndarray, *, others: bool) -> float:
    """I(rows; A_1), given the other examples or not, from determinants of covariances."""
    variances = np.ones(rows.shape[1])
    variances[: model.samples] = model.deviation**2
    if others:
        variances[1 : model.samples] = 0
    known = variances.copy()
    known[0] = 0
    before, after = (np.linalg.slogdet(rows * v @ rows.T)[1] for v in (variances, known))
    return model.dimension / 2 * (before - after)


@settings(max_examples=60)
@given(MODELS)
def test_the_ladder_goes_up(model: NoisyDescent) -> None:
    ladder = [
        iterate_information(model),
        path_information(model),
        path_information_given_others(model),
        step_information(model),
    ]
    assert all(low <= high * (1 + 1e-9) for low, high in pairwise(ladder))
    ceiling = model.dimension / 2 * math.log(model.samples / (model.samples - 1))
    assert ladder[1] < ceiling
    bounds = [excess_bound(model, information) for information in ladder]
    assert all(low <= high * (1 + 1e-9) for low, high in pairwise(bounds))
    assert bounds[0] >= squared_gap(model) * (1 - 1e-6)


@pytest.mark.parametrize(
    "numbers", [(1, 2, 1, 0.5, 0.3), (3, 5, 4, 0.2, 0.1, 2.0), (2, 4, 6, 1.7, 0.8, 0.5)]
)
def test_informations_are_those_of_the_joint_covariance(numbers: tuple) -> None:
    model = NoisyDescent(*numbers)
    rows = unrolled(model)
    scaled = rows.copy()
    scaled[:, : model.samples] *= model.deviation
    np.testing.assert_allclose(responses(model), scaled, rtol=1e-12)
    for found, selected, others in [
        (iterate_information(model), rows[-1:], False),
        (path_information(model), rows, False),
        (path_information_given_others(model), rows, True),
    ]:
        expected = log_det_information(model, selected, others=others)
        assert found == pytest.approx(expected, rel=1e-8)
        slow = recursion_information(model, last=len(selected) < model.steps, others=others)
        assert slow == pytest.approx(expected, rel=1e-8)


def test_the_step_information_sums_the_squares_of_the_definition() -> None:
    model = NoisyDescent(dimension=3, samples=4, steps=7, learning_rate=0.3, noise=0.2)
    # A_i less the mean of the others: variance 1 + 1 / (n - 1) a coordinate.
    deviation = model.dimension * (1 + 1 / (model.samples - 1))
    one = model.learning_rate**2 * deviation / (2 * model.samples**2 * model.noise**2)
    assert step_information(model) == pytest.approx(model.steps * one, rel=1e-14)


def test_gap_and_test_loss_are_those_of_simulated_descents() -> None:
    model = NoisyDescent(2, 5, 6, 0.3, 0.4, deviation=1.5, start=2.0)
    generator, draws = np.random.default_rng(3), 40_000
    examples = 1.5 * generator.standard_normal((draws, 5, 2))
    weights = np.tile([2.0, 0.0], (draws, 1))
    for _ in range(model.steps):
        pull = weights - examples.mean(1)
        weights = weights - 0.3 * pull + 0.4 * generator.standard_normal((draws, 2))
    new = 1.5 * generator.standard_normal((draws, 2))
    test = ((weights - new) ** 2).sum(1)
    gaps = test - ((weights[:, None] - examples) ** 2).sum(2).mean(1)
    for values, expected in ((test, squared_test_loss(model)), (gaps, squared_gap(model))):
        assert abs(values.mean() - expected) < 4 * values.std() / math.sqrt(draws)


def test_the_excess_bound_is_a_minimum_and_near_the_gap_without_noise() -> None:
    model = NoisyDescent(10, 64, 400, 0.1, 1e-6)
    bound = excess_bound(model, iterate_information(model))
    assert 1 <= bound / squared_gap(model) < 1.01
    assert excess_bound(model, 0.0) == 0


def test_the_excess_generating_function_is_that_of_drawn_weights() -> None:
    model = NoisyDescent(2, 4, 3, 0.4, 0.5, start=1.0)
    generator, draws, x = np.random.default_rng(0), 200_000, 0.2
    deviation = math.sqrt(model.pull**2 / model.samples + model.spread)
    weights = np.array([(1 - model.pull) * 1.0, 0]) + deviation * generator.standard_normal(
        (draws, 2)
    )
    new = generator.standard_normal((draws, 2))
    excess = ((weights - new) ** 2).sum(1) - (new**2).sum(1)
    drawn = (1.3 + x * excess.mean() + math.log(np.exp(-x * excess).mean())) / x
    assert excess_bound(model, 1.3) <= drawn * 1.01


def test_what_is_no_model_is_refused() -> None:
    good: dict[str, Any] = {
        "dimension": 1,
        "samples": 2,
        "steps": 1,
        "learning_rate": 0.1,
        "noise": 0.1,
    }
    for name, value in [
        ("dimension", 0),
        ("samples", 1),
        ("steps", 0),
        ("learning_rate", 2.0),
        ("learning_rate", math.nan),
        ("noise", 0.0),
        ("deviation", -1.0),
        ("start", -1.0),
        ("start", math.inf),
    ]:
        with pytest.raises(ValueError, match=name):
            NoisyDescent(**{**good, name: value})
    with pytest.raises(ValueError, match="information"):
        excess_bound(NoisyDescent(**good), -1.0)
