"""How far edges move, the floor of stability, and a box beside its shifted copy."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory.evaluation import intersection_over_union
from runtheory.noise.box_stability import movement
from runtheory.randomness import stream

BIAS = torch.tensor([0.0, 3.0, 1.0, 6.0]).double()


def head(seed: int, features: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = stream(seed, "head")
    drawn = [
        0.2 * torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((1, features), (4, features))
    ]
    return drawn[0], drawn[1]


def every_mask(features: int, rate: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the factors of all masks, and their probabilities."""
    kept = torch.tensor(list(itertools.product((0.0, 1.0), repeat=features))).double()
    chance = (kept * (1 - rate) + (1 - kept) * rate).prod(1)
    return kept / (1 - rate), chance


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.8])
def test_the_deviation_by_listing_all_masks(rate) -> None:
    features, weight = head(0)
    factors, chance = every_mask(5, rate)
    moved = (factors * features) @ weight.T - features @ weight.T
    torch.testing.assert_close(chance @ moved, torch.zeros(4).double())
    expected = (chance @ moved.square()).sqrt()
    found = movement.edge_deviations(features, weight, rate=rate)
    torch.testing.assert_close(found[0], expected)


@given(seed=st.integers(0, 1000), rate=st.floats(0.01, 0.9), size=st.floats(0.01, 3))
def test_stability_is_never_below_its_floor(seed, rate, size) -> None:
    features, weight = head(seed)
    features = size * features
    clean = features @ weight.T + BIAS
    if not bool(((clean[:, 1::2] - clean[:, 0::2]) > 0.01).all()):
        return
    factors, chance = every_mask(5, rate)
    under = (factors * features) @ weight.T + BIAS
    stability = chance @ intersection_over_union(clean.expand_as(under), under)
    deviations = movement.edge_deviations(features, weight, rate=rate)
    assert float(stability) >= float(movement.stability_floor(clean, deviations)) - 1e-12


def test_the_floor_in_a_loop() -> None:
    boxes = torch.tensor([[0.0, 2.0, 1.0, 6.0], [1.0, 5.0, 0.0, 1.0]])
    deviations = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.5, 0.0, 0.1, 0.2]])
    found = movement.stability_floor(boxes, deviations)
    for box, moved, floor in zip(boxes.tolist(), deviations.tolist(), found, strict=True):
        height, width = box[1] - box[0], box[3] - box[2]
        expected = 1 - (moved[0] + moved[1]) / height - (moved[2] + moved[3]) / width
        assert float(floor) == pytest.approx(expected)


@given(down=st.floats(-3, 3), right=st.floats(-5, 5))
def test_a_shifted_box_overlaps_with_itself_as_its_areas_say(down, right) -> None:
    box = torch.tensor([[1.0, 3.0, -1.0, 4.0]]).double()
    moved = box + torch.tensor([down, down, right, right]).double()
    expected = intersection_over_union(box, moved)
    torch.testing.assert_close(movement.shifted_overlap(box, (down, right)), expected)


def test_features_that_fade_make_stable_boxes() -> None:
    features, weight = head(1)
    faded = movement.edge_deviations(1e-6 * features, weight, rate=0.5)
    assert float(movement.stability_floor(BIAS[None], faded)) == pytest.approx(1, abs=1e-4)


def test_what_is_refused() -> None:
    boxes, deviations = BIAS[None], torch.ones(1, 4).double()
    with pytest.raises(ValueError, match="positive sides"):
        movement.stability_floor(boxes.flip(1), deviations)
    with pytest.raises(ValueError, match="deviations must not be negative"):
        movement.stability_floor(boxes, -deviations)
    with pytest.raises(ValueError, match="two numbers"):
        movement.shifted_overlap(boxes, (1.0,))
    with pytest.raises(ValueError, match="shift must be finite"):
        movement.shifted_overlap(boxes, (1.0, math.inf))
    with pytest.raises(ValueError, match="rate"):
        movement.edge_deviations(*head(0), rate=1.0)
