"""Closed forms against each other, against draws and against the facts of special cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from runtheory.mixing import (
    CLIPPED,
    EVEN_SIDES,
    INSIDE,
    PADDED,
    Placement,
    draw_cutmix,
    draw_mixup,
    laws,
    pixel_laws,
)
from runtheory.mixing import distributions as dist
from runtheory.mixing.quadrature import expect_over_side, side_density, side_moment

RULES = {"clipped": CLIPPED, "inside": INSIDE, "padded": PADDED, "even sides": EVEN_SIDES}
PLACEMENTS = (CLIPPED, INSIDE, PADDED, Placement(0.3))


def shares(size, alpha=1.0, placement=CLIPPED, count=40_000, seed=0):
    generator = torch.Generator().manual_seed(seed)
    plan = draw_cutmix((count, 1, *size), alpha=alpha, placement=placement, generator=generator)
    return plan.share, plan


def continuous_areas(placement, alpha, count=100_000):
    """Simulate the continuous box from its definition alone."""
    random = np.random.default_rng(0)
    side = np.sqrt(1 - random.beta(alpha, alpha, count))
    theta, area = placement.overhang, np.ones(count)
    for _ in range(2):
        start = -theta * side + random.random(count) * (1 - (1 - 2 * theta) * side)
        area *= np.clip(start + side, 0, 1) - np.clip(start, 0, 1)
    return side, area


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("power", [0.0, 1.0, 3.0, 6.0])
def test_quadrature_reproduces_the_moments_with_and_without_cuts(alpha, power):
    exact = side_moment(alpha, power)
    for breaks in (None, np.array([0.1, 0.25, 0.9])):
        assert expect_over_side(lambda r: r**power, alpha, breaks) == pytest.approx(exact, 1e-10)


def test_the_mean_area_at_alpha_one_is_77_240():
    assert laws.mean_area(1.0) == pytest.approx(77 / 240, abs=1e-14)
    assert laws.label_over_credit(1.0) == pytest.approx(43 / 240, abs=1e-14)
    assert laws.label_smoothing(0.5, 1.0) == pytest.approx(77 / 480, abs=1e-14)
    assert laws.mean_area(1e-9) == pytest.approx(9 / 32, abs=1e-6)
    limit = math.sqrt(0.5)
    assert laws.mean_area(1e6) == pytest.approx(0.5 * (1 - limit / 4) ** 2, abs=1e-5)


def test_the_probability_of_an_unclipped_box_at_alpha_one_is_a_sixth():
    assert laws.probability_not_clipped(1.0) == pytest.approx(1 / 6, abs=1e-14)
    assert laws.probability_not_clipped(1.0, INSIDE) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.0])
def test_closed_forms_agree_with_the_general_quadrature(alpha):
    near = Placement(0.5 + 1e-9)
    assert laws.mean_area(alpha) == pytest.approx(laws.mean_area(alpha, near), abs=1e-8)
    assert laws.area_variance(alpha) == pytest.approx(laws.area_variance(alpha, near), abs=1e-8)
    unclipped = laws.probability_not_clipped(alpha)
    assert unclipped == pytest.approx(laws.probability_not_clipped(alpha, near), abs=1e-8)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_moments_and_distribution_against_a_simulated_box(placement, alpha):
    side, area = continuous_areas(placement, alpha)
    root = math.sqrt(len(area))
    assert abs(area.mean() - laws.mean_area(alpha, placement)) < 5 * area.std() / root
    deviations = (area - area.mean()) ** 2
    error = abs(deviations.mean() - laws.area_variance(alpha, placement))
    assert error < 5 * deviations.std() / root
    correlation = np.corrcoef(side**2, area)[0, 1]
    assert abs(correlation - laws.nominal_correlation(alpha, placement)) < 5 / root
    points = np.array([0.02, 0.1, 0.3, 0.5, 0.8])
    for point, exact in zip(points, dist.area_cdf(points, alpha, placement), strict=True):
        spread = math.sqrt(exact * (1 - exact)) + 1e-3
        assert abs((area <= point).mean() - exact) < 5 * spread / root


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_densities_are_the_derivatives_of_the_distributions(placement):
    points, step = np.array([0.05, 0.2, 0.45, 0.7, 0.93]), 1e-4
    rise = dist.effective_lambda_cdf(points + step, 2.0, placement)
    rise = rise - dist.effective_lambda_cdf(points - step, 2.0, placement)
    density = dist.effective_lambda_density(points, 2.0, placement)
    assert rise / (2 * step) == pytest.approx(density, rel=1e-3)
    ends = dist.area_cdf(np.array([0.0, 1.0]), 2.0, placement)
    assert ends == pytest.approx(np.array([0.0, 1.0]), abs=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_the_length_distribution_has_its_density_and_its_mean(alpha):
    points, step = np.array([0.1, 0.3, 0.45, 0.8]), 1e-5  # the density has a kink at 1/2
    rise = dist.length_cdf(points + step, alpha) - dist.length_cdf(points - step, alpha)
    assert rise / (2 * step) == pytest.approx(dist.length_density(points, alpha), rel=1e-3)
    grid = np.linspace(0, 1, 20_001)
    mean = np.trapezoid(1 - dist.length_cdf(grid, alpha), grid)
    exact = expect_over_side(laws.mean_length_given_side, alpha)
    assert mean == pytest.approx(float(exact), abs=1e-5)


def test_the_coverage_of_centre_and_corner_is_a_half_and_an_eighth_for_every_alpha():
    for alpha in (0.2, 1.0, 5.0):
        assert laws.coverage(0.5, 0.5, alpha) == pytest.approx(1 / 2, abs=1e-12)
        assert laws.coverage(0.0, 1.0, alpha) == pytest.approx(1 / 8, abs=1e-12)
    flat = [laws.coverage(t, 0.3, 1.0, PADDED) for t in (0.0, 0.2, 0.5)]
    exact = 2 * (3 * math.log(2) - 2)  # integral of 2 r^3 / (1 + r)^2
    assert flat == pytest.approx([exact] * 3, abs=1e-12)
    assert laws.mean_area(1.0, PADDED) == pytest.approx(exact, abs=1e-12)


def test_the_mean_coverage_is_the_mean_area():
    grid = (np.arange(60) + 0.5) / 60
    mean = np.mean([[laws.coverage(y, x, 1.0) for x in grid[::6]] for y in grid[::6]])
    assert mean == pytest.approx(77 / 240, abs=2e-3)


@pytest.mark.parametrize("name", list(RULES))
@pytest.mark.parametrize("size", [(8, 8), (7, 12), (32, 32), (1, 5)])
@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_the_pixel_laws_against_draws(name, size, alpha):
    share, plan = shares(size, alpha, RULES[name])
    root = math.sqrt(len(share))
    exact = pixel_laws.mean_pixel_share(*size, alpha, RULES[name])
    assert abs(share.mean() - exact) <= 5 * share.std() / root
    chance = pixel_laws.probability_of_no_paste(*size, alpha, RULES[name])
    empty = (share == 0).double().mean()
    assert abs(empty - chance) <= 5 * math.sqrt(max(chance * (1 - chance), 0)) / root + 1e-9
    coverage = torch.from_numpy(pixel_laws.coverage_map(*size, alpha, RULES[name]))
    assert coverage.mean() == pytest.approx(exact, abs=1e-9)
    seen = plan.boxes.mask().double().mean(dim=0)
    error = (seen - coverage).abs()
    assert (error <= 5.5 * (coverage * (1 - coverage)).clamp(min=0).sqrt() / root + 1e-9).all()


def test_pixel_centres_make_the_pixel_coverage_the_continuous_one():
    table = pixel_laws.coverage_map(8, 6, 1.0)
    for row, column in [(0, 0), (3, 2), (7, 1)]:
        exact = laws.coverage((row + 0.5) / 8, (column + 0.5) / 6, 1.0)
        assert table[row, column] == pytest.approx(exact, abs=1e-12)


def test_pixel_centres_avoid_the_loss_of_even_sides_on_small_images():
    assert pixel_laws.mean_pixel_share(8, 8, 1.0, EVEN_SIDES) == pytest.approx(0.2326, abs=1e-4)
    assert pixel_laws.probability_of_no_paste(8, 8, 1.0, EVEN_SIDES) == pytest.approx(1 / 16)
    assert pixel_laws.mean_pixel_share(8, 8, 1.0) == pytest.approx(77 / 240, abs=2e-3)
    assert pixel_laws.mean_pixel_share(512, 512, 1.0) == pytest.approx(77 / 240, abs=1e-6)
    # One axis of n pixels is missed with chance 1 - n r for r < 1 / n, both axes likewise.
    exact = 1 / 8**2 - 2 * 8**2 * (1 / 8) ** 4 / 4
    assert pixel_laws.probability_of_no_paste(8, 8, 1.0) == pytest.approx(exact, abs=1e-12)
    # Odd and even sides both occur.
    _, plan = shares((8, 8), placement=INSIDE, count=4_000)
    sides = plan.boxes.edges[:, 1] - plan.boxes.edges[:, 0]
    assert set(sides.tolist()) == set(range(9))


def test_even_sides_transcribe_the_published_integer_arithmetic():
    side = torch.rand(500, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    centre = torch.arange(500) % 11
    start, stop = EVEN_SIDES.interval(side, (centre.double() + 0.5) / 11, 11)
    for r, c, first, last in zip(side.tolist(), centre.tolist(), start, stop, strict=True):
        cut = int(11 * r)
        assert first == min(max(c - cut // 2, 0), 11)
        assert last == min(max(c + cut // 2, 0), 11)


@pytest.mark.parametrize("shared", [True, False])
def test_the_variance_of_a_batch_mean_under_a_shared_or_own_lambda(shared):
    alpha, batch, repeats = 1.0, 8, 4_000
    generator = torch.Generator().manual_seed(0)
    means = []
    for _ in range(repeats):
        share = draw_mixup(
            (batch, 1, 1, 1), alpha=alpha, per_image=not shared, generator=generator
        ).share
        # g has mean lambda and an own noise of variance 1/4 given lambda.
        noise = torch.randn(batch, dtype=torch.float64, generator=generator) / 2
        means.append(float((share + noise).mean()))
    between = 1 / (4 * (2 * alpha + 1))
    expected = laws.batch_mean_variance(between, 0.25, batch, shared=shared)
    assert np.var(means) == pytest.approx(expected, rel=5 * math.sqrt(2 / repeats))


def test_the_side_has_density_two_r_at_alpha_one():
    assert side_density(1.0, np.array([0.25])) == pytest.approx(np.array([0.5]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: laws.mean_area(0.0), "alpha must be positive"),
        (lambda: laws.coverage(1.5, 0.0), "vertical must lie"),
        (lambda: laws.label_smoothing(2.0, 1.0), "probability must lie"),
        (lambda: laws.batch_mean_variance(1.0, 1.0, 0, shared=True), "at least 1"),
        (lambda: pixel_laws.coverage_map(0, 3, 1.0), "at least one pixel"),
    ],
)
def test_wrong_input_gets_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()
