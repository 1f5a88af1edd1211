from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from runtheory.collapse.models import FeatureModel, Minimiser
from tests.collapse.examples import FOUR, UNEVEN


def test_counts_labels_and_samples_agree() -> None:
    assert (UNEVEN.classes, UNEVEN.samples, UNEVEN.layers) == (3, 21, 1)
    assert torch.bincount(UNEVEN.labels()).tolist() == UNEVEN.counts().tolist() == [12, 6, 3]
    assert FOUR.balanced
    assert not UNEVEN.balanced


def test_targets_are_smoothed_one_hot_columns() -> None:
    targets = FeatureModel((1, 2), (0.1,), 0.1, smoothing=0.2).targets()
    expected = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.9]], dtype=torch.float64)
    torch.testing.assert_close(targets, expected)


def test_pressure_is_the_geometric_mean_of_the_penalties() -> None:
    assert FeatureModel((2, 2), (2.0,), 8.0).pressure == pytest.approx(4.0)
    assert FeatureModel((2, 2), (1.0, 2.0), 4.0).pressure == pytest.approx(2.0)


def test_a_minimiser_reads_norms_cosines_and_probabilities_off_its_matrices() -> None:
    eye = torch.eye(2, dtype=torch.float64)
    bias = torch.tensor([math.log(3.0), 0.0], dtype=torch.float64)
    gram = torch.tensor([[4.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    minimiser = Minimiser(0 * eye, bias, gram, 9 * eye, torch.tensor(0.0, dtype=torch.float64))
    assert minimiser.classifier_norms.tolist() == [2, 1]
    assert minimiser.feature_norms.tolist() == [3, 3]
    assert float(minimiser.classifier_cosines[0, 1]) == pytest.approx(0.5)
    assert float(minimiser.feature_cosines[0, 1]) == 0
    assert minimiser.probabilities[0].tolist() == pytest.approx([0.75, 0.75])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"class_counts": (5,)}, "two classes"),
        ({"class_counts": (5, 0)}, "each with a sample"),
        ({"layer_penalties": ()}, "positive"),
        ({"feature_penalty": 0.0}, "positive"),
        ({"bias_penalty": -1.0}, "bias_penalty"),
        ({"smoothing": 1.0}, "smoothing"),
    ],
)
def test_impossible_models_are_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        replace(FOUR, **change)
