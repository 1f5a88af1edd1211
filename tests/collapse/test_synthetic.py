from __future__ import annotations

import pytest
import torch

from runtheory.collapse.frames import simplex_frame
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.synthetic import frame_in_noise, ordered_labels, white_noise
from runtheory.randomness import stream


def test_labels_come_class_after_class() -> None:
    assert ordered_labels(3, samples=2).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("classes", "samples", "width"), [(3, 4, 3), (3, 50, 8), (1, 5, 2), (2, 2, 1)]
)
def test_noise_is_white_in_every_class(classes: int, samples: int, width: int) -> None:
    noise = white_noise(classes, samples=samples, width=width, generator=stream(0, "white"))
    for own in noise.view(classes, samples, width):
        assert float(own.mean(0).abs().max()) < 1e-12
        torch.testing.assert_close(own.T @ own / samples, torch.eye(width, dtype=torch.float64))


def test_classes_get_different_noise() -> None:
    first, second = white_noise(2, samples=9, width=2, generator=stream(0, "w")).view(2, 9, 2)
    assert float((first - second).abs().max()) > 0.1


def test_class_means_are_the_frame() -> None:
    frame = simplex_frame(4)
    rows = frame_in_noise(frame, noise=0.5, samples=10, generator=stream(1, "white"))
    state = class_statistics(rows, ordered_labels(4, samples=10), classes=4)
    torch.testing.assert_close(state.means, frame)
    assert state.scatter is not None
    torch.testing.assert_close(state.scatter / 40, 0.25 * torch.eye(3, dtype=torch.float64))


def test_as_few_samples_as_features_are_refused() -> None:
    with pytest.raises(ValueError, match="samples must be at least 6, got 5"):
        white_noise(2, samples=5, width=5, generator=stream(0, "white"))
