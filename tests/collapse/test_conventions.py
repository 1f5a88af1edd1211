from __future__ import annotations

import pytest
import torch

from runtheory.collapse.conventions import Weighting, centred_means, class_weights, global_mean
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from tests.collapse.examples import clouds


def test_weights_are_equal_or_the_shares_of_the_samples() -> None:
    features, labels = clouds([4, 4, 8], 2)
    state = class_statistics(features, labels, classes=3)
    assert class_weights(state, Weighting.CLASSES).tolist() == [1 / 3] * 3
    assert class_weights(state, Weighting.SAMPLES).tolist() == [0.25, 0.25, 0.5]


def test_the_two_global_means_are_those_of_means_and_of_samples() -> None:
    features, labels = clouds([3, 5, 12], 4, offset=50.0)
    state = class_statistics(features, labels, classes=3)
    means = torch.stack([features[labels == k].mean(0) for k in range(3)])
    torch.testing.assert_close(global_mean(state, Weighting.CLASSES), means.mean(0))
    torch.testing.assert_close(global_mean(state, Weighting.SAMPLES), features.mean(0))


@pytest.mark.parametrize("offset", [1e3 / 7, -1e6 / 3, 0.1])
def test_equal_means_are_centred_to_an_exact_zero_at_any_offset(offset: float) -> None:
    features, labels = clouds([3, 5, 12], 4)
    equal = features * 0 + offset
    whole = class_statistics(equal, labels, classes=3)
    batches = ((equal[low : low + 7], labels[low : low + 7]) for low in range(0, 20, 7))
    streamed = ClassStatistics.empty(3, 4).update_all(batches)
    for state in (whole, streamed, whole.merge(streamed)):
        assert float(state.square_deviations.abs().max()) == 0
        for weighting in Weighting:
            assert float(centred_means(state, weighting).abs().max()) == 0
