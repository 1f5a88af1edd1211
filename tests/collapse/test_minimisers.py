import math
from dataclasses import fields, replace

import pytest
import torch

from runtheory.collapse.fitting import cross_entropy_loss, fit, square_loss
from runtheory.collapse.merging import merging_count, merging_ratio, probability_margin
from runtheory.collapse.minimisers import (
    class_pressures,
    collapse_threshold,
    cross_entropy_minimiser,
    factor_lengths,
    square_minimiser,
    surviving_share,
)
from runtheory.collapse.models import FeatureModel
from runtheory.randomness import stream

FOUR = FeatureModel((5,) * 4, (5e-3,), 3e-3)
UNEVEN = FeatureModel((12, 6, 3), (8e-3,), 1e-2)


def assert_met(model, loss, minimiser, *, starts=1, scale=1.0):
    found = fit(
        model, loss, width=model.classes + 1, generator=stream(0, "fit"), starts=starts, scale=scale
    )
    for field in fields(minimiser):
        expected = getattr(minimiser, field.name)
        measured = getattr(found.minimiser, field.name)
        scale = max(float(expected.abs().max()), 0.1)
        assert float((measured - expected).abs().max()) <= 1e-5 * scale, field.name
    assert found.within_class_spread < 1e-5
    if model.layers == 1:
        assert found.certificate == pytest.approx(1, abs=1e-5)
    return found


@pytest.mark.parametrize("bias", [math.inf, 0.0, 0.1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_minimiser_is_met_by_the_optimiser(bias, smoothing):
    model = replace(FOUR, bias_penalty=bias, smoothing=smoothing)
    minimiser = cross_entropy_minimiser(model)
    assert_met(model, cross_entropy_loss, minimiser)
    off = minimiser.classifier_cosines[0, 1]
    assert float(off) == pytest.approx(-1 / 3)


@pytest.mark.parametrize("bias", [math.inf, 0.0, 0.02, 0.5, 5.0])
def test_square_minimiser_is_met_along_the_bias_path(bias):
    model = replace(FOUR, bias_penalty=bias)
    assert_met(model, square_loss, square_minimiser(model))


@pytest.mark.parametrize(
    "model",
    [
        UNEVEN,
        replace(UNEVEN, bias_penalty=0.0),
        replace(UNEVEN, layer_penalties=(1.5e-1,), feature_penalty=8e-2),
        replace(UNEVEN, layer_penalties=(1.5e-1,), feature_penalty=8e-2, bias_penalty=0.0),
    ],
)
def test_square_minimiser_is_met_for_classes_of_different_size(model):
    assert_met(model, square_loss, square_minimiser(model))


@pytest.mark.parametrize(
    "model",
    [
        replace(FOUR, layer_penalties=(2e-2, 1e-2)),
        replace(FOUR, layer_penalties=(8e-3, 6e-3, 9e-3)),
        replace(FOUR, layer_penalties=(2e-2, 1e-2), bias_penalty=0.05),
        replace(UNEVEN, layer_penalties=(2e-2, 1e-2), bias_penalty=0.0),
    ],
)
def test_deep_linear_minimiser_is_met_by_the_optimiser(model):
    found = assert_met(model, square_loss, square_minimiser(model), starts=2, scale=1.5)
    product = torch.linalg.svdvals(square_minimiser(model).scores * model.counts().sqrt())
    expected = factor_lengths(model, product)
    for row, factor in zip(expected, found.factors, strict=True):
        measured = torch.linalg.svdvals(factor)[: model.classes]
        torch.testing.assert_close(measured, row, rtol=1e-4, atol=1e-3)


def test_norms_of_the_one_layer_frames():
    model, minimiser = UNEVEN, square_minimiser(UNEVEN)
    total, weight, feature = 21, 8e-3, 1e-2
    for k, count in enumerate(model.class_counts):
        row = math.sqrt(count * feature / weight) - total * feature
        column = math.sqrt(weight / (count * feature)) - total * weight / count
        assert float(minimiser.classifier_norms[k]) ** 2 == pytest.approx(row)
        assert float(minimiser.feature_norms[k]) ** 2 == pytest.approx(column)
    off = minimiser.classifier_gram - torch.diag(minimiser.classifier_gram.diagonal())
    assert float(off.abs().max()) == 0
    assert class_pressures(model).tolist() == pytest.approx(
        [total * math.sqrt(weight * feature / n) for n in model.class_counts]
    )
    dead = FeatureModel((400, 4, 3), (1e-2,), 1e-6)
    level = (407**2) * 1e-8
    assert level < 3
    dying = replace(dead, feature_penalty=3.5 / 407**2 / 1e-2)
    assert (square_minimiser(dying).classifier_norms > 0).tolist() == [True, True, False]


def test_bias_path_cosine_and_bias():
    count, classes = 5, 4
    constant = math.sqrt(5e-3 * 3e-3)
    samples = count * classes
    edge = samples * constant / (math.sqrt(count) - samples * constant)
    for penalty in (edge / 3, edge * 0.99, edge * 1.01, 5.0, 1e6):
        minimiser = square_minimiser(replace(FOUR, bias_penalty=penalty))
        plain = math.sqrt(count) - samples * constant
        ones = max(math.sqrt(count) - samples * constant * (1 + 1 / penalty), 0)
        cosine = (ones - plain) / (plain * (classes - 1) + ones)
        assert float(minimiser.classifier_cosines[0, 1]) == pytest.approx(cosine, abs=1e-12)
        alive = math.sqrt(count) * constant / penalty
        bias = alive if ones > 0 else 1 / (classes * (1 + penalty))
        assert float(minimiser.bias[0]) == pytest.approx(bias)


def test_cross_entropy_vanishes_at_its_threshold():
    for factor, alive in ((0.999, True), (1.001, False)):
        penalty = factor / (4 * math.sqrt(5))
        model = FeatureModel((5,) * 4, (penalty,), penalty)
        minimiser = cross_entropy_minimiser(model)
        assert bool((minimiser.classifier_norms > 0).all()) is alive
        if not alive:
            assert float(minimiser.loss) == pytest.approx(math.log(4))


@pytest.mark.parametrize("layers", [1, 2, 3, 6])
def test_the_share_solves_its_equation_and_jumps_at_the_threshold(layers):
    edge = collapse_threshold(layers)
    pressure = edge * torch.tensor([0.01, 0.3, 0.9, 1 - 1e-12, 1.0, 1.5], dtype=torch.float64)
    share = surviving_share(pressure, layers=layers)
    exponent = (layers - 1) / (layers + 1)
    residual = (1 - share[:4]) * share[:4] ** exponent - pressure[:4]
    assert float(residual.abs().max()) < 1e-15
    assert share[4:].tolist() == [0, 0]
    assert float(share[3]) == pytest.approx((layers - 1) / layers, abs=1e-10)
    # The loss of the surviving root meets that of the null solution exactly there.
    u, p = (layers - 1) / layers, layers + 1
    if layers > 1:
        difference = ((1 - u) ** 2 - 1) / 2 + p / 2 * edge * u ** (2 / p)
        assert abs(difference) < 1e-15
    with pytest.raises(ValueError, match="got 0"):
        collapse_threshold(0)


def test_deep_null_solution_wins_beyond_the_threshold():
    model = FeatureModel((5,) * 4, (0.1, 0.1), 0.1)
    scale = collapse_threshold(2) / float(class_pressures(model)[0])
    for factor, alive in ((0.97, True), (1.03, False)):
        penalty = 0.1 * scale * factor
        near = FeatureModel((5,) * 4, (penalty, penalty), penalty)
        minimiser = square_minimiser(near)
        assert bool(minimiser.classifier_norms[0] > 0) is alive
        assert (float(minimiser.loss) < 0.5 - 1e-3) is alive
        found = fit(near, square_loss, width=5, generator=stream(1, "deep"), starts=3, scale=2.0)
        assert float(found.loss) >= float(minimiser.loss) - 1e-9


@pytest.mark.parametrize("bias", [math.inf, 0.0])
def test_minority_margin_and_merging(bias):
    samples, small = 2 * 16 + 3 * 4, 4
    for factor in (0.5, 0.9, 1.1):
        pressure = math.sqrt(factor * small) / samples
        model = FeatureModel((16, 16, 4, 4, 4), (pressure,), pressure, bias)
        assert merging_count(model) == pytest.approx(factor * small)
        found = fit(model, cross_entropy_loss, width=6, generator=stream(0, "minority"))
        p = found.minimiser.probabilities
        margin = max(0.0, 1 - samples * pressure / math.sqrt(small))
        assert probability_margin(model, 4) == pytest.approx(margin)
        assert float(p[3, 3] - p[2, 3]) == pytest.approx(margin, abs=1e-6)
        large = 1 - samples * pressure / 4
        assert float(p[0, 0] - p[1, 0]) == pytest.approx(large, abs=1e-6)
        apart = float((found.minimiser.scores[:, 3] - found.minimiser.scores[:, 4]).abs().max())
        assert (apart < 1e-5) is (factor > 1)


def test_merging_ratio_is_where_the_count_is_reached():
    ratio = merging_ratio(minority_count=4, minority_classes=3, majority_classes=2, pressure=0.01)
    total = 4 * (3 + 2 * ratio)
    assert (total * 0.01) ** 2 == pytest.approx(4)


def test_wrong_models_are_named():
    for change, text in [
        ({"class_counts": (5,)}, "two classes"),
        ({"class_counts": (5, 0)}, "each with a sample"),
        ({"layer_penalties": ()}, "positive"),
        ({"feature_penalty": 0.0}, "positive"),
        ({"bias_penalty": -1.0}, "bias_penalty"),
        ({"smoothing": 1.0}, "smoothing"),
    ]:
        with pytest.raises(ValueError, match=text):
            replace(FOUR, **change)
    generator = stream(0, "wrong")
    for call, text in [
        (lambda: square_minimiser(replace(FOUR, smoothing=0.1)), "smoothing 0"),
        (lambda: square_minimiser(replace(UNEVEN, bias_penalty=1.0)), "0 or infinity"),
        (lambda: cross_entropy_minimiser(UNEVEN), "one size"),
        (lambda: probability_margin(UNEVEN, 3), "two classes or more"),
        (lambda: merging_count(replace(FOUR, smoothing=0.1)), "smoothing"),
        (lambda: fit(FOUR, square_loss, width=3, generator=generator), "at least 4"),
        (lambda: fit(FOUR, square_loss, width=4, generator=generator, starts=0), "starts must be"),
        (
            lambda: merging_ratio(
                minority_count=4, minority_classes=1, majority_classes=2, pressure=0.1
            ),
            "minority_classes=1",
        ),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
