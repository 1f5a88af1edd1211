from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest
import torch

from runtheory.collapse.fitting import (
    Fit,
    Loss,
    best_scale,
    cross_entropy_loss,
    fit,
    square_loss,
)
from runtheory.collapse.frames import cross_polytope
from runtheory.collapse.minimisers import (
    class_pressures,
    collapse_threshold,
    cross_entropy_minimiser,
    factor_lengths,
    square_minimiser,
)
from runtheory.collapse.models import FeatureModel, Minimiser
from runtheory.randomness import stream
from tests.collapse.examples import FOUR, UNEVEN


def fitted(model: FeatureModel, loss: Loss, *, starts: int = 1, scale: float = 1.0) -> Fit:
    draw = stream(0, "fit")
    return fit(model, loss, width=model.classes + 1, generator=draw, starts=starts, scale=scale)


def assert_met(end: Fit, minimiser: Minimiser) -> None:
    """Compare all that a minimiser says, and the certificate where there is one."""
    for field in fields(minimiser):
        expected = getattr(minimiser, field.name)
        measured = getattr(end.minimiser, field.name)
        scale = max(float(expected.abs().max()), 0.1)
        assert float((measured - expected).abs().max()) <= 1e-5 * scale, field.name
    assert end.within_class_spread < 1e-5
    if len(end.factors) == 2:
        assert end.certificate == pytest.approx(1, abs=1e-5)


def test_square_loss_is_half_the_mean_squared_residual() -> None:
    scores, targets = torch.tensor([[3.0, 1.0], [0.0, 1.0]]), torch.eye(2)
    assert float(square_loss(scores, targets)) == pytest.approx((4 + 1) / 4)


def test_cross_entropy_loss_takes_soft_targets() -> None:
    scores = torch.tensor([[math.log(3.0)], [0.0]])
    targets = torch.tensor([[0.8], [0.2]])
    expected = -(0.8 * math.log(0.75) + 0.2 * math.log(0.25))
    assert float(cross_entropy_loss(scores, targets)) == pytest.approx(expected)


@pytest.mark.parametrize("bias", [math.inf, 0.0, 0.1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_minimiser_is_met_by_the_optimiser(bias: float, smoothing: float) -> None:
    model = replace(FOUR, bias_penalty=bias, smoothing=smoothing)
    minimiser = cross_entropy_minimiser(model)
    assert_met(fitted(model, cross_entropy_loss), minimiser)
    off = minimiser.classifier_cosines[0, 1]
    assert float(off) == pytest.approx(-1 / 3)


@pytest.mark.parametrize("bias", [math.inf, 0.0, 0.02, 0.5, 5.0])
def test_square_minimiser_is_met_along_the_bias_path(bias: float) -> None:
    model = replace(FOUR, bias_penalty=bias)
    assert_met(fitted(model, square_loss), square_minimiser(model))


@pytest.mark.parametrize(
    "model",
    [
        UNEVEN,
        replace(UNEVEN, bias_penalty=0.0),
        replace(UNEVEN, layer_penalties=(1.5e-1,), feature_penalty=8e-2),
        replace(UNEVEN, layer_penalties=(1.5e-1,), feature_penalty=8e-2, bias_penalty=0.0),
    ],
)
def test_square_minimiser_is_met_for_classes_of_different_size(model: FeatureModel) -> None:
    assert_met(fitted(model, square_loss), square_minimiser(model))


@pytest.mark.parametrize(
    "model",
    [
        replace(FOUR, layer_penalties=(2e-2, 1e-2)),
        replace(FOUR, layer_penalties=(8e-3, 6e-3, 9e-3)),
        replace(FOUR, layer_penalties=(2e-2, 1e-2), bias_penalty=0.05),
        replace(UNEVEN, layer_penalties=(2e-2, 1e-2), bias_penalty=0.0),
    ],
)
def test_deep_linear_minimiser_is_met_by_the_optimiser(model: FeatureModel) -> None:
    end = fitted(model, square_loss, starts=2, scale=1.5)
    assert_met(end, square_minimiser(model))
    product = torch.linalg.svdvals(square_minimiser(model).scores * model.counts().sqrt())
    expected = factor_lengths(model, product)
    for row, factor in zip(expected, end.factors, strict=True):
        measured = torch.linalg.svdvals(factor)[: model.classes]
        torch.testing.assert_close(measured, row, rtol=1e-4, atol=1e-3)


def test_no_fit_ends_below_the_null_solution_beyond_its_threshold() -> None:
    model = FeatureModel((5,) * 4, (0.1, 0.1), 0.1)
    for factor in (0.97, 1.03):
        penalty = 0.1 * factor * collapse_threshold(2) / float(class_pressures(model)[0])
        near = FeatureModel((5,) * 4, (penalty, penalty), penalty)
        draw = stream(1, "deep")
        end = fit(near, square_loss, width=5, generator=draw, starts=3, scale=2.0)
        assert float(end.loss) >= float(square_minimiser(near).loss) - 1e-9
        assert min(end.losses) == pytest.approx(float(end.loss))
        assert math.isnan(end.certificate)


def test_the_certificate_falls_below_one_at_the_null_solution() -> None:
    level = 1.5 / (4 * math.sqrt(5))
    end = fitted(replace(FOUR, layer_penalties=(level,), feature_penalty=level), cross_entropy_loss)
    assert end.certificate == pytest.approx(1 / 1.5)
    assert float(end.minimiser.scores.abs().max()) < 1e-6


def test_the_best_scale_of_a_simplex_is_that_of_the_closed_form() -> None:
    minimiser = cross_entropy_minimiser(FOUR)
    simplex = torch.eye(4, dtype=torch.float64) - 1 / 4
    scale, value = best_scale(FOUR, cross_entropy_loss, simplex)
    assert scale == pytest.approx(float(minimiser.scores[0, 0] - minimiser.scores[0, 1]), rel=1e-5)
    assert value == pytest.approx(float(minimiser.loss), rel=1e-9)


def test_with_two_layers_opposite_pairs_cost_less_than_a_simplex() -> None:
    model = FeatureModel((1,) * 6, (1e-2, 1e-2), 1e-2)
    pairs = cross_polytope(6) @ cross_polytope(6).T
    simplex = torch.eye(6, dtype=torch.float64) - 1 / 6
    _, low = best_scale(model, cross_entropy_loss, pairs)
    _, high = best_scale(model, cross_entropy_loss, simplex)
    assert low < high - 0.01
    # Written out: five logits at -a for the simplex; one at -2a and four at -a for the pairs.
    scales = torch.linspace(0.5, 8, 2001, dtype=torch.float64)
    losses = (1 + (-2 * scales).exp() + 4 * (-scales).exp()).log()
    penalty = 1.5 * 1e-2 * 3 * (2 * scales) ** (2 / 3)
    assert low == pytest.approx(float((losses + penalty).min()), rel=1e-6)


def test_fits_that_cannot_start_are_refused() -> None:
    generator = stream(0, "wrong")
    with pytest.raises(ValueError, match="at least 4"):
        fit(FOUR, square_loss, width=3, generator=generator)
    with pytest.raises(ValueError, match="starts must be"):
        fit(FOUR, square_loss, width=4, generator=generator, starts=0)


def test_a_direction_that_is_not_there_costs_nothing_at_any_depth() -> None:
    pair = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
    model = FeatureModel((1, 1), (1e-3,) * 11, 1e-3)
    scale, least = best_scale(model, cross_entropy_loss, pair)
    expected = math.log1p(math.exp(-2 * scale)) + 6 * 1e-3 * (2 * scale) ** (1 / 6)
    assert least == pytest.approx(expected, rel=1e-12)
