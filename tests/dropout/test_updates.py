"""What less noise is worth in updates: listed updates, a scan of step sizes, and real descent."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.dropout import laws, updates
from runtheory.dropout.oracle import all_masks
from runtheory.randomness import stream

RATE = 0.3


def _random(seed, size=3):
    generator = stream(seed, "updates")

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    hessian, data, mask = (root @ root.mT for root in (draw(size, size) for _ in range(3)))
    return hessian, draw(size), data, mask


@given(seed=st.integers(0, 50), batch=st.integers(1, 9), samples=st.integers(1, 5))
def test_no_step_size_gains_more(seed, batch, samples) -> None:
    """The expected gain eta |G|^2 - eta^2 (G^T A G + tr(A C)) / 2, scanned."""
    hessian, gradient, data, mask = _random(seed)
    best = updates.best_decrease(
        hessian, gradient, data=data, mask=mask, batch=batch, samples=samples
    )
    square = gradient @ gradient
    noise = (hessian @ (data + mask / samples)).trace() / batch
    bend = gradient @ hessian @ gradient + noise
    sizes = torch.linspace(0, 2, 2001).double() * square / bend
    gains = sizes * square - sizes**2 * bend / 2
    assert gains.max() == pytest.approx(float(best), rel=1e-9)


def test_noise_scales_add_up_by_the_law() -> None:
    hessian, gradient, data, mask = _random(3)
    whole = updates.noise_scale(hessian, gradient, data + mask / 4)
    parts = [updates.noise_scale(hessian, gradient, part) for part in (data, mask)]
    assert float(whole) == pytest.approx(float(parts[0] + parts[1] / 4))
    assert updates.noise_scale(hessian, 0 * gradient, data) == math.inf


def test_many_masks_gain_little_in_large_batches_and_the_share_in_small_ones() -> None:
    hessian, gradient, data, mask = _random(4)

    def gain(batch, scale):
        one, eight = (
            updates.best_decrease(
                hessian, gradient, data=scale * data, mask=scale * mask, batch=batch, samples=m
            )
            for m in (1, 8)
        )
        return float(one / eight)

    assert gain(10**9, 1.0) == pytest.approx(1, abs=1e-6)
    traces = [float((hessian @ part).trace()) for part in (data, mask)]
    assert gain(1, 1e9) == pytest.approx(laws.updates_share(*traces, samples=8), rel=1e-6)


@given(
    start=st.floats(0.1, 10),
    noises=st.tuples(st.floats(0.01, 10), st.floats(0.01, 10)),
    samples=st.integers(1, 8),
    count=st.integers(1, 20),
)
def test_the_distance_follows_the_best_steps(start, noises, samples, count) -> None:
    noise = (noises[0] + noises[1] / samples) / 3
    distance = start
    for _ in range(count):
        sizes = torch.linspace(0, 1, 4001, dtype=torch.float64)
        distance = float(((1 - sizes) ** 2 * distance + sizes**2 * noise).min())
    law = updates.squared_distance(start, *noises, batch=3, samples=samples, updates=count)
    assert distance == pytest.approx(law, rel=1e-4)


@given(
    noises=st.tuples(st.floats(0.01, 10), st.floats(0.01, 10)),
    samples=st.integers(1, 50),
    count=st.floats(0.1, 1e4),
)
def test_a_share_of_the_updates_reaches_as_far(noises, samples, count) -> None:
    share = laws.updates_share(*noises, samples=samples)
    one, many = (
        updates.squared_distance(2.0, *noises, batch=4, samples=m, updates=n)
        for m, n in ((1, count), (samples, share * count))
    )
    assert many == pytest.approx(one, rel=1e-9)
    assert share >= 1 / laws.speed_up_ceiling(*noises) - 1e-12


def test_one_update_of_the_mean_by_listing() -> None:
    """One example in a batch, two masks of two features: every choice, with its probability."""
    points = torch.tensor([[1.0, 2.0], [-0.5, 0.3], [2.0, 0.1]], dtype=torch.float64)
    mean = points.mean(0)
    masks, weights = all_masks(2, rate=RATE)
    data = float((points - mean).square().sum(1).mean())
    mask = RATE / (1 - RATE) * float(points.square().sum(1).mean())
    start = float(mean.square().sum())
    noise = data + mask / 2
    total = 0.0
    for point, (i, j) in product(points, product(range(4), repeat=2)):
        seen = (masks[i].double() + masks[j].double()) / 2 / (1 - RATE) * point
        off = start / (start + noise) * seen - mean
        total += float(weights[i] * weights[j] / 3 * off.square().sum())
    law = updates.squared_distance(start, data, mask, batch=1, samples=2, updates=1)
    assert total == pytest.approx(law)


@pytest.mark.parametrize("samples", [1, 4])
def test_descent_keeps_the_law(samples) -> None:
    points = torch.randn(20, 3, generator=stream(0, "points"), dtype=torch.float64) + 1
    found = updates.descend_to_mean(
        points,
        rate=RATE,
        batch=2,
        samples=samples,
        updates=12,
        runs=4000,
        generator=stream(1, "runs"),
    )
    data = float((points - points.mean(0)).square().sum(1).mean())
    mask = RATE / (1 - RATE) * float(points.square().sum(1).mean())
    start = float(points.mean(0).square().sum())
    law = updates.squared_distance(start, data, mask, batch=2, samples=samples, updates=12)
    error = float(found.std()) / 4000**0.5
    assert abs(float(found.mean()) - law) < 5 * error
    fresh = updates.squared_distance(start, data + mask, 0.0, batch=8, samples=1, updates=12)
    assert samples == 1 or abs(float(found.mean()) - fresh) > 5 * error


@pytest.mark.parametrize(
    "wrong", [{"start": 0.0}, {"start": math.nan}, {"updates": -1}, {"data_variance": -1.0}]
)
def test_wrong_settings_are_refused(wrong) -> None:
    right = {
        "start": 1.0,
        "data_variance": 1.0,
        "mask_variance": 1.0,
        "batch": 1,
        "samples": 1,
        "updates": 3,
    }
    with pytest.raises(ValueError, match=r"must"):
        updates.squared_distance(**{**right, **wrong})


def test_a_law_without_noise_is_refused() -> None:
    for call in (
        lambda: laws.updates_share(0.0, 0.0, samples=2),
        lambda: updates.squared_distance(1.0, 0.0, 0.0, batch=1, samples=1, updates=1),
    ):
        with pytest.raises(ValueError, match="positive"):
            call()
