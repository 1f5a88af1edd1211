"""Statistics, normalisation and subsets of an image set."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runtheory import data
from runtheory.data.image_set import channel_statistics
from runtheory.randomness import stream


def images(count: int, channels: int, *, seed: int = 0, side: int = 5) -> torch.Tensor:
    generator = stream(seed, "images")
    shape = (count, channels, side, side)
    return torch.randint(256, shape, generator=generator).to(torch.uint8)


def example(*, per_class: int = 7, channels: int = 3) -> data.ImageSet:
    labels = torch.arange(3).repeat(per_class)
    train = (images(len(labels), channels), labels)
    test = (images(4, channels, seed=1), torch.tensor([0, 1, 2, 0]))
    return data.assemble("example", train, test=test, classes=("a", "b", "c"))


@given(count=st.integers(1, 40), channels=st.integers(1, 4), seed=st.integers(0, 9))
def test_statistics_agree_with_a_float64_loop(count, channels, seed) -> None:
    raw = images(count, channels, seed=seed)
    found = channel_statistics(raw)
    for channel in range(channels):
        values = [int(value) / 255 for value in raw[:, channel].flatten()]
        mean = sum(values) / len(values)
        spread = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
        assert found.mean[channel] == pytest.approx(mean, abs=1e-12)
        assert found.deviation[channel] == pytest.approx(spread, abs=1e-12)


def test_statistics_do_not_depend_on_the_order_or_the_chunks() -> None:
    raw = images(3000, 2, side=2)
    assert channel_statistics(raw) == channel_statistics(raw.flip(0))
    assert channel_statistics(raw).mean[0] == pytest.approx(float(raw[:, 0].double().mean()) / 255)


def test_a_constant_channel_has_deviation_exactly_zero() -> None:
    raw = torch.full((7, 1, 3, 3), 77, dtype=torch.uint8)
    assert channel_statistics(raw) == data.ChannelStatistics((77 / 255,), (0.0,))


def test_no_pixel_has_no_statistics() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        channel_statistics(torch.zeros(0, 1, 3, 3, dtype=torch.uint8))


def test_normalised_training_images_have_mean_zero_and_deviation_one() -> None:
    found = data.normalise(example().train_images, example(), dtype=torch.float64)
    torch.testing.assert_close(found.mean((0, 2, 3)), torch.zeros(3).double(), atol=1e-12, rtol=0)
    spread = found.std((0, 2, 3), correction=0)
    torch.testing.assert_close(spread, torch.ones(3).double(), atol=1e-12, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_normalise_agrees_with_the_equation_written_as_a_loop(dtype) -> None:
    raw, statistics = images(4, 2), data.ChannelStatistics((0.3, 0.6), (0.25, 0.4))
    expected = torch.empty(raw.shape, dtype=torch.float64)
    for place in np.ndindex(*raw.shape):
        mean, deviation = statistics.mean[place[1]], statistics.deviation[place[1]]
        expected[place] = (int(raw[place]) / 255 - mean) / deviation
    found = data.normalise(raw, statistics, dtype=dtype)
    assert found.dtype == dtype
    # One rounding at the end, a few in float32 before.
    tolerance = max(torch.finfo(dtype).eps, 0 if dtype == torch.float64 else 1e-6) * 4
    torch.testing.assert_close(found.double(), expected, atol=tolerance, rtol=tolerance)


def test_pixels_are_normalised_as_bytes_are() -> None:
    raw = example().train_images
    pixels = raw.double() / 255
    expected = data.normalise(raw, example(), dtype=torch.float64)
    normalised = data.normalise_pixels(pixels, example())
    torch.testing.assert_close(normalised, expected, rtol=1e-12, atol=1e-12)
    assert data.normalise_pixels(pixels.float(), example()).dtype == torch.float32


def test_normalise_leaves_its_input_alone() -> None:
    raw = images(4, 3)
    before = raw.clone()
    data.normalise(raw, example())
    assert torch.equal(raw, before)


# In a process of its own: the shape checks of the test session are no part of what is compiled.
COMPILES = """
import torch
from runtheory import data
compiled = torch.compile(data.normalise, fullgraph=True, backend="aot_eager")
raw = torch.arange(96).reshape(4, 2, 3, 4).to(torch.uint8)
statistics = data.ChannelStatistics((0.3, 0.6), (0.25, 0.4))
torch.testing.assert_close(compiled(raw, statistics), data.normalise(raw, statistics))
"""


def test_normalise_compiles_whole() -> None:
    done = subprocess.run([sys.executable, "-c", COMPILES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("statistics", "dtype", "message"),
    [
        (data.ChannelStatistics((0.5,), (0.2,)), torch.float32, "1 channels cannot .* 3 channels"),
        (data.ChannelStatistics((0.5,) * 3, (0.2, 0.0, 0.2)), torch.float32, "positive deviation"),
        (data.ChannelStatistics((0.5,) * 3, (0.2,) * 3), torch.int32, "floating type, got torch"),
    ],
)
def test_normalise_refuses_what_it_cannot_do(statistics, dtype, message) -> None:
    with pytest.raises(ValueError, match=message):
        data.normalise(images(2, 3), statistics, dtype=dtype)


@given(per_class=st.integers(1, 7), seed=st.integers(0, 20))
def test_a_subset_is_balanced_and_made_of_the_set_in_its_order(per_class, seed) -> None:
    whole = example()
    part = data.subset(whole, per_class, generator=stream(seed, "subset"))
    assert part.train_labels.bincount().tolist() == [per_class] * 3
    place = -1
    for image, label in zip(part.train_images, part.train_labels, strict=True):
        matches = (whole.train_images == image).flatten(1).all(1) & (whole.train_labels == label)
        (found,) = matches.nonzero().flatten().tolist()
        assert found > place
        place = found
    assert part.test_images is whole.test_images
    assert part.mean == channel_statistics(part.train_images).mean


@given(counts=st.lists(st.integers(1, 7), min_size=3, max_size=3), seed=st.integers(0, 20))
def test_a_subset_with_a_number_for_each_class_is_part_of_a_larger_one(counts, seed) -> None:
    small, large = (
        data.subset(example(), wanted, generator=stream(seed, "subset")) for wanted in (counts, 7)
    )
    assert small.train_labels.bincount().tolist() == counts
    held = {image.numpy().tobytes() for image in large.train_images}
    assert all(image.numpy().tobytes() in held for image in small.train_images)


@given(per_class=st.integers(1, 5), seed=st.integers(0, 20))
def test_a_subset_is_a_smaller_subset_with_more_images(per_class, seed) -> None:
    small, large = (
        data.subset(example(), wanted, generator=stream(seed, "subset"))
        for wanted in (per_class, (per_class + 1, per_class, per_class + 2))
    )
    held = {image.numpy().tobytes() for image in large.train_images}
    assert all(image.numpy().tobytes() in held for image in small.train_images)


def test_a_subset_follows_its_generator_alone() -> None:
    draws = [data.subset(example(), 3, generator=stream(s, "subset")) for s in (0, 0, 1)]
    assert torch.equal(draws[0].train_images, draws[1].train_images)
    assert not torch.equal(draws[0].train_images, draws[2].train_images)


@pytest.mark.parametrize(
    ("per_class", "message"),
    [
        (0, "per_class must be at least 1, got 0"),
        (8, "class 'a' of example has 7 training images"),
        ((1, 2, 8), "per_class is 8, but class 'c'"),
        ((1, 0, 2), "per_class must be at least 1, got 0"),
        ((1, 2), "per_class must name 3 numbers of images, got 2"),
    ],
)
def test_an_impossible_subset_is_refused(per_class, message) -> None:
    with pytest.raises(ValueError, match=message):
        data.subset(example(), per_class, generator=stream(0, "subset"))


def test_images_and_labels_must_belong_together() -> None:
    good = (images(3, 1), torch.tensor([0, 1, 1]))
    with pytest.raises(ValueError, match="odd: training: 3 images but 2 labels"):
        data.assemble("odd", (good[0], good[1][:2]), test=good, classes=("a", "b"))
    zeros = (good[0], torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="test labels must lie in 0 to 0, got 1"):
        data.assemble("odd", zeros, test=good, classes=("a",))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda x: x.permute(0, 2, 3, 1), ValueError, r"\(6, 5, 5, 3\): channels come last there"),
        (lambda x: x[:, 0], ValueError, r"one channel where they are grey, got \(6, 5, 5\)"),
        (lambda x: x / 255, TypeError, "must be bytes .uint8, 0 to 255., got torch.float32"),
        (lambda x: x.to(torch.int64), TypeError, "must be bytes"),
    ],
)
def test_images_of_another_layout_or_kind_are_refused(change, error, message: str) -> None:
    good = (images(6, 3), torch.arange(6) % 2)
    for part, pairs in {
        "training": ((change(good[0]), good[1]), good),
        "test": (good, (change(good[0]), good[1])),
    }.items():
        with pytest.raises(error, match=rf"odd: {part}.*{message}"):
            data.assemble("odd", pairs[0], test=pairs[1], classes=("a", "b"))


def test_narrow_images_are_not_taken_for_another_layout() -> None:
    narrow = torch.zeros((4, 1, 8, 3), dtype=torch.uint8)
    labels = torch.tensor([0, 1, 0, 1])
    made = data.assemble("narrow", (narrow, labels), test=(narrow, labels), classes=("a", "b"))
    assert made.train_images.shape == (4, 1, 8, 3)


def test_training_and_test_images_have_one_shape() -> None:
    labels = torch.arange(6) % 2
    with pytest.raises(ValueError, match=r"training images are \(3, 5, 5\), test images \(1, 5"):
        data.assemble(
            "odd", (images(6, 3), labels), test=(images(6, 1), labels), classes=("a", "b")
        )


@pytest.mark.parametrize("kind", [torch.int32, torch.uint8, torch.int64, "numpy"])
def test_arrays_and_labels_of_any_integer_type_are_taken(kind) -> None:
    pictures, labels = images(6, 3), torch.arange(6) % 2
    given = (
        (pictures.numpy(), labels.to(torch.int16).numpy())
        if kind == "numpy"
        else (pictures, labels.to(kind))
    )
    found = data.assemble("good", given, test=given, classes=("a", "b"))
    assert torch.equal(found.train_images, pictures)
    assert torch.equal(found.test_labels, labels)
    assert found.train_labels.dtype == torch.int64


@pytest.mark.parametrize("wrong", [torch.tensor([0.5] * 6), torch.zeros(6, dtype=torch.bool)])
def test_labels_that_are_no_classes_are_refused(wrong) -> None:
    good = (images(6, 3), torch.arange(6) % 2)
    with pytest.raises(TypeError, match="odd: test labels must be integers, got torch"):
        data.assemble("odd", good, test=(good[0], wrong), classes=("a", "b"))
    with pytest.raises(ValueError, match=r"labels must have shape \(batch,\), got \(6, 1\)"):
        data.assemble("odd", (good[0], good[1][:, None]), test=good, classes=("a", "b"))


def test_what_is_scaled_already_is_not_scaled_twice() -> None:
    raw = images(4, 3)
    with pytest.raises(TypeError, match="images must hold uint8, got float32"):
        data.normalise(raw / 255, example())
    with pytest.raises(TypeError, match=r"pixels must hold .*float.*, got uint8"):
        data.normalise_pixels(raw, example())
    one = data.ChannelStatistics((0.5,), (0.2,))
    for normalise, wrong in ((data.normalise, raw), (data.normalise_pixels, raw / 255)):
        with pytest.raises(ValueError, match="1 channels cannot normalise"):
            normalise(wrong, one)
    constant = data.ChannelStatistics((0.5,) * 3, (0.2, float("nan"), 0.2))
    with pytest.raises(ValueError, match="positive deviation"):
        data.normalise_pixels(raw / 255, constant)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_normalise_on_the_device_does_not_wait_for_it() -> None:
    whole = example().to("cuda")
    torch.cuda.set_sync_debug_mode("error")
    try:
        found = data.normalise(whole.train_images, whole)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    torch.testing.assert_close(found.cpu(), data.normalise(example().train_images, example()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_subset_may_be_drawn_on_the_device() -> None:
    part = data.subset(example().to("cuda"), 2, generator=stream(0, "subset", device="cuda"))
    assert part.train_images.device.type == "cuda"
    assert part.train_labels.bincount().tolist() == [2, 2, 2]
