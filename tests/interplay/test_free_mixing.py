"""Free features under mixing: the closed form against an optimiser and earlier theorems."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.collapse.minimisers import cross_entropy_minimiser
from runtheory.collapse.models import FeatureModel
from runtheory.interplay.fitting import fit_free_mixing
from runtheory.interplay.free_mixing import (
    STRONGEST,
    UNMIXED,
    ShareLaw,
    free_logits,
    free_strength,
    path_height,
    residual,
    uniform_shares,
)
from runtheory.randomness import stream

TWO_SHARES = ShareLaw(np.array([0.3, 0.9]), np.array([0.6, 0.4]))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("law", [UNMIXED, TWO_SHARES], ids=["unmixed", "mixed"])
def test_an_optimiser_finds_the_frame_and_the_logits(law: ShareLaw, classes: int) -> None:
    decay = (0.03, 0.01)
    fit = fit_free_mixing(
        law, classes, decay=decay, width=classes + 2, generator=stream(3, "start")
    )
    classifier, features, targets = fit.classifier, fit.features, fit.targets
    strength = free_strength(law, classes, math.sqrt(decay[0] * decay[1]))
    frame = strength * decay[1] * (torch.eye(classes) - 1 / classes)
    assert torch.allclose(classifier @ classifier.T, frame.double(), atol=2e-6)
    logits = torch.tensor(free_logits(targets.numpy(), strength))
    assert torch.allclose(fit.logits, logits, atol=2e-5)
    # A feature lies in the plane of its two rows: h = W'(t - softmax) / l_H.
    expected = (targets - logits.softmax(1)) @ classifier / decay[1]
    assert torch.allclose(features, expected, atol=2e-4)


def test_an_optimiser_finds_nothing_beyond_the_threshold() -> None:
    classes = 4
    edge = math.sqrt(TWO_SHARES.concentration / classes)
    for factor, found in ((1.02, False), (0.98, True)):
        decay = factor * edge
        fit = fit_free_mixing(
            TWO_SHARES, classes, decay=(decay, decay), width=6, generator=stream(3, "start")
        )
        assert (float(fit.classifier.norm()) > 1e-3) == found
        assert (free_strength(TWO_SHARES, classes, decay) > 0) == found


def test_unmixed_labels_give_back_the_theorem_on_cross_entropy() -> None:
    classes, per_class, decays = 10, 7, (2e-3, 3e-4)
    model = FeatureModel((per_class,) * classes, (decays[0],), decays[1])
    known = cross_entropy_minimiser(model)
    # There the decay of the features is that of their sum over samples, here of their mean.
    ours = math.sqrt(decays[0] * classes * per_class * decays[1])
    logits = free_logits(np.eye(classes), free_strength(UNMIXED, classes, ours))
    lead = logits[0, 0] - logits[0, 1]
    scores = known.scores.numpy()
    assert lead == pytest.approx(scores[0, 0] - scores[1, 0], rel=1e-9)


@given(
    st.integers(3, 12),
    st.floats(-3, 9),
    st.lists(st.floats(0, 1), min_size=1, max_size=4),
)
def test_free_logits_solve_their_equation(
    classes: int, logarithm: float, shares: list[float]
) -> None:
    strength = math.exp(logarithm)
    targets = np.zeros((len(shares), classes))
    targets[:, 0], targets[:, 1] = shares, 1 - np.array(shares)
    logits = free_logits(targets, strength)
    soft = np.exp(logits - logits.max(1, keepdims=True))
    soft /= soft.sum(1, keepdims=True)
    assert np.abs(logits - strength * (targets - soft)).max() < 1e-9 * max(strength, 1)
    assert np.abs(logits.sum(1)).max() < 1e-9 * max(strength, 1)
    assert np.ptp(logits[:, 2:]) >= 0
    assert np.allclose(logits[:, 2:], logits[:, 2:3])


def test_the_residual_falls_with_the_strength_from_its_closed_form() -> None:
    law, classes = uniform_shares(), 10
    values = [residual(law, classes, strength) for strength in (1e-6, 0.1, 1.0, 10.0, 1e3)]
    assert values == sorted(values, reverse=True)
    assert law.concentration == pytest.approx(2 / 3, rel=1e-12)
    assert values[0] == pytest.approx((classes - 1) / classes * 2 / 3, rel=1e-4)


@given(st.integers(3, 40), st.floats(-3, 8), st.floats(0, 1))
def test_the_height_of_the_path_is_that_of_the_logits(
    classes: int, logarithm: float, share: float
) -> None:
    strength = math.exp(logarithm)
    targets = np.zeros((1, classes))
    targets[0, :2] = share, 1 - share
    logits = free_logits(targets, strength)[0]
    height = logits[:2].mean() - logits[2:].mean()
    found = path_height(share, strength=strength, classes=classes)
    assert found == pytest.approx(height, rel=1e-7)


def test_laws_and_strengths_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="shares must lie"):
        ShareLaw(np.array([1.2]), np.ones(1))
    with pytest.raises(ValueError, match="sum to one"):
        ShareLaw(np.array([0.5]), np.array([0.5]))
    with pytest.raises(ValueError, match="strength must lie"):
        free_logits(np.eye(3), 0.0)
    with pytest.raises(ValueError, match="decay must be positive"):
        free_strength(UNMIXED, 3, 0.0)
    with pytest.raises(ValueError, match="classes must be at least 3"):
        path_height(0.5, strength=1.0, classes=2)
    with pytest.raises(ValueError, match="classes must be at least 2"):
        free_strength(UNMIXED, 1, 0.1)


@pytest.mark.parametrize(
    ("shares", "weights", "message"),
    [
        ([np.nan, 0.5], [0.5, 0.5], r"shares must lie in \[0, 1\], got nan"),
        ([0.2, 1.5], [0.5, 0.5], r"shares must lie in \[0, 1\], got 1.5"),
        ([0.2, 0.5], [np.nan, 0.5], "weights must not be negative, got nan"),
        ([], [], "points of one number"),
    ],
)
def test_what_is_no_law_of_shares_is_refused(shares, weights, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ShareLaw(np.array(shares), np.array(weights))


def test_logits_of_no_distribution_are_refused() -> None:
    for wrong in ([[np.nan, 1.0]], [[0.5, 0.4]]):
        with pytest.raises(ValueError, match="distributions, one a row"):
            free_logits(np.array(wrong), 1.0)
    with pytest.raises(ValueError, match="classes must be at least 2"):
        residual(UNMIXED, 1, 1.0)
    with pytest.raises(ValueError, match="points must be at least 1"):
        uniform_shares(0)


@pytest.mark.parametrize("strength", [1.0, 1e6, STRONGEST])
def test_logits_solve_their_equation_up_to_the_largest_strength(strength: float) -> None:
    rows = np.array([[1.0, 0.0, 0.0], [0.3, 0.7, 0.0], [0.5, 0.5, 0.0]])
    logits = free_logits(rows, strength)
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    # Each logit is a difference of numbers of the size k, so it has k times their rounding.
    rounding = 4 * np.finfo(float).eps * max(strength, 4)
    assert np.abs(softmax - (rows - logits / strength)).max() < rounding
    assert 0 < path_height(0.5, strength=strength, classes=3) < math.log(strength + 10)


@pytest.mark.parametrize("strength", [2 * STRONGEST, 1e300, math.inf, 0.0])
def test_a_strength_that_would_cost_every_digit_is_refused(strength: float) -> None:
    for call in (
        lambda: residual(UNMIXED, 3, strength),
        lambda: path_height(0.5, strength=strength, classes=3),
    ):
        with pytest.raises(ValueError, match=r"strength must lie in \(0, 1e\+09\]"):
            call()
