"""Localisation, occlusion, corruption, outlier scores and the fast gradient sign attack."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve
from torch import nn

from runtheory.evaluation.attack import fast_gradient_sign
from runtheory.evaluation.corruption import CORRUPTIONS
from runtheory.evaluation.localisation import (
    class_activation_map,
    intersection_over_union,
    localise,
    upsample,
)
from runtheory.evaluation.occlusion import occlude_boundary, occlude_centre
from runtheory.evaluation.outliers import (
    area_under_curve,
    max_probability,
    negative_energy,
    rejection_at_recall,
)


def test_the_mean_of_the_activation_map_is_the_logit():
    maps, weights = torch.randn(4, 6, 5, 7), torch.randn(3, 6)
    labels = torch.tensor([2, 0, 1, 2])
    logits = maps.mean(dim=(2, 3)) @ weights.T
    heat = class_activation_map(maps, weights, labels)
    assert torch.allclose(heat.mean(dim=(1, 2)), logits[torch.arange(4), labels], atol=1e-6)
    assert upsample(heat, (10, 14)).shape == (4, 10, 14)


def test_localisation_takes_the_largest_component_not_the_hottest():
    heat = torch.zeros(2, 10, 12)
    heat[0, 1:5, 2:9] = 0.5
    heat[0, 8, 11] = 1.0
    heat[1] = 3.0
    expected = torch.tensor([[1, 5, 2, 9], [0, 10, 0, 12]])
    assert torch.equal(localise(heat, fraction=0.2), expected)
    assert torch.equal(localise(heat, fraction=0.9)[0], torch.tensor([8, 9, 11, 12]))
    assert torch.equal(localise(heat * 7 - 3, fraction=0.2), expected)


edges = st.tuples(*[st.integers(0, 8)] * 4).map(
    lambda e: (min(e[:2]), max(e[:2]), min(e[2:]), max(e[2:]))
)


@given(first=edges, second=edges)
def test_the_overlap_of_boxes_is_that_of_their_pixels(first, second):
    masks = np.zeros((2, 8, 8), dtype=bool)
    for mask, (top, bottom, left, right) in zip(masks, (first, second), strict=True):
        mask[top:bottom, left:right] = True
    union = (masks[0] | masks[1]).sum()
    expected = (masks[0] & masks[1]).sum() / union if union else 0.0
    overlap = intersection_over_union(torch.tensor([first]), torch.tensor([second]))
    assert overlap.item() == pytest.approx(expected)


def test_centre_and_boundary_occlusion_share_the_image_between_them():
    images = torch.rand(2, 3, 8, 10) + 1
    centre, boundary = occlude_centre(images, size=0.5), occlude_boundary(images, size=0.5)
    assert (centre[0, 0] == 0).sum() == 4 * 4
    assert (centre[:, :, 2:6, 3:7] == 0).all()
    assert torch.equal(centre + boundary, images)
    assert torch.equal(occlude_centre(images, size=0.0), images)
    assert (occlude_centre(images, size=1.0, fill=5.0) == 5).all()


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_corruptions_grow_with_severity_and_keep_the_scale(name):
    images = torch.rand(8, 3, 14, 9, generator=torch.Generator().manual_seed(0))
    before, change = images.clone(), []
    for severity in (1, 2, 3):
        one, two = (
            CORRUPTIONS[name](images, severity, torch.Generator().manual_seed(1)) for _ in "ab"
        )
        assert torch.equal(one, two)
        assert one.shape == images.shape
        assert one.min() >= -1e-6
        assert one.max() <= 1 + 1e-6
        change.append(float((one - images).square().mean()))
    assert 0 < change[0] < change[1] < change[2]
    assert torch.equal(images, before)
    with pytest.raises(ValueError, match="severity must be"):
        CORRUPTIONS[name](images, 4, torch.Generator())


def test_smoothing_corruptions_leave_a_constant_image_alone():
    flat = torch.full((1, 2, 9, 9), 0.4)
    for name in ("blur", "contrast", "pixelate"):
        assert torch.allclose(CORRUPTIONS[name](flat, 3, torch.Generator()), flat, atol=1e-6)


@given(
    known=st.lists(st.integers(0, 6), min_size=1, max_size=30),
    foreign=st.lists(st.integers(0, 6), min_size=1, max_size=30),
)
def test_the_curve_and_the_rejection_agree_with_scikit_learn_through_ties(known, foreign):
    truth = [1] * len(known) + [0] * len(foreign)
    scores = torch.tensor(known + foreign, dtype=torch.float64)
    ours = area_under_curve(scores[: len(known)], scores[len(known) :])
    assert ours == pytest.approx(roc_auc_score(truth, scores.numpy()))
    false, true, _ = roc_curve(truth, scores.numpy(), drop_intermediate=False)
    expected = 1 - false[np.argmax(true >= 0.95 - 1e-9)]
    rejected = rejection_at_recall(scores[: len(known)], scores[len(known) :])
    assert rejected == pytest.approx(expected)


def test_the_scores_against_their_definitions():
    logits = torch.tensor([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]])
    assert max_probability(logits)[1].item() == pytest.approx(1 / 3)
    expected = 2 * np.log(np.exp([0.5, 1.0, 2.0]).sum())
    assert negative_energy(logits, temperature=2.0)[0].item() == pytest.approx(expected)


def test_the_attack_steps_by_the_sign_of_the_gradient_and_stays_in_the_scale():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).eval()
    images, labels = torch.rand(5, 3, 2, 2), torch.tensor([0, 1, 2, 0, 1])
    attacked = fast_gradient_sign(network, images, labels, radius=0.1)
    residual = network(images).softmax(1) - torch.eye(3)[labels]
    gradient = (residual @ network[1].weight).reshape(images.shape)
    assert torch.allclose(attacked, (images + 0.1 * gradient.sign()).clamp(0, 1))
    loss = nn.functional.cross_entropy
    assert loss(network(attacked), labels) > loss(network(images), labels)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert torch.equal(fast_gradient_sign(network, images, labels, radius=0.0), images)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: localise(torch.zeros(1, 2, 2), fraction=2.0), "fraction must lie"),
        (lambda: occlude_centre(torch.zeros(1, 1, 2, 2), size=-1.0), "size must lie"),
        (lambda: area_under_curve(torch.zeros(0), torch.zeros(1)), "both sets need"),
        (lambda: area_under_curve(torch.full((1,), torch.nan), torch.zeros(1)), "NaN"),
        (lambda: rejection_at_recall(torch.zeros(1), torch.zeros(1), recall=0.0), "recall must"),
        (lambda: negative_energy(torch.zeros(1, 2), temperature=0.0), "temperature must"),
    ],
)
def test_wrong_input_gets_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()
