"""The synthetic families follow the laws that their docstrings state."""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest
import torch

from runtheory import data
from runtheory.randomness import stream

COUNT = 20_000
FREQUENCIES = (0.8, 0.15, 0.05)


def gaussian(**changes: Any) -> data.GaussianDraws:
    arguments: dict[str, Any] = {"deviation": 0.5, "generator": stream(0, "gaussian"), **changes}
    return data.binary_gaussian(COUNT, torch.tensor([1.0, -2.0, 0.0]), **arguments)


def patches(**changes: Any) -> data.FeatureNoise:
    directions = data.feature_directions(3, 6, generator=stream(0, "directions"))
    arguments: dict[str, Any] = {
        "frequencies": FREQUENCIES,
        "patches": 4,
        "deviations": (2.0, 0.1),
        "generator": stream(0, "patches"),
        **changes,
    }
    return data.feature_noise(COUNT, directions, **arguments)


def test_labels_are_fair_signs() -> None:
    for labels in (gaussian().labels, patches().labels):
        assert set(labels.tolist()) == {-1, 1}
        assert abs(labels.double().mean()) < 5 / sqrt(COUNT)


def test_inputs_given_the_label_are_gaussian_with_the_stated_mean_and_covariance() -> None:
    drawn = gaussian()
    signed = drawn.inputs.double() * drawn.labels.unsqueeze(1)
    mean = torch.tensor([1.0, -2.0, 0.0]).double()
    assert ((signed.mean(0) - mean).abs() < 5 * 0.5 / sqrt(COUNT)).all()
    # Var of a sample variance is 2 sigma^4 / n; of a sample covariance, sigma^4 / n.
    tolerance = 5 * 0.25 * sqrt(2 / COUNT)
    torch.testing.assert_close(signed.T.cov(), 0.25 * torch.eye(3).double(), atol=tolerance, rtol=0)


def test_without_deviation_the_input_is_the_signed_mean() -> None:
    drawn = gaussian(deviation=0.0)
    assert torch.equal(drawn.inputs, drawn.labels.unsqueeze(1) * torch.tensor([1.0, -2.0, 0.0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_follows_the_parameters(dtype) -> None:
    drawn = data.binary_gaussian(5, torch.ones(2, dtype=dtype), generator=stream(0, "gaussian"))
    assert drawn.inputs.dtype == dtype
    directions = data.feature_directions(2, 3, generator=stream(0, "directions"), dtype=dtype)
    assert directions.dtype == dtype
    mixed = data.feature_noise(
        5,
        directions,
        frequencies=(0.5, 0.5),
        patches=3,
        deviations=(1.0, 0.1),
        generator=stream(0, "patches"),
    )
    assert mixed.patches.dtype == dtype


def test_draws_repeat_under_the_same_stream() -> None:
    assert torch.equal(gaussian().inputs, gaussian().inputs)
    assert torch.equal(patches().patches, patches().patches)
    other = patches(generator=stream(1, "patches"))
    assert not torch.equal(patches().patches, other.patches)


def test_directions_are_orthonormal_and_have_no_preferred_sign() -> None:
    signs = 0.0
    for seed in range(200):
        drawn = data.feature_directions(2, 4, generator=stream(seed, "directions"))
        torch.testing.assert_close(drawn @ drawn.T, torch.eye(2), atol=1e-6, rtol=0)
        signs += float(drawn[0, 0].sign())
    assert abs(signs) < 5 * sqrt(200)


def test_the_feature_patch_is_the_signed_direction_exactly() -> None:
    drawn = patches()
    directions = data.feature_directions(3, 6, generator=stream(0, "directions"))
    for row in range(50):
        expected = directions[drawn.features[row]] * drawn.labels[row]
        assert torch.equal(drawn.patches[row, drawn.feature_places[row]], expected)


def test_features_come_with_their_frequencies() -> None:
    counts = patches().features.bincount(minlength=3)
    for count, frequency in zip(counts.tolist(), FREQUENCIES, strict=True):
        assert abs(count - COUNT * frequency) < 5 * sqrt(COUNT * frequency * (1 - frequency))


def test_the_two_places_are_distinct_and_uniform() -> None:
    drawn = patches()
    assert (drawn.feature_places != drawn.noise_places).all()
    pairs = (4 * drawn.feature_places + drawn.noise_places).bincount(minlength=16)
    expected = torch.full((4, 4), COUNT / 12).fill_diagonal_(0).flatten()
    assert ((pairs - expected).abs() <= 5 * sqrt(COUNT / 12)).all()


def test_noise_has_the_stated_deviation_in_each_kind_of_patch() -> None:
    drawn = patches()
    rows = torch.arange(COUNT)
    dominant = drawn.patches[rows, drawn.noise_places].double()
    rest = torch.ones(COUNT, 4, dtype=torch.bool)
    rest[rows, drawn.noise_places] = False
    rest[rows, drawn.feature_places] = False
    background = drawn.patches[rest].double()
    for noise, deviation in ((dominant, 2.0), (background, 0.1)):
        values = noise.numel()
        assert abs(noise.mean()) < 5 * deviation / sqrt(values)
        assert abs(noise.square().mean() - deviation**2) < 5 * deviation**2 * sqrt(2 / values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patches": 1}, "patches must be at least 2"),
        ({"frequencies": (0.5, 0.5)}, "3 directions need as many frequencies, got 2"),
        ({"frequencies": (0.5, 0.5, 0.5)}, "probabilities that sum to 1"),
        ({"frequencies": (1.5, -0.5, 0.0)}, "probabilities that sum to 1"),
        ({"deviations": (1.0, -0.1)}, "deviations must not be negative"),
    ],
)
def test_impossible_patch_laws_are_refused(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        patches(**changes)


def test_other_impossible_laws_are_refused() -> None:
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        data.binary_gaussian(0, torch.ones(2), generator=stream(0, "gaussian"))
    with pytest.raises(ValueError, match="deviation must not be negative, got -1"):
        gaussian(deviation=-1.0)
    with pytest.raises(ValueError, match=r"features must lie in \[1, 3\], got 4"):
        data.feature_directions(4, 3, generator=stream(0, "directions"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_everything_is_drawn_on_the_generators_device() -> None:
    generator = stream(0, "patches", device="cuda")
    directions = data.feature_directions(2, 3, generator=generator)
    drawn = data.feature_noise(
        9,
        directions,
        frequencies=(0.5, 0.5),
        patches=3,
        deviations=(1.0, 0.1),
        generator=generator,
    )
    pair = data.binary_gaussian(9, torch.ones(2, device="cuda"), generator=generator)
    found = {t.device.type for t in (directions, drawn.patches, drawn.features, pair.inputs)}
    assert found == {"cuda"}
    with pytest.raises(ValueError, match="the generator is on cuda"):
        data.binary_gaussian(9, torch.ones(2), generator=generator)
