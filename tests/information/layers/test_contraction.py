from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from runtheory.information.layers.channels import (
    channel_contraction,
    divergence_ratio,
)
from runtheory.information.layers.contraction import (
    compose,
    dropout,
    erasure,
    gaussian_noise,
    symmetric,
)


def test_the_lost_share_is_exact_where_the_coefficient_is_one():
    wide = dropout(0.5, width=64)
    assert wide.divergence == 1
    assert wide.log_divergence_lost == pytest.approx(-64 * math.log(2), rel=1e-15)
    stack = compose([wide] * 3)
    assert stack.divergence == 1
    assert stack.log_divergence_lost == pytest.approx(math.log(3) - 64 * math.log(2))
    huge = compose([dropout(0.5, width=5000), dropout(0.5, width=5001)])
    assert huge.log_divergence_lost == pytest.approx(math.log(1.5) - 5000 * math.log(2))
    small = compose([dropout(0.5, width=2), symmetric(0.1)])
    assert small.divergence == pytest.approx(0.75 * 0.64)
    assert small.log_divergence_lost == pytest.approx(math.log(1 - 0.48))
    assert small.log_total_variation_lost == pytest.approx(math.log(1 - 0.75 * 0.8))
    assert compose([erasure(1.0), wide]).log_divergence_lost == 0


@pytest.mark.parametrize("flip", [0.0, 0.1, 0.5, 0.8, 1.0])
def test_symmetric_channel(flip):
    exact = channel_contraction(np.array([[1 - flip, flip], [flip, 1 - flip]]))
    closed = symmetric(flip)
    assert closed.divergence == pytest.approx((1 - 2 * flip) ** 2, abs=1e-12)
    assert exact.divergence == pytest.approx(closed.divergence, abs=1e-12)
    assert exact.total_variation == pytest.approx(closed.total_variation, abs=1e-12)
    if 0 < flip < 1:
        assert closed.log_divergence_lost == pytest.approx(math.log1p(-closed.divergence))
        assert exact.log_divergence_lost == pytest.approx(closed.log_divergence_lost)


@pytest.mark.parametrize("reach", [1e-6, 0.01, 0.25, 0.999, 1.0, 1.001, 4.0, 8.0])
def test_gaussian_noise_against_quadrature(reach):
    found = gaussian_noise(2 * 0.7 * reach, deviation=0.7)
    x, step = np.linspace(-reach - 12, reach + 12, 200_001, retstep=True)
    p, q = (np.exp(-((x - c) ** 2) / 2) / math.sqrt(2 * math.pi) for c in (reach, -reach))
    with np.errstate(invalid="ignore"):
        value = np.nan_to_num((p - q) ** 2 / (2 * (p + q))).sum() * step
    assert found.divergence == pytest.approx(value, rel=1e-7)
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() * step / 2, rel=1e-7)
    assert found.divergence <= found.total_variation
    lost = np.nan_to_num(2 * p * q / (p + q)).sum() * step
    assert found.log_divergence_lost == pytest.approx(math.log(lost), abs=1e-9)
    lost = np.minimum(p, q).sum() * step
    assert found.log_total_variation_lost == pytest.approx(math.log(lost), abs=1e-6)


def test_gaussian_noise_known_values_and_a_third_point():
    assert gaussian_noise(2.0, deviation=1.0).total_variation == pytest.approx(0.682689, abs=1e-6)
    assert gaussian_noise(2.0, deviation=1.0).divergence == pytest.approx(0.55040, abs=1e-5)
    assert gaussian_noise(0.5, deviation=1.0).divergence == pytest.approx(0.058946, abs=1e-6)
    assert gaussian_noise(0.0, deviation=1.0).divergence == 0
    edges = np.linspace(-9, 9, 1801)

    rows = np.array([np.diff(ndtr(edges - c), prepend=0, append=1) for c in (-1.0, 0.2, 1.0)])
    rows /= rows.sum(1, keepdims=True)
    assert channel_contraction(rows).divergence == pytest.approx(0.55040, abs=1e-4)


def test_wrong_arguments_of_contraction_are_named() -> None:
    eye, half = np.eye(2), np.array([0.5, 0.5])
    for call, text in [
        (lambda: dropout(1.2, width=2), "rate"),
        (lambda: dropout(0.5, width=0), "width"),
        (lambda: symmetric(-0.1), "flip"),
        (lambda: gaussian_noise(math.inf, deviation=1.0), "diameter"),
        (lambda: gaussian_noise(1.0, deviation=0.0), "deviation"),
        (lambda: compose([]), "at least one"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises((ValueError, TypeError)):
        divergence_ratio(eye, half, np.ones(3) / 3)
