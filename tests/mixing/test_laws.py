"""Closed forms of the continuous box, against each other, a simulation and special cases."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from runtheory.mixing import CLIPPED, INSIDE, PADDED, Placement, draw_mixup, laws
from tests.mixing.batches import generator
from tests.mixing.boxes import continuous_areas

PLACEMENTS = (CLIPPED, INSIDE, PADDED, Placement(0.3))


def test_the_mean_area_at_alpha_one_is_77_240() -> None:
    assert laws.mean_area(1.0) == pytest.approx(77 / 240, abs=1e-14)
    assert laws.label_over_credit(1.0) == pytest.approx(43 / 240, abs=1e-14)
    assert laws.label_smoothing(0.5, 1.0) == pytest.approx(77 / 480, abs=1e-14)
    assert laws.mean_area(1e-9) == pytest.approx(9 / 32, abs=1e-6)
    limit = math.sqrt(0.5)
    assert laws.mean_area(1e6) == pytest.approx(0.5 * (1 - limit / 4) ** 2, abs=1e-5)


def test_the_probability_of_an_unclipped_box_at_alpha_one_is_a_sixth() -> None:
    assert laws.probability_not_clipped(1.0) == pytest.approx(1 / 6, abs=1e-14)
    assert laws.probability_not_clipped(1.0, INSIDE) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0])
def test_closed_forms_agree_with_the_general_quadrature(alpha: float) -> None:
    near = Placement(0.5 + 1e-9)
    assert laws.mean_area(alpha) == pytest.approx(laws.mean_area(alpha, near), abs=1e-8)
    assert laws.area_variance(alpha) == pytest.approx(laws.area_variance(alpha, near), abs=1e-8)
    unclipped = laws.probability_not_clipped(alpha)
    assert unclipped == pytest.approx(laws.probability_not_clipped(alpha, near), abs=1e-8)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_moments_agree_with_a_simulated_box(placement: Placement, alpha: float) -> None:
    side, area = continuous_areas(placement, alpha)
    root = math.sqrt(len(area))
    assert abs(area.mean() - laws.mean_area(alpha, placement)) < 5 * area.std() / root
    deviations = (area - area.mean()) ** 2
    error = abs(deviations.mean() - laws.area_variance(alpha, placement))
    assert error < 5 * deviations.std() / root
    correlation = np.corrcoef(side**2, area)[0, 1]
    assert abs(correlation - laws.nominal_correlation(alpha, placement)) < 5 / root


def test_the_coverage_of_centre_and_corner_is_a_half_and_an_eighth_for_every_alpha() -> None:
    for alpha in (0.2, 1.0, 5.0):
        assert laws.coverage(0.5, 0.5, alpha) == pytest.approx(1 / 2, abs=1e-12)
        assert laws.coverage(0.0, 1.0, alpha) == pytest.approx(1 / 8, abs=1e-12)
    flat = [laws.coverage(t, 0.3, 1.0, placement=PADDED) for t in (0.0, 0.2, 0.5)]
    exact = 2 * (3 * math.log(2) - 2)  # integral of 2 r^3 / (1 + r)^2
    assert flat == pytest.approx([exact] * 3, abs=1e-12)
    assert laws.mean_area(1.0, PADDED) == pytest.approx(exact, abs=1e-12)


def test_the_mean_coverage_is_the_mean_area() -> None:
    grid = (np.arange(60) + 0.5) / 60
    mean = np.mean([[laws.coverage(y, x, 1.0) for x in grid[::6]] for y in grid[::6]])
    assert mean == pytest.approx(77 / 240, abs=2e-3)


@pytest.mark.parametrize("shared", [True, False])
def test_the_variance_of_a_batch_mean_under_a_shared_or_own_lambda(shared: bool) -> None:
    alpha, batch, repeats = 1.0, 8, 4_000
    random = generator()
    means = []
    for _ in range(repeats):
        share = draw_mixup(
            (batch, 1, 1, 1), alpha=alpha, per_image=not shared, generator=random
        ).share
        # g has mean lambda and an own noise of variance 1/4 given lambda.
        noise = torch.randn(batch, dtype=torch.float64, generator=random) / 2
        means.append(float((share + noise).mean()))
    between = 1 / (4 * (2 * alpha + 1))
    expected = laws.batch_mean_variance(between, 0.25, batch, shared=shared)
    assert np.var(means) == pytest.approx(expected, rel=5 * math.sqrt(2 / repeats))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laws.mean_area(0.0), "alpha must be positive"),
        (lambda: laws.coverage(1.5, 0.0), "vertical must lie"),
        (lambda: laws.label_smoothing(2.0, 1.0), "probability must lie"),
        (lambda: laws.batch_mean_variance(1.0, 1.0, 0, shared=True), "at least 1"),
    ],
)
def test_wrong_input_gets_a_clear_error(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
