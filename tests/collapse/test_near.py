from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from jaxtyping import TypeCheckError

from runtheory.collapse.decomposition import least_squares_classifier, square_loss_parts
from runtheory.collapse.near import (
    NearCollapse,
    central_classifier,
    deviations,
    feature_gradient,
    flow,
    near_collapse_loss,
    settle,
    shrunken_deviations,
)
from runtheory.collapse.statistics import class_statistics
from runtheory.randomness import stream

LABELS = torch.arange(3).repeat_interleave(torch.tensor([6, 6, 6]))
MODEL = NearCollapse(LABELS, 3, 5e-3, 5e-2, 0.2)


def start(seed=0, width=7):
    return torch.randn(width, len(LABELS), generator=stream(seed, "near"), dtype=torch.float64)


def test_gradients_are_those_of_the_loss():
    initial, features = start(), start(1)
    classifier = central_classifier(MODEL, features).requires_grad_(True)
    moving = features.clone().requires_grad_(True)
    loss = near_collapse_loss(MODEL, classifier, moving, initial)
    for_classifier, for_features = torch.autograd.grad(loss, [classifier, moving])
    assert float(for_classifier.abs().max()) < 1e-14
    expected = feature_gradient(MODEL, classifier.detach(), features, initial)
    torch.testing.assert_close(for_features, expected)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("decay", "proximity"), [(5e-2, 0.2), (0.0, 0.5), (0.1, 0.1)])
def test_deviations_at_a_stationary_point_obey_the_identity(seed, decay, proximity):
    model = replace(MODEL, feature_penalty=decay, proximity=proximity)
    initial = start(seed)
    classifier, features = settle(model, initial)
    gap = deviations(model, features) - shrunken_deviations(model, classifier, initial)
    assert float(gap.abs().max()) < 1e-10 * float(initial.abs().max())
    assert float(deviations(model, features).abs().max()) > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_without_proximity_the_ratio_falls_along_the_flow(seed):
    model = replace(MODEL, proximity=0.0)
    points = list(flow(model, start(seed), step=0.5, steps=60))
    ratios = [point.ratio for point in points]
    assert all(after < before for before, after in pairwise(ratios))
    assert points[-1].time == pytest.approx(30.0)


def test_the_flow_is_of_fourth_order_and_lowers_the_loss():
    initial = start()
    ends = [list(flow(MODEL, initial, step=4 / n, steps=n))[-1].features for n in (8, 16, 64)]
    coarse, fine = (float((end - ends[2]).norm()) for end in ends[:2])
    assert 10 < coarse / fine < 26
    points = list(flow(MODEL, initial, step=0.5, steps=40))
    losses = [
        near_collapse_loss(MODEL, central_classifier(MODEL, p.features), p.features, initial)
        for p in points
    ]
    assert all(b <= a for a, b in pairwise(losses))


def test_wrong_near_models_are_named():
    for change, text in [
        ({"classifier_penalty": 0.0}, "positive"),
        ({"proximity": -1.0}, "not negative"),
        ({"classes": 4}, "every class"),
    ]:
        with pytest.raises(ValueError, match=text):
            replace(MODEL, **change)
    with pytest.raises(ValueError, match="one column"):
        settle(MODEL, start()[:, :5])
    with pytest.raises(ValueError, match="above zero"):
        settle(replace(MODEL, proximity=0.0, feature_penalty=0.0), start())
    with pytest.raises(ValueError, match="step"):
        next(flow(MODEL, start(), step=0.0, steps=1))
    with pytest.raises(RuntimeError, match="within 1 turns"):
        settle(MODEL, start(), limit=1)


@pytest.mark.parametrize("offset", [0.0, 5.0])
@pytest.mark.parametrize("counts", [(6, 6, 6), (3, 5, 12)])
def test_the_squared_loss_is_the_sum_of_its_parts(counts, offset):
    generator = stream(0, "parts")
    labels = torch.arange(3).repeat_interleave(torch.tensor(counts))
    features = torch.randn(len(labels), 8, generator=generator, dtype=torch.float64) + offset
    classifier = torch.randn(3, 8, generator=generator, dtype=torch.float64)
    bias = torch.randn(3, generator=generator, dtype=torch.float64)
    state = class_statistics(features, labels, classes=3)
    parts = square_loss_parts(state, classifier, bias, penalty=0.02)
    hot = torch.eye(3, dtype=torch.float64)[labels]

    def objective(weights, shift):
        loss = (features @ weights.T + shift - hot).square().sum() / (2 * len(labels))
        return loss + 0.01 * (weights.square().sum() + shift.square().sum())

    torch.testing.assert_close(parts.total, objective(classifier, bias), rtol=1e-12, atol=1e-12)
    best = objective(parts.classifier, parts.bias)
    torch.testing.assert_close(parts.variability + parts.alignment, best, rtol=1e-12, atol=1e-12)
    moving = parts.classifier.requires_grad_(True), parts.bias.requires_grad_(True)
    slopes = torch.autograd.grad(objective(*moving), moving)
    assert max(float(slope.abs().max()) for slope in slopes) < 1e-12
    at_best = square_loss_parts(state, parts.classifier.detach(), parts.bias.detach(), penalty=0.02)
    assert float(at_best.deviation) < 1e-25
    with pytest.raises(ValueError, match="positive penalty"):
        square_loss_parts(state, classifier, bias, penalty=0.0)
    with pytest.raises(ValueError, match="positive penalty"):
        least_squares_classifier(state, penalty=0.0)
    with pytest.raises((ValueError, TypeCheckError)):
        square_loss_parts(state, classifier[:2], bias, penalty=0.1)
