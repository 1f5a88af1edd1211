from __future__ import annotations

import pytest
import torch

from runtheory.collapse.frames import embed, simplex_frame
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.summary import collapse_measures
from runtheory.randomness import stream
from tests.collapse.examples import clouds


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_at_the_simplex_frame_every_measure_is_zero(classes: int) -> None:
    frame = 3 * embed(simplex_frame(classes), classes + 4, generator=stream(1, "frame"))
    labels = torch.arange(classes).repeat(5)
    state = class_statistics(frame[labels] + 7.0, labels, classes=classes)
    bias = -0.5 * frame @ torch.full((classes + 4,), 7.0, dtype=torch.float64)
    measures = collapse_measures(state, 0.5 * frame, bias).row()
    assert measures.pop("rank") == classes - 1
    assert max(measures.values()) < 1e-12


def test_a_head_without_a_bias_has_the_bias_zero() -> None:
    features, labels = clouds([4, 4, 4], 5)
    state = class_statistics(features, labels, classes=3)
    rows = torch.randn(3, 5, generator=stream(2, "rows"), dtype=torch.float64)
    zero = collapse_measures(state, rows, torch.zeros(3, dtype=torch.float64)).row()
    assert collapse_measures(state, rows, None).row() == zero


def test_a_classifier_of_another_shape_is_refused() -> None:
    features, labels = clouds([4, 4, 4], 4)
    slim = class_statistics(features, labels, classes=3, full=False)
    with pytest.raises(ValueError, match=r"shape \(3, 4\)"):
        collapse_measures(slim, torch.zeros(2, 4), None)
