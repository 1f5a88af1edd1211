from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.collapse.conventions import Convention, Weighting
from runtheory.collapse.frames import embed, simplex_frame
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.collapse.synthetic import frame_in_noise, ordered_labels, white_noise
from runtheory.collapse.variability import (
    distance_normalised_variances,
    mean_distance_normalised_variance,
    nearest_centre_error,
    trace_ratio,
    variability_collapse,
)
from runtheory.randomness import stream
from tests.collapse.examples import clouds, covariances

CONVENTIONS = [
    Convention(mean=mean, between=between, per_class=per_class)
    for mean in Weighting
    for between in Weighting
    for per_class in (True, False)
]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("classes", "width"), [(4, 9), (7, 3)])
def test_nc1_and_the_trace_ratio_equal_their_definitions(
    convention: Convention, classes: int, width: int
) -> None:
    features, labels = clouds(list(range(5, 5 + classes)), width, offset=3.0)
    state = class_statistics(features, labels, classes=classes)
    within, between = covariances(features, labels, convention)
    rank = min(classes - 1, width)
    values, vectors = torch.linalg.eigh(between)
    inverse = (vectors[:, -rank:] / values[-rank:]) @ vectors[:, -rank:].T
    expected = (within @ inverse).trace() / (classes if convention.per_class else 1)
    measured = variability_collapse(state, convention=convention)
    torch.testing.assert_close(measured.value, expected, rtol=1e-9, atol=0)
    assert int(measured.rank) == rank
    ratio = trace_ratio(state, convention=convention)
    torch.testing.assert_close(ratio, within.trace() / between.trace(), rtol=1e-11, atol=0)


@settings(max_examples=25)
@given(
    shape=st.tuples(st.integers(2, 8), st.integers(1, 8)),
    noise=st.sampled_from([0.0, 1e-8, 1.0]),
    offset=st.sampled_from([0.0, 1e4]),
)
def test_nc1_is_never_negative_and_does_not_see_offset_or_scale(
    shape: tuple[int, int], noise: float, offset: float
) -> None:
    classes, width = shape
    features, labels = clouds([5] * classes, width, noise=noise)
    plain = variability_collapse(class_statistics(features, labels, classes=classes))
    moved = variability_collapse(class_statistics(4 * features + offset, labels, classes=classes))
    assert float(plain.value) >= 0
    assert float(moved.value) >= 0
    assert int(plain.rank) == int(moved.rank) == min(classes - 1, width)
    if noise == 1.0:
        torch.testing.assert_close(moved.value, plain.value, rtol=1e-6, atol=0)


def test_class_means_that_coincide_up_to_rounding_lower_the_rank() -> None:
    draw = torch.randn(5, 6, generator=stream(6, "rank"), dtype=torch.float64)
    centre = torch.eye(4, 6, dtype=torch.float64)
    centre[3] = centre[2]
    labels = torch.arange(4).repeat_interleave(5)
    features = (centre[:, None] + draw - draw.mean(0)).flatten(0, 1) + 1e3
    measured = variability_collapse(class_statistics(features, labels, classes=4))
    assert int(measured.rank) == 2
    assert float(measured.value) < 1e3


def test_class_means_on_a_line_far_from_the_origin_have_rank_one() -> None:
    # The rounding of the means grows with their offset, and the cut-off has to grow with it.
    line = torch.arange(5, dtype=torch.float64)[:, None] * torch.ones(6, dtype=torch.float64) / 3
    noise = white_noise(5, samples=20, width=6, generator=stream(7, "line"))
    labels = torch.arange(5).repeat_interleave(20)
    features = line[labels] + 0.1 * noise + 1e3
    measured = variability_collapse(class_statistics(features, labels, classes=5))
    assert int(measured.rank) == 1
    # S_B has the eigenvalue 2 * 6/9 on the line, and the noise the variance 0.01 along it.
    assert float(measured.value) == pytest.approx(0.01 / (12 / 9) / 5, rel=1e-9)


def test_nc1_of_class_means_that_all_coincide_is_infinite() -> None:
    features, labels = clouds([4, 4, 4], 4)
    spread = torch.tensor([[1.0, 0], [-1, 2], [3, -2], [1, 4]]).repeat(3, 1)  # exact means
    measured = variability_collapse(class_statistics(spread, labels, classes=3))
    assert int(measured.rank) == 0
    assert math.isinf(float(measured.value))
    dead = variability_collapse(class_statistics(features * 0 + 1e3, labels, classes=3))
    assert int(dead.rank) == 0
    assert math.isnan(float(dead.value))


def test_trace_ratio_weighs_classes_where_asked() -> None:
    features, labels = clouds([4, 9, 20], 5)
    convention = Convention(within=Weighting.CLASSES)
    state = class_statistics(features, labels, classes=3)
    within, between = covariances(features, labels, convention)
    ratio = trace_ratio(state, convention=convention)
    torch.testing.assert_close(ratio, within.trace() / between.trace())


def test_nc1_refuses_statistics_that_it_cannot_use() -> None:
    features, labels = clouds([4, 9, 20], 5)
    state = class_statistics(features, labels, classes=3)
    with pytest.raises(ValueError, match="counts from 4 to 20"):
        variability_collapse(state, convention=Convention(within=Weighting.CLASSES))
    slim = class_statistics(features, labels, classes=3, full=False)
    with pytest.raises(ValueError, match="full=False"):
        variability_collapse(slim)
    with pytest.raises(ValueError, match="none for the classes"):
        trace_ratio(ClassStatistics.empty(3, 4))


def test_pairwise_variance_equals_its_definition() -> None:
    features, labels = clouds([3, 5, 7, 9], 6)
    pairs = distance_normalised_variances(class_statistics(features, labels, classes=4, full=False))
    groups = [features[labels == k] for k in range(4)]
    variance = [((g - g.mean(0)) ** 2).sum(1).mean() for g in groups]
    for i in range(4):
        for j in range(4):
            gap = ((groups[i].mean(0) - groups[j].mean(0)) ** 2).sum()
            if i == j:
                assert math.isnan(float(pairs[i, j]))
            else:
                torch.testing.assert_close(pairs[i, j], (variance[i] + variance[j]) / (2 * gap))


@pytest.mark.parametrize(("classes", "width"), [(2, 1), (10, 20)])
def test_exact_noise_around_a_simplex_frame_has_the_predicted_values(
    classes: int, width: int
) -> None:
    frame = embed(simplex_frame(classes), width, generator=stream(0, "frame"))
    rows = frame_in_noise(frame, noise=0.1, samples=40, generator=stream(0, "noise"))
    labels = ordered_labels(classes, samples=40)
    state = class_statistics(rows + 30, labels, classes=classes)
    nc1 = float(variability_collapse(state).value)
    assert nc1 == pytest.approx((classes - 1) ** 2 * 0.01 / classes, rel=1e-9)
    cdnv = float(mean_distance_normalised_variance(state))
    assert cdnv == pytest.approx(width * 0.01 * (classes - 1) / (2 * classes), rel=1e-9)


@pytest.mark.parametrize("directions", [1, 6])
def test_the_error_of_the_nearest_centre_is_met_by_counting(directions: int) -> None:
    generator, count = stream(1, "errors"), 20_000
    for variance in (0.4, 3.0):
        # Means at distance 1, so that the noise of a sample has the total variance CDNV.
        draw = torch.randn(count, directions, generator=generator, dtype=torch.float64)
        along = draw[:, 0] * math.sqrt(variance / directions)
        share = float((along > 0.5).double().mean())
        expected = float(nearest_centre_error(torch.tensor(variance).double(), directions))
        assert abs(share - expected) < 4.5 * math.sqrt(expected * (1 - expected) / count)
