import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from runtheory.collapse.conventions import Convention, Weighting, centred_means
from runtheory.collapse.frames import (
    coherence_bound,
    cross_polytope,
    embed,
    orthogonal_frame,
    regular_polygon,
    simplex_frame,
    sum_zero_basis,
)
from runtheory.collapse.geometry import (
    angle_error,
    angle_spread,
    bias_residual,
    centre_disagreement,
    duality_cosines,
    frame_distance,
    norm_spread,
    self_duality,
)
from runtheory.collapse.hull import one_vs_rest_distances
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.collapse.summary import collapse_measures
from runtheory.collapse.variability import (
    distance_normalised_variances,
    trace_ratio,
    variability_collapse,
)
from runtheory.randomness import stream


def clouds(classes, width, counts, *, noise=0.3, offset=0.0, seed=0):
    generator = stream(seed, "clouds")
    means = torch.randn(classes, width, generator=generator, dtype=torch.float64)
    labels = torch.arange(classes).repeat_interleave(torch.tensor(counts))
    draw = torch.randn(len(labels), width, generator=generator, dtype=torch.float64)
    return means[labels] + noise * draw + offset, labels


def reference(features, labels, classes, convention):
    """S_W, S_B from the definitions, in loops."""
    total = len(labels)
    groups = [features[labels == k] for k in range(classes)]
    means = [group.mean(0) for group in groups]
    weigh = {
        Weighting.CLASSES: [1 / classes] * classes,
        Weighting.SAMPLES: [len(group) / total for group in groups],
    }
    centre = sum(w * m for w, m in zip(weigh[convention.mean], means, strict=True))
    width = features.shape[1]
    within, between = torch.zeros(2, width, width, dtype=torch.float64)
    for k, group in enumerate(groups):
        own = sum(torch.outer(h - means[k], h - means[k]) for h in group) / len(group)
        within += weigh[convention.within][k] * own
        gap = means[k] - centre
        between += weigh[convention.between][k] * torch.outer(gap, gap)
    return within, between


CONVENTIONS = [
    Convention(mean=mean, between=between, per_class=per_class)
    for mean in Weighting
    for between in Weighting
    for per_class in (True, False)
]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("classes", "width"), [(4, 9), (7, 3)])
def test_nc1_and_the_trace_ratio_equal_their_definitions(convention, classes, width):
    features, labels = clouds(classes, width, list(range(5, 5 + classes)), offset=3.0)
    state = class_statistics(features, labels, classes=classes)
    within, between = reference(features, labels, classes, convention)
    rank = min(classes - 1, width)
    values, vectors = torch.linalg.eigh(between)
    inverse = (vectors[:, -rank:] / values[-rank:]) @ vectors[:, -rank:].T
    expected = (within @ inverse).trace() / (classes if convention.per_class else 1)
    measured = variability_collapse(state, convention=convention)
    torch.testing.assert_close(measured.value, expected, rtol=1e-9, atol=0)
    assert int(measured.rank) == rank
    ratio = trace_ratio(state, convention=convention)
    torch.testing.assert_close(ratio, within.trace() / between.trace(), rtol=1e-11, atol=0)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    classes=st.integers(2, 8),
    width=st.integers(1, 8),
    noise=st.sampled_from([0.0, 1e-8, 1.0]),
    offset=st.sampled_from([0.0, 1e4]),
)
def test_nc1_is_never_negative_and_does_not_see_offset_or_scale(classes, width, noise, offset):
    features, labels = clouds(classes, width, [5] * classes, noise=noise)
    plain = variability_collapse(class_statistics(features, labels, classes=classes))
    moved = variability_collapse(class_statistics(4 * features + offset, labels, classes=classes))
    assert float(plain.value) >= 0
    assert float(moved.value) >= 0
    assert int(plain.rank) == int(moved.rank) == min(classes - 1, width)
    floor = 1e-18 if noise < 1 else 1e-6 * float(plain.value)
    if noise == 1.0:
        assert abs(float(plain.value - moved.value)) <= floor


def test_class_means_that_coincide_up_to_rounding_lower_the_rank():
    draw = torch.randn(5, 6, generator=stream(6, "rank"), dtype=torch.float64)
    centre = torch.eye(4, 6, dtype=torch.float64)
    centre[3] = centre[2]
    labels = torch.arange(4).repeat_interleave(5)
    features = (centre[:, None] + draw - draw.mean(0)).flatten(0, 1) + 1e3
    measured = variability_collapse(class_statistics(features, labels, classes=4))
    assert int(measured.rank) == 2
    assert float(measured.value) < 1e3


def test_trace_ratio_weighs_classes_where_asked():
    features, labels = clouds(3, 5, [4, 9, 20])
    convention = Convention(within=Weighting.CLASSES)
    state = class_statistics(features, labels, classes=3)
    within, between = reference(features, labels, 3, convention)
    ratio = trace_ratio(state, convention=convention)
    torch.testing.assert_close(ratio, within.trace() / between.trace())
    with pytest.raises(ValueError, match="counts from 4 to 20"):
        variability_collapse(state, convention=convention)


def test_pairwise_variance_equals_its_definition():
    features, labels = clouds(4, 6, [3, 5, 7, 9])
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


def test_noise_around_a_simplex_frame_has_the_predicted_values():
    classes, width, noise, count = 10, 20, 0.1, 400
    frame = embed(simplex_frame(classes), width, generator=stream(0, "frame"))
    labels = torch.arange(classes).repeat_interleave(count)
    draw = torch.randn(len(labels), width, generator=stream(0, "noise"), dtype=torch.float64)
    state = class_statistics(frame[labels] + noise * draw, labels, classes=classes)
    nc1 = float(variability_collapse(state).value)
    assert nc1 == pytest.approx((classes - 1) ** 2 * noise**2 / classes, rel=0.1)
    cdnv = float(distance_normalised_variances(state).nanmean())
    assert cdnv == pytest.approx(width * noise**2 * (classes - 1) / (2 * classes), rel=0.05)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_at_the_simplex_frame_every_measure_is_zero(classes):
    frame = 3 * embed(simplex_frame(classes), classes + 4, generator=stream(1, "frame"))
    labels = torch.arange(classes).repeat(5)
    state = class_statistics(frame[labels] + 7.0, labels, classes=classes)
    bias = -0.5 * frame @ torch.full((classes + 4,), 7.0, dtype=torch.float64)
    measures = collapse_measures(state, 0.5 * frame, bias).row()
    assert measures.pop("rank") == classes - 1
    assert max(measures.values()) < 1e-12
    target = torch.eye(classes, dtype=torch.float64) - 1 / classes
    assert float(frame_distance(frame @ frame.T, target)) < 1e-12
    scores = frame[labels] @ frame.T
    assert float(centre_disagreement(frame[labels], scores, frame)) == 0


def test_frames_have_their_gram_matrices_and_embedding_keeps_them():
    for classes in (2, 3, 8):
        gram = simplex_frame(classes) @ simplex_frame(classes).T
        off = gram - torch.diag(gram.diagonal())
        expected = -(1 - torch.eye(classes, dtype=torch.float64)) / (classes - 1)
        assert float((off - expected).abs().max()) < 1e-12
        assert float((gram.diagonal() - 1).abs().max()) < 1e-12
        assert float(sum_zero_basis(classes).sum(0).abs().max()) < 1e-12
    lengths = torch.tensor([3.0, 1.0, 0.0], dtype=torch.float64)
    turned = embed(orthogonal_frame(lengths), 7, generator=stream(2, "frame"))
    torch.testing.assert_close(turned @ turned.T, torch.diag(lengths**2), atol=1e-12, rtol=0)
    assert coherence_bound(4, 3) == pytest.approx(1 / 3)
    assert coherence_bound(3, 5) == 0
    assert torch.equal(cross_polytope(4)[:2], torch.tensor([[1.0, 0], [-1, 0]]).double())
    for call, text in [
        (lambda: simplex_frame(1), "two classes"),
        (lambda: cross_polytope(5), "even"),
        (lambda: embed(simplex_frame(5), 3, generator=stream(0, "f")), "at least 4"),
        (lambda: orthogonal_frame(-lengths), "negative"),
        (lambda: coherence_bound(3, 0), "width"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_geometry_measures_equal_their_definitions():
    generator = stream(3, "geometry")
    vectors, rows = torch.randn(2, 5, 4, generator=generator, dtype=torch.float64)
    norms = [float(v.norm()) for v in vectors]
    mean = sum(norms) / 5
    for correction in (0, 1):
        expected = math.sqrt(sum((x - mean) ** 2 for x in norms) / (5 - correction)) / mean
        assert float(norm_spread(vectors, correction=correction)) == pytest.approx(expected)
    cosines = [
        float(vectors[i] @ vectors[j]) / norms[i] / norms[j]
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    assert float(angle_error(vectors)) == pytest.approx(sum(abs(c + 0.25) for c in cosines) / 20)
    middle = sum(cosines) / 20
    spread = math.sqrt(sum((c - middle) ** 2 for c in cosines) / 20)
    assert float(angle_spread(vectors)) == pytest.approx(spread)
    gap = rows / rows.norm() - vectors / vectors.norm()
    assert float(self_duality(rows, vectors)) == pytest.approx(float((gap**2).sum()))
    shifted = self_duality(rows + 5, vectors, centre_classifier=True)
    torch.testing.assert_close(shifted, self_duality(rows - rows.mean(0), vectors))
    torch.testing.assert_close(duality_cosines(vectors, 2 * vectors), torch.ones(5).double())
    residual = bias_residual(rows, torch.ones(5), vectors[0])
    torch.testing.assert_close(residual, (1 + rows @ vectors[0]).norm())


def test_centre_disagreement_uses_the_decision_with_its_bias():
    means = torch.tensor([[1.0, 0], [-1, 0]])
    features = torch.tensor([[0.4, 0], [-0.4, 0], [2, 0], [-2, 0]])
    logits = features @ means.T
    assert float(centre_disagreement(features, logits, means)) == 0
    biased = logits + torch.tensor([1.0, 0.0])
    assert float(centre_disagreement(features, biased, means)) == 0.25
    with pytest.raises((ValueError, TypeCheckError)):
        centre_disagreement(features, torch.zeros(4, 3), means)


def test_centre_disagreement_keeps_its_digits_under_an_offset():
    features, labels = clouds(5, 8, [20] * 5, noise=1.0)
    state = class_statistics(features, labels, classes=5)
    nearest = torch.cdist(features, state.means).argmin(1)
    logits = torch.nn.functional.one_hot(nearest, 5).double()
    assert float(centre_disagreement(features + 1e7, logits, state.means + 1e7)) == 0
    assert float(centre_disagreement(features, logits.flip(1), state.means)) > 0.5


@pytest.mark.parametrize(
    ("vectors", "distance"),
    [(simplex_frame(5), 5 / 4), (simplex_frame(40), 40 / 39), (cross_polytope(8), 1.0)]
    + [(regular_polygon(k), 1 - math.cos(2 * math.pi / k)) for k in (5, 7, 12)],
)
def test_one_vs_rest_distances_of_known_frames(vectors, distance):
    turned = embed(vectors, vectors.shape[1] + 3, generator=stream(4, "hull"))
    result = one_vs_rest_distances(2.5 * turned)
    torch.testing.assert_close(
        result.distances, torch.full_like(result.distances, distance), rtol=0, atol=1e-9
    )
    assert float(result.gaps.max()) < 1e-9
    assert float(result.spread) < 1e-9
    scaled = one_vs_rest_distances(2.5 * turned, normalise=False)
    assert float(scaled.minimum) == pytest.approx(2.5 * distance)


def test_one_vs_rest_distance_agrees_with_a_search_over_the_hull():
    vectors = torch.randn(4, 3, generator=stream(5, "hull"), dtype=torch.float64)
    grid = torch.linspace(0, 1, 401, dtype=torch.float64)
    first, second = torch.meshgrid(grid, grid, indexing="ij")
    weights = torch.stack([first, second, 1 - first - second], -1)[first + second <= 1]
    for k in range(4):
        others = torch.cat([vectors[:k], vectors[k + 1 :]])
        searched = (weights @ others - vectors[k]).norm(dim=1).min()
        found = one_vs_rest_distances(vectors, normalise=False).distances[k]
        assert searched - 1e-3 <= found <= searched + 1e-12
    with pytest.raises(ValueError, match="zero row"):
        one_vs_rest_distances(torch.zeros(3, 2))
    with pytest.raises(ValueError, match="got 1"):
        one_vs_rest_distances(vectors[:1])
    with pytest.raises(ValueError, match="finite"):
        one_vs_rest_distances(vectors * torch.inf)


def test_unusable_statistics_are_named():
    features, labels = clouds(3, 4, [4, 4, 4])
    slim = class_statistics(features, labels, classes=3, full=False)
    with pytest.raises(ValueError, match="full=False"):
        variability_collapse(slim)
    with pytest.raises(ValueError, match="none for the classes"):
        trace_ratio(ClassStatistics.empty(3, 4))
    with pytest.raises(ValueError, match=r"shape \(3, 4\)"):
        collapse_measures(slim, torch.zeros(2, 4), None)
    equal = class_statistics(features * 0 + 1e3, labels, classes=3)
    nothing = variability_collapse(equal)
    assert int(nothing.rank) == 0
    assert math.isinf(float(nothing.value))
    assert float(centred_means(equal, Weighting.SAMPLES).abs().max()) == 0
