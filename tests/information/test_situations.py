"""What users of other libraries reported, put to the functions of this one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from runtheory.information.certificates.pac_bayes import kl_bound, mcallester_bound
from runtheory.information.measures.divergence_estimates import classifier_kl
from runtheory.information.measures.divergences import Gaussian, gaussian_kl
from runtheory.information.measures.information_plane import cell_codes, plane_point
from runtheory.information.measures.mutual_information import (
    bin_numbers,
    binned_entropy,
    neighbour_information,
    plug_in_information,
)
from tests.information.shared import normal


def test_a_divergence_of_a_large_network_leaves_a_finite_vacuous_bound() -> None:
    asked: dict[str, Any] = {"divergence": 143_854.0, "samples": 60_000, "delta": 0.025}
    assert 0.9 < float(kl_bound(0.1, **asked)) < 1
    assert 1 < float(mcallester_bound(0.1, **asked)) < 2  # not cut off at one


def test_a_divergence_is_not_negative_by_rounding_and_a_negative_one_is_refused() -> None:
    law = Gaussian(normal(1, 5)[0], torch.diag(torch.linspace(1e-6, 1e6, 5).double()))
    near = Gaussian(law.mean + 1e-13, law.covariance * (1 + 1e-15))
    assert float(gaussian_kl(law, near)) >= -1e-12
    with pytest.raises(ValueError, match="divergence must not be negative"):
        kl_bound(0.1, -1e-18, samples=10, delta=0.1)


def test_a_variable_tells_much_but_not_everything_of_itself_to_an_estimate() -> None:
    points = normal(1000, 1)
    found = neighbour_information(points, points.clone())  # infinite in truth
    assert 4 < found < math.log(1000)


def test_independent_columns_may_have_an_estimate_below_zero() -> None:
    found = [
        neighbour_information(normal(200, 2, seed=seed), normal(200, 2, seed=seed + 50))
        for seed in range(10)
    ]
    assert min(found) < 0
    assert abs(np.mean(found)) < 0.05


def test_a_number_beside_a_bit() -> None:
    draw = torch.Generator().manual_seed(0)
    bits = torch.randint(2, (1000, 1), generator=draw).double()
    assert neighbour_information(normal(1000, 1), bits) == pytest.approx(0, abs=0.05)
    apart = normal(1000, 1) + 100 * bits
    assert neighbour_information(apart, bits) == pytest.approx(math.log(2), abs=0.02)


def test_ties_in_one_variable_ten_values_and_half_zeros() -> None:
    draw = torch.Generator().manual_seed(1)
    tens = torch.randint(10, (1000, 1), generator=draw).double()
    near = tens + 1e-3 * normal(1000, 1)
    assert neighbour_information(near, tens) == pytest.approx(math.log(10), abs=0.02)
    source = normal(2000, 1)
    rectified = (source + normal(2000, 1, seed=1)).clamp(min=0)

    # I(X; max(X + Z, 0)) by quadrature: the part above zero has a density, the rest a mass.
    def above(t: float) -> float:
        return -stats.norm.pdf(t, 0, math.sqrt(2)) * stats.norm.logpdf(t, 0, math.sqrt(2))

    def given(x: float) -> float:
        mass = stats.norm.cdf(-x)
        entropy, _ = integrate.quad(
            lambda t: -stats.norm.pdf(t - x) * stats.norm.logpdf(t - x), 0, max(x, 0) + 9
        )
        return float(stats.norm.pdf(x) * (entropy - (mass * math.log(mass) if mass > 0 else 0)))

    exact = integrate.quad(above, 0, 15)[0] + math.log(2) / 2 - integrate.quad(given, -8, 8)[0]
    assert neighbour_information(source, rectified) == pytest.approx(exact, abs=0.1)


def test_bounds_by_a_classifier_come_with_their_errors_where_the_truth_is_large() -> None:
    first, second = normal(200, 1, shift=6.0), normal(200, 1, seed=1)  # 18 nats
    found = classifier_kl(first, second, generator=torch.Generator().manual_seed(0))
    assert found.nwj <= found.donsker_varadhan
    assert math.isfinite(found.donsker_varadhan)
    assert found.nwj_error > 0
    assert found.plug_in_error > 0


def test_rectified_features_in_bins_laid_for_a_tanh_are_told() -> None:
    features = (3 * normal(500, 2)).clamp(min=0)
    found = binned_entropy(features, 30, low=-1.0, high=1.0)
    assert found.outside == pytest.approx(float((features > 1).double().mean()))
    assert found.outside > 0.2
    wide = binned_entropy(features, 30, low=0.0, high=float(features.max()))
    assert wide.outside == 0
    assert wide.value > found.value


def test_a_network_that_diverged_is_not_compressed() -> None:
    features, labels = normal(10, 3), torch.arange(10) % 2
    for broken in (features * math.nan, torch.where(labels[:, None] == 0, math.nan, features)):
        for call in (binned_entropy, bin_numbers, cell_codes):
            with pytest.raises(ValueError, match="features must be finite"):
                call(broken, 30, low=-1.0, high=1.0)
        with pytest.raises(ValueError, match="features must be finite"):
            plane_point(broken, labels, 30, low=-1.0, high=1.0)
    for low, high in ((1.0, 1.0), (2.0, 1.0), (-math.inf, 1.0)):
        with pytest.raises(ValueError, match="low < high, both finite"):
            binned_entropy(features, 30, low=low, high=high)
    one = binned_entropy(features, 1, low=-1.0, high=1.0)
    assert (one.value, math.copysign(1, one.value)) == (0.0, 1.0)


def test_columns_of_any_integers_have_one_information_and_floats_none() -> None:
    first, second = torch.arange(12) % 2, torch.arange(12) % 3
    whole = plug_in_information(first, second)
    assert whole == pytest.approx(whole)
    assert whole.value == pytest.approx(0, abs=1e-12)
