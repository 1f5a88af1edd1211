"""Coefficients against drawn mixtures, the flow against small steps of descent."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch

from runtheory.mixing import draw_cutmix, draw_mixup, overtraining
from runtheory.randomness import stream


def fitted(feature: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Return the least-squares coefficient without a constant, and with one."""
    without = float((feature * target).mean() / (feature**2).mean())
    return without, float(np.cov(feature, target)[0, 1] / feature.var())


@pytest.mark.parametrize(("pixels", "alpha"), [(1, 1.0), (3, 1.0), (4, 0.3), (2, 4.0)])
def test_mixup_ends_where_a_fit_to_drawn_mixtures_does(pixels: int, alpha: float) -> None:
    generator = np.random.default_rng(0)
    images = generator.normal(size=(2, 400_000, pixels))
    share = generator.beta(alpha, alpha, 400_000)
    mixed = share[:, None] * images[0] + (1 - share[:, None]) * images[1]
    values = (images**2).sum(2)
    found = fitted((mixed**2).sum(1), share * values[0] + (1 - share) * values[1])
    for bias, end in zip((False, True), found, strict=True):
        expected = overtraining.mixup_coefficient(pixels, alpha=alpha, bias=bias)
        assert end == pytest.approx(expected, abs=0.006)


def test_at_alpha_one_the_coefficients_are_ratios() -> None:
    for pixels in (1, 2, 3, 50):
        assert overtraining.mixup_coefficient(pixels) == pytest.approx(
            (10 * pixels + 15) / (7 * pixels + 14)
        )
        assert overtraining.mixup_coefficient(pixels, bias=True) == pytest.approx(
            45 / (pixels + 42)
        )


def test_cutmix_ends_where_a_fit_to_drawn_mixtures_does() -> None:
    generator = np.random.default_rng(0)
    images = generator.normal(size=(2, 400_000, 5))
    share = generator.choice([0, 1, 2, 5], 400_000, p=[0.1, 0.4, 0.3, 0.2]) / 5
    pasted = np.arange(5) < 5 * share[:, None] - 0.5  # always the same places: no rule asks which
    values = (images**2).sum(2)
    mixed = (np.where(pasted, images[1], images[0]) ** 2).sum(1)
    found = fitted(mixed, (1 - share) * values[0] + share * values[1])
    exchange = float((share * (1 - share)).mean())
    for bias, end in zip((False, True), found, strict=True):
        expected = overtraining.cutmix_coefficient(5, exchange=exchange, bias=bias)
        assert end == pytest.approx(expected, abs=0.006)
        assert end < 1


def test_the_truth_is_passed_at_the_crossing_time_or_never() -> None:
    time = overtraining.crossing_time(25 / 21, rate=7 / 5)
    assert 25 / 21 * -math.expm1(-7 / 5 * time) == pytest.approx(1)
    assert overtraining.crossing_time(1.0, rate=1.0) == math.inf


def test_flow_is_the_limit_of_small_steps() -> None:
    generator = stream(0, "rows")
    rows = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    rows[:, 5] = rows[:, 0]  # a direction that is never seen
    targets = torch.randn(30, 2, generator=generator, dtype=torch.float64)
    moments = overtraining.Moments(rows.T @ rows / 30, rows.T @ targets / 30)
    weights, step = torch.zeros(6, 2, dtype=torch.float64), 1e-3
    for _ in range(2000):
        weights = weights - step * (moments.gram @ weights - moments.cross)
    times = torch.tensor([0.0, 2.0], dtype=torch.float64)
    reached = overtraining.flow(moments, times)
    assert torch.allclose(reached[1], weights, atol=2e-3)
    assert not reached[0].any()
    late = overtraining.flow(moments, torch.tensor([1e9], dtype=torch.float64))[0]
    assert torch.allclose(late, torch.linalg.lstsq(rows, targets, driver="gelsd").solution)


def test_moments_of_plain_and_of_mixed_images() -> None:
    images, labels = torch.rand(20, 1, 2, 2, generator=stream(0, "images")), torch.arange(20) % 3
    moments = partial(overtraining.mixed_moments, lambda x: x.flatten(1), images, labels, classes=3)
    plain = moments(generator=stream(0, "mixing"))
    rows = images.flatten(1).double()
    assert torch.allclose(plain.gram, rows.T @ rows / 20)
    assert torch.allclose(plain.cross[:, 1], rows[labels == 1].sum(0) / 20)
    mixed = moments(draw=draw_mixup, repeats=50, generator=stream(0, "mixing"))
    # Mixing keeps the means, and two thirds of the variance, but for images mixed with themselves.
    assert mixed.cross.sum() == pytest.approx(plain.cross.sum().item(), rel=0.02)
    assert mixed.gram.trace() < plain.gram.trace()


def test_errors_of_perfect_and_of_no_weights() -> None:
    rows, labels = torch.eye(3), torch.tensor([0, 1, 2])
    weights = torch.stack((torch.eye(3), torch.zeros(3, 3))).double()
    assert overtraining.squared_errors(weights, rows, labels).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("wrong", [-0.1, 0.3, math.nan])
def test_exchanges_that_no_share_has_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="exchange must"):
        overtraining.cutmix_coefficient(4, exchange=wrong)


def test_squares_of_mixtures_are_those_of_the_mixed_pixels() -> None:
    mixed, target, share = overtraining.squares_of_mixtures(
        draw_cutmix, (3, 4), count=30_000, generator=stream(0, "squares")
    )
    # Of pixels of one law a mixed image has the same; both are sums of 12 squares.
    for values in (mixed, target):
        assert values.mean().item() == pytest.approx(12, abs=0.15)
    assert mixed.var().item() == pytest.approx(24, rel=0.05)
    whole = share == 1
    assert whole.any()
    torch.testing.assert_close(mixed[whole], target[whole])


def test_random_features_end_in_a_one_and_are_repeatable() -> None:
    images = torch.rand(5, 1, 2, 2)
    first, again = (
        overtraining.random_features(4, 7, generator=stream(0, "features"))(images)
        for _ in range(2)
    )
    assert first.shape == (5, 8)
    assert (first[:, -1] == 1).all()
    assert (first >= 0).all()
    assert torch.equal(first, again)
