from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from runtheory.information.certificates.linear_classifiers import (
    linear_certificate,
    linear_gibbs_risks,
    ridge_weights,
)
from runtheory.information.measures.divergences import kl_inverse
from tests.information.shared import gaussian_classes, unchecked


def test_linear_gibbs_risk_against_draws():
    generator = np.random.default_rng(0)
    inputs, signs = gaussian_classes(generator, 20, dimension=4)
    weights = generator.normal(size=4)
    drawn = weights + generator.normal(size=(100_000, 4))
    errors = (signs * (drawn @ inputs.T) < 0).mean(1)
    found = float(linear_gibbs_risks(weights, inputs, signs)[0])
    assert found == pytest.approx(errors.mean(), abs=5 * errors.std() / math.sqrt(100_000))


def test_risks_at_several_scales_are_those_at_each() -> None:
    generator = np.random.default_rng(4)
    inputs, signs = gaussian_classes(generator, 30, dimension=4)
    weights = generator.normal(size=4)
    together = linear_gibbs_risks(weights, inputs, signs, scales=(0.2, 1.0, 7.0))
    apart = [linear_gibbs_risks(scale * weights, inputs, signs)[0] for scale in (0.2, 1.0, 7.0)]
    np.testing.assert_allclose(together, apart, rtol=1e-14)


def test_ridge_weights_solve_their_normal_equations() -> None:
    generator = np.random.default_rng(5)
    inputs, signs = gaussian_classes(generator, 40, dimension=6)
    weights = ridge_weights(inputs, signs, penalty=0.3)
    gradient = inputs.T @ (inputs @ weights - signs) / 40 + 0.3 * weights
    np.testing.assert_allclose(gradient, 0, atol=1e-13)
    with pytest.raises(ValueError, match="penalty must be positive"):
        ridge_weights(inputs, signs, penalty=0.0)


def test_linear_certificate_is_the_best_point_of_its_grid():
    generator = np.random.default_rng(1)
    inputs, signs = gaussian_classes(generator, 2000)
    weights = (signs[:, None] * inputs).mean(0)
    prior, scales = np.zeros(10), (0.5, 1.0, 2.0, 4.0, 8.0)
    found = linear_certificate(weights, inputs, signs, prior=prior, scales=scales, delta=0.05)
    bounds = []
    for scale in scales:
        risk = float(linear_gibbs_risks(scale * weights, inputs, signs)[0])
        divergence = scale**2 * float(weights @ weights) / 2
        budget = (divergence + math.log(2 * math.sqrt(2000) * 5 / 0.05)) / 2000
        bounds.append(float(kl_inverse(risk, budget)))
    assert found.bound == pytest.approx(min(bounds))
    assert found.scale == scales[int(np.argmin(bounds))]
    assert 0.08 < found.bound < 0.2
    assert found.train_error_bound == found.train_error < found.bound
    half = (signs[:1000, None] * inputs[:1000]).mean(0)
    learnt = linear_certificate(
        weights, inputs[1000:], signs[1000:], prior=half, scales=scales, delta=0.05
    )
    assert learnt.bound < found.bound


def test_coverage_of_linear_certificates():
    generator = np.random.default_rng(2)
    fresh, fresh_signs = gaussian_classes(generator, 4000, dimension=5)
    violated = 0
    for _ in range(80):
        inputs, signs = gaussian_classes(generator, 60, dimension=5)
        weights = (signs[:, None] * inputs).mean(0)
        found = linear_certificate(
            weights, inputs, signs, prior=np.zeros(5), scales=(1.0, 3.0), delta=0.2
        )
        violated += found.bound < float(
            linear_gibbs_risks(found.scale * weights, fresh, fresh_signs)[0]
        )
    assert violated / 80 <= 0.2


def test_wrong_arguments_of_linear_classifiers_are_named() -> None:
    inputs, signs = np.ones((2, 2)), np.array([1.0, -1.0])
    weights = np.ones(2)
    linear: dict[str, Any] = {"prior": weights, "scales": (1.0,), "delta": 0.05}
    for call, text in [
        (lambda: float(linear_gibbs_risks(weights, inputs, signs * 2)[0]), "-1 or 1"),
        (lambda: float(linear_gibbs_risks(weights, inputs * 0, signs)[0]), "zero row"),
        (lambda: linear_certificate(weights, inputs, signs, **{**linear, "scales": ()}), "scales"),
        (lambda: linear_certificate(weights, inputs, signs, **{**linear, "delta": 2.0}), "delta"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_no_linear_certificate_for_data_that_do_not_belong_together() -> None:
    inputs, signs = gaussian_classes(np.random.default_rng(0), 20, dimension=3)
    weights = np.array([3.0, 0.0, 0.0])
    asked: dict[str, Any] = {"prior": np.zeros(3), "scales": (1.0,), "delta": 0.05}
    risks, certify = unchecked(linear_gibbs_risks), unchecked(linear_certificate)
    for values, text in [
        ((weights, inputs, signs[:1]), r"example = 20 as inputs has, got shape \(1,\)"),
        (
            (weights, inputs, signs[:, None]),
            r"signs must have the axes \(example\), got shape \(20, 1\)",
        ),
        ((weights, inputs * np.nan, signs), "inputs must be finite"),
        ((weights + np.inf, inputs, signs), "weights must be finite"),
        ((weights[:2], inputs, signs), "must have input = 2 as weights has"),
        ((weights, inputs, signs * np.nan), "signs must be -1 or 1"),
        ((weights, inputs[:0], signs[:0]), "one example or more"),
    ]:
        with pytest.raises(ValueError, match=text):
            risks(*values)
        with pytest.raises(ValueError, match=text):
            certify(*values, **asked)
    faults: list[tuple[dict[str, Any], str]] = [
        ({"prior": np.zeros(1)}, "prior must have input = 3"),
        ({"prior": np.full(3, np.nan)}, "prior must be finite"),
        ({"scales": (1.0, np.nan)}, "must be a number, got nan"),
        ({"scales": (0.0, 1.0)}, "scales must be positive and finite"),
        ({"delta": np.nan}, "delta must be a number"),
    ]
    for wrong, text in faults:
        with pytest.raises(ValueError, match=text):
            certify(weights, inputs, signs, **{**asked, **wrong})
    with pytest.raises(ValueError, match="example"):
        unchecked(ridge_weights)(inputs, signs[:1], penalty=0.1)
