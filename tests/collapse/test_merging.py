from __future__ import annotations

import math
from typing import Any

import pytest

from runtheory.collapse.fitting import cross_entropy_loss, fit
from runtheory.collapse.merging import (
    effective_minority_count,
    merging_count,
    merging_ratio,
    vanishing_ratio,
)
from runtheory.collapse.models import FeatureModel, Minimiser
from runtheory.randomness import stream

SIZES = {"minority_count": 4, "minority_classes": 3, "majority_classes": 3}


def at_threshold(counts: tuple[int, ...], level: float, bias: float) -> FeatureModel:
    """Return the model of these classes with N^2 l_W l_H = ``level``."""
    pressure = math.sqrt(level) / sum(counts)
    return FeatureModel(counts, (pressure,), pressure, bias)


def fitted(model: FeatureModel) -> Minimiser:
    draw = stream(0, "minority")
    return fit(model, cross_entropy_loss, width=model.classes, generator=draw).minimiser


@pytest.mark.parametrize("bias", [math.inf, 0.0])
@pytest.mark.parametrize("factor", [0.5, 0.9, 1.1])
def test_margins_and_merging_are_met_by_the_optimiser(bias: float, factor: float) -> None:
    model = at_threshold((16, 16, 4, 4, 4), factor * 4, bias)
    assert merging_count(model) == pytest.approx(factor * 4)
    minimiser = fitted(model)
    p = minimiser.probabilities
    margin = max(0.0, 1 - math.sqrt(factor))
    assert float(p[3, 3] - p[2, 3]) == pytest.approx(margin, abs=1e-6)
    assert float(p[0, 0] - p[1, 0]) == pytest.approx(1 - math.sqrt(factor) / 2, abs=1e-6)
    apart = float((minimiser.scores[:, 3] - minimiser.scores[:, 4]).abs().max())
    assert (apart < 1e-5) is (factor > 1)


def test_merging_ratio_is_where_the_count_is_reached() -> None:
    ratio = merging_ratio(**SIZES, pressure=0.01)
    total = 4 * (3 + 3 * ratio)
    assert (total * 0.01) ** 2 == pytest.approx(4)


@pytest.mark.parametrize(
    ("counts", "bias"),
    [
        ((30, 30, 1), math.inf),
        ((30, 30, 1), 0.0),
        ((24, 24, 24, 2, 2), 0.0),
        ((24, 24, 24, 2, 2), 0.3),
        ((20, 3), math.inf),
    ],
)
def test_the_minority_vanishes_where_its_effective_count_is_reached(
    counts: tuple[int, ...], bias: float
) -> None:
    level = 1.0  # the fixed point: the effective count depends on the pressure, weakly
    for _ in range(25):
        level = effective_minority_count(at_threshold(counts, level, bias))
    for factor, alive in ((0.97, True), (1.03, False)):
        minimiser = fitted(at_threshold(counts, factor * level, bias))
        for norms in (minimiser.classifier_norms, minimiser.feature_norms):
            assert bool(norms[-1] > 0.02 * norms.max().clamp(min=0.1)) is alive


def test_a_minority_without_rows_gets_its_share_of_the_probabilities() -> None:
    # No bias, majority of one class: both groups go at once, at n_B K_B (K_A/K)^2 and so on.
    model = at_threshold((50, 3, 3), 1.0, math.inf)
    expected = 3 / (1 * 2) * (3 * 2 * (1 / 3) ** 2 + 50 * 1 * (2 / 3) ** 2)
    assert effective_minority_count(model) == pytest.approx(expected)


@pytest.mark.parametrize("bias", [math.inf, 0.0, 0.05])
@pytest.mark.parametrize("counts", [(9, 4), (60, 2, 2), (40, 40, 3), (8, 8, 8, 5, 5, 5, 5)])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_minority_that_has_not_merged_does_not_vanish(
    counts: tuple[int, ...], share: float, bias: float
) -> None:
    model = at_threshold(counts, share * min(counts), bias)
    assert effective_minority_count(model) > merging_count(model)


def test_with_many_majority_classes_a_free_bias_delays_the_vanishing() -> None:
    sizes: dict[str, Any] = {"minority_count": 3, "minority_classes": 8, "pressure": 1e-3}
    for classes, later in ((3, False), (20, True)):
        free, without = (
            vanishing_ratio(**sizes, majority_classes=classes, bias_penalty=bias)
            for bias in (0.0, math.inf)
        )
        assert (free > without) is later


@pytest.mark.parametrize("bias", [math.inf, 0.0, 0.05])
def test_vanishing_ratio_is_where_the_effective_count_is_reached(bias: float) -> None:
    ratio = vanishing_ratio(**SIZES, pressure=1 / 60, bias_penalty=bias)
    assert ratio > merging_ratio(**SIZES, pressure=1 / 60)
    excess = []
    for many in (math.floor(4 * ratio), math.ceil(4 * ratio)):
        model = FeatureModel((many,) * 3 + (4,) * 3, (1 / 60,), 1 / 60, bias)
        excess.append(effective_minority_count(model) - merging_count(model))
    assert excess[0] > 0 > excess[1]


def test_models_without_these_thresholds_are_refused() -> None:
    with pytest.raises(ValueError, match="smoothing"):
        merging_count(FeatureModel((5, 5), (1e-2,), 1e-2, smoothing=0.1))
    with pytest.raises(ValueError, match="two sizes"):
        effective_minority_count(FeatureModel((12, 6, 3), (1e-2,), 1e-2))


def test_groups_without_these_ratios_are_refused() -> None:
    with pytest.raises(ValueError, match="minority_classes of 2 or more, got 1"):
        merging_ratio(**{**SIZES, "minority_classes": 1}, pressure=0.1)
    with pytest.raises(ValueError, match="pressure"):
        merging_ratio(**SIZES, pressure=0.0)
    with pytest.raises(ValueError, match="majority_classes"):
        vanishing_ratio(**{**SIZES, "majority_classes": 0}, pressure=0.1)
    with pytest.raises(ValueError, match="vanished at the ratio"):
        vanishing_ratio(**SIZES, pressure=10.0)
