"""Situations in which public libraries were reported wrong, each against another computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from runtheory.evaluation import corruption
from runtheory.evaluation.localisation import localise
from runtheory.evaluation.metrics import accuracy, brier_score, cross_entropy
from runtheory.evaluation.outliers import area_under_curve, max_probability, negative_energy


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e4, 1e30])
@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_large_and_small_scores_are_ranked_not_squashed(scale: float, shift: float) -> None:
    draw = generator()
    known = (torch.randint(8, (40,), generator=draw) + shift + 3).double() * scale
    foreign = (torch.randint(8, (60,), generator=draw) + shift).double() * scale
    labels = np.repeat([1, 0], [40, 60])
    expected = roc_auc_score(labels, torch.cat([known, foreign]).numpy())
    assert area_under_curve(known, foreign) == pytest.approx(expected, abs=1e-12)


def test_a_saturated_probability_ties_and_the_energy_does_not() -> None:
    margins = torch.tensor([40.0, 45.0, 50.0, 55.0], dtype=torch.float64)
    logits = torch.stack([margins, torch.zeros(4, dtype=torch.float64)], 1)
    known, foreign = logits[2:], logits[:2]
    assert area_under_curve(max_probability(known), max_probability(foreign)) == 0.5
    assert area_under_curve(negative_energy(known), negative_energy(foreign)) == 1.0


def test_scores_take_logits_whatever_they_look_like() -> None:
    # Rows that are probabilities are logits all the same: nothing is guessed from a batch.
    rows = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    odds = np.exp(rows.numpy())
    shares = odds / odds.sum(1, keepdims=True)
    expected = -np.log(shares[[0, 1], labels]).mean()
    assert cross_entropy(rows, labels).item() == pytest.approx(expected)
    assert brier_score(rows, labels).item() == pytest.approx(
        ((shares - np.eye(3)[labels]) ** 2).sum(1).mean()
    )
    assert accuracy(rows, labels).item() == 0.5


def test_diagonal_pixels_are_apart_and_the_largest_component_counts() -> None:
    heat = (torch.rand(20, 9, 11, generator=generator()) > 0.6).float()
    boxes = localise(heat, fraction=0.5)
    for picture, box in zip(heat.numpy(), boxes.tolist(), strict=True):
        numbers, count = ndimage.label(picture > 0.5)  # four neighbours
        sizes = ndimage.sum_labels(np.ones_like(picture), numbers, range(1, count + 1))
        rivals = [one for one, size in enumerate(sizes, 1) if size == max(sizes)]
        spans = [ndimage.find_objects(numbers)[one - 1] for one in rivals]
        assert box in [[r.start, r.stop, c.start, c.stop] for r, c in spans]


def test_a_map_with_nan_is_refused_in_words() -> None:
    heat = torch.rand(2, 4, 4, generator=generator())
    heat[1, 2, 3] = torch.nan
    with pytest.raises(ValueError, match="heat must be finite"):
        localise(heat, fraction=0.5)


@pytest.mark.parametrize("name", sorted(corruption.CORRUPTIONS))
def test_a_generator_repeats_a_corruption_and_severity_nought_is_refused(name: str) -> None:
    corrupt = corruption.CORRUPTIONS[name]
    images = torch.rand(2, 3, 8, 8, generator=generator())
    first, again = (corrupt(images, 2, generator(5)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, images)
    with pytest.raises(ValueError, match="severity"):
        corrupt(images, 0, generator())


@pytest.mark.parametrize("name", sorted(corruption.CORRUPTIONS))
def test_bytes_and_numbers_beyond_one_are_refused(name: str) -> None:
    corrupt = corruption.CORRUPTIONS[name]
    images = torch.rand(2, 3, 8, 8, generator=generator()) * 255
    with pytest.raises(ValueError, match=r"images must lie in \[0, 1\]"):
        corrupt(images, 1, generator())
    with pytest.raises(TypeError, match="images must hold floating-point numbers"):
        corrupt(images.byte(), 1, generator())
