from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from runtheory.information.ladder import GaussianMeanModel
from runtheory.information.ladder.neighbours import neighbour_losses
from runtheory.randomness import stream

MODEL = GaussianMeanModel(3, 9, 1.0, deviation=0.8)


@pytest.mark.parametrize("neighbours", [1, 3, 9])
def test_losses_are_those_of_a_classifier_that_is_fitted(neighbours: int) -> None:
    found = neighbour_losses(MODEL, 60, neighbours=neighbours, generator=stream(0, "data"))
    draw = stream(0, "data")
    labels = torch.randint(2, (60, 10), generator=draw).numpy()
    inputs = torch.randn(60, 10, 3, generator=draw, dtype=torch.float64).numpy()
    inputs[..., 0] += (2 * labels - 1) * 1.25
    for points, classes, train, test in zip(
        inputs, labels, found.train.tolist(), found.test.tolist(), strict=True
    ):
        net = KNeighborsClassifier(neighbours).fit(points[:-1], classes[:-1])
        answers = net.predict(points[[0, -1]]) != classes[[0, -1]]
        assert answers.tolist() == [train, test]


def test_one_neighbour_makes_no_training_error_and_three_do() -> None:
    one, three = (
        neighbour_losses(MODEL, 2000, neighbours=k, generator=stream(1, "data")) for k in (1, 3)
    )
    assert not one.train.any()
    assert 0 < np.mean(three.train.numpy()) < np.mean(three.test.numpy())


@pytest.mark.parametrize(
    ("neighbours", "draws", "text"),
    [(2, 5, "must be odd"), (11, 5, "neighbours must lie"), (1, 0, "draws must be at least 1")],
)
def test_wrong_numbers_are_named(neighbours: int, draws: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        neighbour_losses(MODEL, draws, neighbours=neighbours, generator=stream(0, "data"))
