from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from runtheory.collapse.near import NearCollapse, central_classifier, deviations, settle
from runtheory.collapse.settled import decay_slopes, mean_pull, settled_features, settled_modes
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.variability import trace_ratio, variability_collapse
from runtheory.randomness import stream

LABELS = torch.arange(4).repeat_interleave(6)
MODEL = NearCollapse(LABELS, 4, 1e-2, 5e-2, 0.2)
MODELS = [MODEL, NearCollapse(LABELS, 4, 1e-1, 1e-1, 1.0), NearCollapse(LABELS, 4, 5e-3, 0.0, 0.1)]


def start(scale: float, seed: int = 0, width: int = 7) -> Tensor:
    """Return features whose deviations from random class means have the given scale."""
    draw = stream(seed, "settled")
    means = torch.randn(width, 4, generator=draw, dtype=torch.float64)
    noise = torch.randn(width, len(LABELS), generator=draw, dtype=torch.float64)
    return means[:, LABELS] + scale * deviations(MODEL, noise)


def measured(features: Tensor) -> tuple[float, float]:
    found = class_statistics(features.T, LABELS, classes=4)
    return float(variability_collapse(found).value), float(trace_ratio(found))


def cost(model: NearCollapse, features: Tensor, initial: Tensor) -> float:
    """Return the objective of ``near`` on the central path, times 2N."""
    classifier = central_classifier(model, features)
    value = (classifier @ features - model.targets()).square().sum()
    value = value + len(model.labels) * model.classifier_penalty * classifier.square().sum()
    value = value + model.feature_penalty * features.square().sum()
    return float(value + model.proximity * (features - initial).square().sum())


@pytest.mark.parametrize("model", MODELS)
def test_features_without_deviations_settle_where_the_modes_say(model: NearCollapse) -> None:
    initial = start(0.0)
    classifier, features = settle(model, initial, tolerance=1e-12)
    torch.testing.assert_close(settled_features(model, initial), features, rtol=1e-9, atol=1e-10)
    lengths = torch.linalg.svdvals(initial[:, ::6])
    modes = settled_modes(model, lengths)
    torch.testing.assert_close(
        torch.linalg.svdvals(classifier).sort().values, modes.classifier.sort().values
    )


@pytest.mark.parametrize("model", MODELS)
def test_what_is_left_out_is_of_second_order(model: NearCollapse) -> None:
    errors = []
    for scale in (3e-2, 3e-3):
        _, features = settle(model, start(scale), tolerance=1e-11)
        pairs = zip(
            measured(settled_features(model, start(scale))), measured(features), strict=True
        )
        errors.append(max(abs(near / exact - 1) for near, exact in pairs))
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.3)


def test_no_other_features_cost_less_than_the_settled_ones() -> None:
    initial, draw = start(0.0), stream(3, "others")
    least = cost(MODEL, settled_features(MODEL, initial), initial)
    for size in (1e-3, 1e-1, 1.0, 3.0):
        for _ in range(25):
            other = size * torch.randn(7, 4, generator=draw, dtype=torch.float64)
            assert cost(MODEL, initial + other[:, LABELS], initial) > least


def test_a_mode_obeys_its_two_equations() -> None:
    given = torch.tensor([0.3, 1.0, 4.0], dtype=torch.float64)
    modes = settled_modes(MODEL, given)
    torch.testing.assert_close(modes.classifier, modes.features / (modes.features**2 + 4e-2))
    pulled = modes.classifier * (1 - modes.classifier * modes.features)
    torch.testing.assert_close(0.25 * modes.features - 0.2 * given, pulled)
    held = 0.2 * given
    torch.testing.assert_close(modes.ratios, (held / (held + modes.classifier)).square())
    assert bool((modes.seen < modes.unseen).all())


def test_of_two_minima_the_lower_one_is_taken() -> None:
    weak = replace(MODEL, classifier_penalty=1e-3, feature_penalty=0.3, proximity=1e-3)
    grid = torch.linspace(0, 4, 400_001, dtype=torch.float64)
    for length in (0.01, 0.5, 3.0):
        value = 4e-3 / (4e-3 + grid**2) + 0.3 * grid**2 + 1e-3 * (grid - length) ** 2
        least = float(grid[value.argmin()])
        found = settled_modes(weak, torch.tensor([length], dtype=torch.float64))
        assert float(found.features) == pytest.approx(least, abs=2e-5)


@pytest.mark.parametrize("seed", range(4))
def test_sizes_of_given_means_are_the_settled_ones_less_and_plus_the_two_sides(seed: int) -> None:
    initial = start(0.7, seed)
    classifier, features = settle(MODEL, initial, tolerance=1e-12)
    pull, spent = mean_pull(MODEL, classifier, features)
    means = float((features - deviations(MODEL, features)).square().sum())
    given = float((initial - deviations(MODEL, initial)).square().sum())
    assert 0.04 * given == pytest.approx(0.0625 * means - spent + pull, rel=1e-9)
    assert pull < spent


def test_without_deviations_the_first_side_is_at_most_half_the_second() -> None:
    for model in MODELS:
        features = settled_features(model, start(0.0))
        pull, spent = mean_pull(model, central_classifier(model, features), features)
        assert 0 < pull <= spent / 2 + 1e-12


def test_what_is_refused() -> None:
    one = torch.ones(1, dtype=torch.float64)
    with pytest.raises(ValueError, match="proximity above zero"):
        settled_modes(replace(MODEL, proximity=0.0), one)
    with pytest.raises(ValueError, match="classes of one size"):
        settled_modes(NearCollapse(torch.tensor([0, 0, 1]), 2, 0.1, 0.1, 0.1), one)
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="lengths"):
            settled_modes(MODEL, wrong * one)
    with pytest.raises(ValueError, match="as many features"):
        settled_features(MODEL, start(0.1, width=3))


@pytest.mark.parametrize("model", [*MODELS, replace(MODEL, classifier_penalty=0.2)])
def test_slopes_are_quotients_of_small_differences(model: NearCollapse) -> None:
    lengths = torch.tensor([0.8, 1.5, 4.0], dtype=torch.float64)
    slopes = decay_slopes(model, lengths)
    for column, name in enumerate(("classifier_penalty", "feature_penalty")):
        step = 1e-6
        value = getattr(model, name)
        up, down = (
            settled_modes(replace(model, **{name: value + change}), lengths).ratios.log()
            for change in (2 * step, step)
        )
        first = settled_modes(model, lengths).ratios.log()
        expected = (-3 * first + 4 * down - up) / (2 * step)  # one-sided: l_H may be zero
        torch.testing.assert_close(slopes[:, column], expected, rtol=1e-4, atol=1e-7)


def test_small_decays_have_the_slopes_of_the_proposition() -> None:
    lengths = torch.tensor([0.7, 1.0, 3.0], dtype=torch.float64)
    small = replace(MODEL, classifier_penalty=1e-8, feature_penalty=1e-8)
    rows = 1 / lengths
    share = -2 * rows / (0.2 * lengths + rows)
    head = -4 / lengths**2 * (1 + 1 / (0.2 * lengths**2))
    expected = share[:, None] * torch.stack([head, torch.full_like(head, 5.0)], dim=1)
    torch.testing.assert_close(decay_slopes(small, lengths), expected, rtol=1e-5, atol=0)
