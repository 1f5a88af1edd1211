from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from runtheory.collapse.near import (
    NearCollapse,
    central_classifier,
    deviations,
    feature_gradient,
    flow,
    settle,
    shrunken_deviations,
    trace_ratio_rate,
)
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.variability import trace_ratio
from runtheory.randomness import stream

LABELS = torch.arange(3).repeat_interleave(torch.tensor([6, 6, 6]))
MODEL = NearCollapse(LABELS, 3, 5e-3, 5e-2, 0.2)


def near_collapse_loss(
    model: NearCollapse, classifier: Tensor, features: Tensor, *, initial: Tensor
) -> Tensor:
    """Return the objective of the module's first lines."""
    samples = features.shape[1]
    loss = (classifier @ features - model.targets()).square().sum()
    loss = loss + model.feature_penalty * features.square().sum()
    loss = loss + model.proximity * (features - initial).square().sum()
    return loss / (2 * samples) + model.classifier_penalty / 2 * classifier.square().sum()


def start(seed: int = 0, width: int = 7) -> Tensor:
    return torch.randn(width, len(LABELS), generator=stream(seed, "near"), dtype=torch.float64)


def test_gradients_are_those_of_the_loss() -> None:
    initial, features = start(), start(1)
    classifier = central_classifier(MODEL, features).requires_grad_(True)
    moving = features.clone().requires_grad_(True)
    loss = near_collapse_loss(MODEL, classifier, moving, initial=initial)
    for_classifier, for_features = torch.autograd.grad(loss, [classifier, moving])
    assert float(for_classifier.abs().max()) < 1e-14
    expected = feature_gradient(MODEL, classifier.detach(), features, initial=initial)
    torch.testing.assert_close(for_features, expected)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("decay", "proximity"), [(5e-2, 0.2), (0.0, 0.5), (0.1, 0.1)])
def test_deviations_at_a_stationary_point_obey_the_identity(
    seed: int, decay: float, proximity: float
) -> None:
    model = replace(MODEL, feature_penalty=decay, proximity=proximity)
    initial = start(seed)
    classifier, features = settle(model, initial)
    gap = deviations(model, features) - shrunken_deviations(model, classifier, initial)
    assert float(gap.abs().max()) < 1e-10 * float(initial.abs().max())
    assert float(deviations(model, features).abs().max()) > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_without_proximity_the_ratio_falls_along_the_flow(seed: int) -> None:
    model = replace(MODEL, proximity=0.0)
    points = list(flow(model, start(seed), step=0.5, steps=60))
    ratios = [point.ratio for point in points]
    assert all(after < before for before, after in pairwise(ratios))
    assert points[-1].time == pytest.approx(30.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_the_trace_ratio_falls_at_the_rate_of_the_theorem(seed: int, decay: float) -> None:
    model = replace(MODEL, proximity=0.0, feature_penalty=decay)
    features = start(seed) + 2.0  # a common offset, which centring has to take away
    step = 1e-3
    before, middle, after = flow(model, features, step=step, steps=2)
    logarithms = [
        float(trace_ratio(class_statistics(point.features.T, LABELS, classes=3)).log())
        for point in (before, after)
    ]
    rate = trace_ratio_rate(model, middle.features)
    assert rate < 0
    assert (logarithms[1] - logarithms[0]) / (2 * step) == pytest.approx(rate, rel=1e-5)


def test_the_rate_is_refused_where_the_theorem_is_silent() -> None:
    with pytest.raises(ValueError, match="proximity 0, got"):
        trace_ratio_rate(MODEL, start())
    uneven = replace(MODEL, proximity=0.0, labels=torch.tensor([0] * 9 + [1] * 6 + [2] * 3))
    with pytest.raises(ValueError, match=r"got \[9, 6, 3\]"):
        trace_ratio_rate(uneven, start())


def test_the_flow_is_of_fourth_order() -> None:
    initial = start()
    ends = [list(flow(MODEL, initial, step=4 / n, steps=n))[-1].features for n in (8, 16, 64)]
    coarse, fine = (float((end - ends[2]).norm()) for end in ends[:2])
    assert 10 < coarse / fine < 26


def test_the_flow_lowers_the_loss() -> None:
    initial = start()
    points = list(flow(MODEL, initial, step=0.5, steps=40))
    losses = [
        near_collapse_loss(
            MODEL, central_classifier(MODEL, p.features), p.features, initial=initial
        )
        for p in points
    ]
    assert all(b <= a for a, b in pairwise(losses))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"classifier_penalty": 0.0}, "classifier_penalty must be positive"),
        ({"classifier_penalty": math.nan}, "classifier_penalty must be positive"),
        ({"proximity": -1.0}, "proximity must not be negative"),
        ({"proximity": math.nan}, "proximity must not be negative"),
        ({"feature_penalty": math.nan}, "feature_penalty must not be negative"),
        ({"classes": 4}, "every class"),
    ],
)
def test_impossible_near_models_are_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        replace(MODEL, **change)


def test_starts_and_steps_that_cannot_be_followed_are_refused() -> None:
    with pytest.raises(ValueError, match="one column"):
        settle(MODEL, start()[:, :5])
    with pytest.raises(ValueError, match="above zero"):
        settle(replace(MODEL, proximity=0.0, feature_penalty=0.0), start())
    with pytest.raises(ValueError, match="step"):
        next(flow(MODEL, start(), step=0.0, steps=1))
    with pytest.raises(RuntimeError, match="within 1 turns"):
        settle(MODEL, start(), limit=1)
