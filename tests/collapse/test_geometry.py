from __future__ import annotations

import math

import pytest
import torch
from jaxtyping import TypeCheckError

from runtheory.collapse.frames import simplex_frame
from runtheory.collapse.geometry import (
    angle_error,
    angle_spread,
    bias_residual,
    centre_disagreement,
    frame_distance,
    gram_cosines,
    nearest_centre,
    norm_spread,
    self_duality,
)
from runtheory.collapse.statistics import class_statistics
from runtheory.randomness import stream
from tests.collapse.examples import clouds

VECTORS, ROWS = torch.randn(2, 5, 4, generator=stream(3, "geometry"), dtype=torch.float64)
COSINES = [
    float(VECTORS[i] @ VECTORS[j] / VECTORS[i].norm() / VECTORS[j].norm())
    for i in range(5)
    for j in range(5)
    if i != j
]


@pytest.mark.parametrize("correction", [0, 1])
def test_norm_spread_is_standard_deviation_over_mean(correction: int) -> None:
    norms = [float(v.norm()) for v in VECTORS]
    mean = sum(norms) / 5
    expected = math.sqrt(sum((x - mean) ** 2 for x in norms) / (5 - correction)) / mean
    assert float(norm_spread(VECTORS, correction=correction)) == pytest.approx(expected)


def test_angle_error_is_the_mean_distance_to_the_simplex_cosine() -> None:
    expected = sum(abs(cosine + 0.25) for cosine in COSINES) / 20
    assert float(angle_error(VECTORS)) == pytest.approx(expected)


def test_angle_spread_is_the_deviation_of_the_cosines() -> None:
    middle = sum(COSINES) / 20
    spread = math.sqrt(sum((cosine - middle) ** 2 for cosine in COSINES) / 20)
    assert float(angle_spread(VECTORS)) == pytest.approx(spread)


def test_gram_cosines_are_nan_beside_a_zero_vector() -> None:
    vectors = torch.tensor([[2.0, 0.0], [3.0, 3.0], [0.0, 0.0]], dtype=torch.float64)
    cosines = gram_cosines(vectors @ vectors.T)
    assert float(cosines[0, 1]) == pytest.approx(math.sqrt(0.5))
    assert bool(cosines[2].isnan().all())


def test_self_duality_equals_its_definition() -> None:
    gap = ROWS / ROWS.norm() - VECTORS / VECTORS.norm()
    assert float(self_duality(ROWS, VECTORS)) == pytest.approx(float((gap**2).sum()))


def test_self_duality_removes_the_mean_row_where_asked() -> None:
    shifted = self_duality(ROWS + 5, VECTORS, centre_classifier=True)
    torch.testing.assert_close(shifted, self_duality(ROWS - ROWS.mean(0), VECTORS))


def test_bias_residual_is_the_norm_of_what_the_bias_leaves() -> None:
    residual = bias_residual(ROWS, torch.ones(5), VECTORS[0])
    torch.testing.assert_close(residual, (1 + ROWS @ VECTORS[0]).norm())


def test_the_relative_bias_residual_has_no_scale_and_lies_below_one() -> None:
    bias = torch.linspace(-1, 1, 5, dtype=torch.float64)
    relative = bias_residual(ROWS, bias, VECTORS[0], relative=True)
    parts = bias.norm() + (ROWS @ VECTORS[0]).norm()
    torch.testing.assert_close(relative, bias_residual(ROWS, bias, VECTORS[0]) / parts)
    torch.testing.assert_close(
        bias_residual(100 * ROWS, 100 * bias, VECTORS[0], relative=True), relative
    )
    undone = bias_residual(ROWS, -ROWS @ VECTORS[0], VECTORS[0], relative=True)
    assert float(undone) < 1e-12
    doubled = bias_residual(ROWS, ROWS @ VECTORS[0], VECTORS[0], relative=True)
    assert float(doubled) == pytest.approx(1)


@pytest.mark.parametrize("broken", ["features", "logits", "means"])
def test_centre_disagreement_refuses_what_is_not_finite(broken: str) -> None:
    given = {"features": torch.ones(4, 2), "logits": torch.ones(4, 3), "means": torch.ones(3, 2)}
    given[broken][0, 0] = torch.nan
    with pytest.raises(ValueError, match=f"{broken} must be finite"):
        centre_disagreement(**given)


def test_frame_distance_is_zero_for_multiples_and_two_for_opposites() -> None:
    gram = simplex_frame(4) @ simplex_frame(4).T
    target = torch.eye(4, dtype=torch.float64) - 1 / 4
    assert float(frame_distance(7 * gram, target)) < 1e-12
    assert float(frame_distance(-gram, target)) == pytest.approx(2)


def test_nearest_centre_orders_the_squared_distances() -> None:
    features, labels = clouds([6, 6, 6], 3)
    means = class_statistics(features, labels, classes=3).means
    distances = torch.cdist(features, means).square()
    measured = nearest_centre(features, means)
    torch.testing.assert_close(measured - measured[:, :1], distances - distances[:, :1])


def test_centre_disagreement_uses_the_decision_with_its_bias() -> None:
    means = torch.tensor([[1.0, 0], [-1, 0]])
    features = torch.tensor([[0.4, 0], [-0.4, 0], [2, 0], [-2, 0]])
    logits = features @ means.T
    assert float(centre_disagreement(features, logits, means)) == 0
    biased = logits + torch.tensor([1.0, 0.0])
    assert float(centre_disagreement(features, biased, means)) == 0.25
    with pytest.raises((ValueError, TypeCheckError)):
        centre_disagreement(features, torch.zeros(4, 3), means)


def test_centre_disagreement_keeps_its_digits_under_an_offset() -> None:
    features, labels = clouds([20] * 5, 8, noise=1.0)
    state = class_statistics(features, labels, classes=5)
    nearest = torch.cdist(features, state.means).argmin(1)
    logits = torch.nn.functional.one_hot(nearest, 5).double()
    assert float(centre_disagreement(features + 1e7, logits, state.means + 1e7)) == 0
    assert float(centre_disagreement(features, logits.flip(1), state.means)) > 0.5
